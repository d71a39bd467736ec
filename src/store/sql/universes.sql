-- Universes: the worlds that people build and keep their media in.

-- fragment: columns
id, name, description, owner_id, created_at, updated_at

-- fragment: matching
-- owner_id and search may be null: no filter. The search text is taken as it is, % and _ are no wildcards.
(CAST(:owner_id AS TEXT) IS NULL OR owner_id = :owner_id)
AND (CAST(:search AS TEXT) IS NULL
     OR LOWER(name) LIKE '%' || {searched} || '%' ESCAPE '\'
     OR LOWER(COALESCE(description, '')) LIKE '%' || {searched} || '%' ESCAPE '\')

-- fragment: searched
REPLACE(REPLACE(REPLACE(LOWER(CAST(:search AS TEXT)), '\', '\\'), '%', '\%'), '_', '\_')

-- name: universe_insert
INSERT INTO universes ({columns}) VALUES (:id, :name, :description, :owner_id, :created_at, :updated_at)

-- name: universe_get
SELECT {columns} FROM universes WHERE id = :id

-- name: universe_list
--@variants order: newest = created_at DESC, id DESC | oldest = created_at ASC, id ASC
SELECT {columns} FROM universes WHERE {matching} ORDER BY {order} LIMIT :limit OFFSET :offset

-- name: universe_count
SELECT COUNT(*) AS total FROM universes WHERE {matching}

-- name: universe_update
-- Null leaves name or description as it is.
UPDATE universes
SET name = COALESCE(:name, name), description = COALESCE(:description, description), updated_at = :updated_at
WHERE id = :id

-- name: universe_delete
-- Its elements and components go with it; jobs and media stay and lose their universe.
DELETE FROM universes WHERE id = :id

-- name: universe_active_jobs
-- Video jobs of it that have not ended.
SELECT COUNT(*) AS total FROM video_jobs WHERE universe_id = :id AND status IN ('pending', 'processing')

-- name: element_list
SELECT id, universe_id, name, element_type FROM elements WHERE universe_id = :universe_id ORDER BY created_at, id
