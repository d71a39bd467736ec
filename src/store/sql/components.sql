-- Components: what is known about an element, one piece of JSON each.

-- fragment: columns
components.id, components.element_id, components.type, components.data, components.created_at, components.updated_at

-- name: component_insert
INSERT INTO components (id, element_id, type, data, created_at, updated_at)
VALUES (:id, :element_id, :type, :data, :created_at, :updated_at)

-- name: component_get
SELECT {columns} FROM components WHERE id = :id AND element_id = :element_id

-- name: component_room
-- What an element holds besides one of its components, which may be none.
SELECT COUNT(*) AS count, COALESCE(SUM(data_bytes), 0) AS bytes
FROM components WHERE element_id = :element_id AND id <> :id

-- name: component_list
-- Oldest first, what comes after (:after_at, :after_id). A null type is no filter.
SELECT {columns} FROM components
WHERE element_id = :element_id AND (created_at, id) > (:after_at, :after_id)
  AND (CAST(:type AS TEXT) IS NULL OR type = :type)
ORDER BY created_at, id LIMIT :limit OFFSET :offset

-- name: component_nested
-- Those of several elements, a JSON array of ids, in its order; see element_nested.
SELECT {columns}
FROM json_each(:element_ids) AS page CROSS JOIN components ON components.element_id = page.value --@sqlite
FROM json_array_elements_text(CAST(:element_ids AS JSON)) WITH ORDINALITY AS page (value, place) --@postgres
JOIN components ON components.element_id = page.value ORDER BY page.place, components.created_at, components.id --@postgres

-- name: component_update
-- Null leaves type or data as it is. For :updated_at and :now see universe_update.
UPDATE components
SET type = COALESCE(:type, type), data = COALESCE(:data, data),
    updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END
WHERE id = :id AND element_id = :element_id AND (CAST(:updated_at AS BIGINT) IS NULL OR updated_at = :updated_at)

-- name: component_delete
DELETE FROM components WHERE id = :id AND element_id = :element_id
