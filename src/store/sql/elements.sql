-- Elements: the characters, places and things of a universe.

-- fragment: columns
elements.id, elements.universe_id, elements.name, elements.element_type, elements.entity_subtype, elements.created_at,
elements.updated_at

-- fragment: searched
REPLACE(REPLACE(REPLACE(LOWER(CAST(:search AS TEXT)), '\', '\\'), '%', '\%'), '_', '\_')

-- name: element_insert
INSERT INTO elements (id, universe_id, name, element_type, entity_subtype, created_at, updated_at)
VALUES (:id, :universe_id, :name, :element_type, :entity_subtype, :created_at, :updated_at)

-- name: element_get
SELECT {columns} FROM elements WHERE id = :id AND universe_id = :universe_id

-- name: element_universe
SELECT universe_id FROM elements WHERE id = :id

-- name: element_list
-- Oldest first, what comes after (:after_at, :after_id). A filter that is null filters nothing.
SELECT {columns} FROM elements
WHERE universe_id = :universe_id AND (created_at, id) > (:after_at, :after_id)
  AND (CAST(:element_type AS TEXT) IS NULL OR element_type = :element_type)
  AND (CAST(:entity_subtype AS TEXT) IS NULL OR entity_subtype = :entity_subtype)
  AND (CAST(:search AS TEXT) IS NULL OR LOWER(name) LIKE '%' || {searched} || '%' ESCAPE '\')
ORDER BY created_at, id LIMIT :limit OFFSET :offset

-- name: element_nested
-- Those of several universes, a JSON array of ids, in its order. SQLite reads its index universe after universe and
-- stops at the limit; to sort it would have to read them all.
SELECT {columns}
FROM json_each(:universe_ids) AS page CROSS JOIN elements ON elements.universe_id = page.value --@sqlite
FROM json_array_elements_text(CAST(:universe_ids AS JSON)) WITH ORDINALITY AS page (value, place) --@postgres
JOIN elements ON elements.universe_id = page.value ORDER BY page.place, elements.created_at, elements.id --@postgres
LIMIT :limit

-- name: element_update
-- Null leaves name or type as it is. For :updated_at and :now see universe_update.
UPDATE elements
SET name = COALESCE(:name, name), element_type = COALESCE(:element_type, element_type),
    entity_subtype = CASE WHEN :keeps_subtype = 1 THEN entity_subtype ELSE CAST(:entity_subtype AS TEXT) END,
    updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END
WHERE id = :id AND universe_id = :universe_id AND (CAST(:updated_at AS BIGINT) IS NULL OR updated_at = :updated_at)

-- name: element_delete
-- Its components go with it; media stay and lose their element.
DELETE FROM elements WHERE id = :id AND universe_id = :universe_id
