-- Orders to fetch a file. Each step names the state before it.

-- fragment: columns
id, owner_id, url, origin, universe_id, element_id, title, description, tags, asset_id, status, error, created_at, updated_at

-- name: media_import_insert
INSERT INTO media_imports (id, owner_id, url, origin, universe_id, element_id, title, description, tags, asset_id, status,
    error, created_at, updated_at)
VALUES (:id, :owner_id, :url, :origin, :universe_id, :element_id, :title, :description, :tags, :asset_id, :status,
    :error, :created_at, :updated_at)

-- name: media_import_get
SELECT {columns} FROM media_imports WHERE id = :id

-- name: media_import_step
UPDATE media_imports SET status = :status, error = :error, updated_at = :now WHERE id = :id AND status = :before

-- name: media_import_finish
UPDATE media_imports SET status = 'completed', asset_id = :asset_id, url = NULL, error = NULL, updated_at = :now
WHERE id = :id AND status = 'processing'

-- name: media_import_end
UPDATE media_imports SET status = :status, error = :error, updated_at = :now
WHERE id = :id AND status IN ('pending', 'processing')

-- name: media_import_again
UPDATE media_imports SET status = 'pending', error = NULL, updated_at = :now
WHERE id = :id AND status IN ('failed', 'cancelled')
