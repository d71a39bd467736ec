-- Universes: the worlds that people build and keep their media in.

-- fragment: columns
universes.id, universes.name, COALESCE(universes.description, '') AS description,
COALESCE(universes.owner_id, '') AS owner, universes.created_at, universes.updated_at

-- fragment: matching
-- The search may be null: no filter. It is taken as it is, % and _ are no wildcards.
(CAST(:search AS TEXT) IS NULL
 OR LOWER(universes.name) LIKE '%' || {searched} || '%' ESCAPE '\'
 OR LOWER(COALESCE(universes.description, '')) LIKE '%' || {searched} || '%' ESCAPE '\')

-- fragment: searched
REPLACE(REPLACE(REPLACE(LOWER(CAST(:search AS TEXT)), '\', '\\'), '%', '\%'), '_', '\_')

-- name: universe_insert
INSERT INTO universes (id, name, description, owner_id, created_at, updated_at)
VALUES (:id, :name, :description, :owner, :created_at, :updated_at)

-- name: universe_get
SELECT {columns} FROM universes WHERE id = :id

-- name: universe_list
-- Oldest first, what comes after (:after_at, :after_id). `all` takes a null owner_id.
--@variants whose: all = CAST(:owner_id AS TEXT) IS NULL | owned = universes.owner_id = :owner_id
SELECT {columns} FROM universes
WHERE {whose} AND {matching} AND (universes.created_at, universes.id) > (:after_at, :after_id)
ORDER BY universes.created_at, universes.id LIMIT :limit OFFSET :offset

-- name: universe_counts
-- What several universes hold, a JSON array of ids; a row for each, in its order.
SELECT (SELECT COUNT(*) FROM elements WHERE elements.universe_id = page.value) AS element_count,
       (SELECT COUNT(*) FROM media_assets WHERE media_assets.universe_id = page.value) AS media_count
FROM json_each(:universe_ids) AS page --@sqlite
FROM json_array_elements_text(CAST(:universe_ids AS JSON)) WITH ORDINALITY AS page (value, place) --@postgres
ORDER BY page.place --@postgres

-- name: universe_update
-- Null leaves name or description as it is. Nothing happens when the row is not as of :updated_at, if that is given.
-- The time of the change moves forward even when the clock does not.
UPDATE universes
SET name = COALESCE(:name, name), description = COALESCE(:description, description),
    updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END
WHERE id = :id AND (CAST(:updated_at AS BIGINT) IS NULL OR updated_at = :updated_at)

-- name: universe_delete
-- Its elements and components go with it; jobs and media stay and lose their universe.
DELETE FROM universes WHERE id = :id

-- name: universe_active_jobs
-- Video jobs of it that have not ended.
SELECT COUNT(*) AS total FROM video_jobs WHERE universe_id = :id AND status IN ('pending', 'processing')
