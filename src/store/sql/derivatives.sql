-- Derivatives: files made from an asset to show or play it.

-- name: derivative_put
-- One of a kind for each asset; a new one takes the place of the old.
INSERT INTO derivatives (asset_id, kind, name, mime_type, file_size, created_at)
VALUES (:asset_id, :kind, :name, :mime_type, :file_size, :created_at)
ON CONFLICT (asset_id, kind) DO UPDATE
SET name = excluded.name, mime_type = excluded.mime_type, file_size = excluded.file_size, created_at = excluded.created_at

-- name: derivative_list
SELECT asset_id, kind, name, mime_type, file_size, created_at FROM derivatives WHERE asset_id = :asset_id ORDER BY kind
