-- Derivatives: files made from an asset to show or play it.

-- name: derivative_clear
DELETE FROM derivatives WHERE asset_id = :asset_id

-- name: derivative_put
INSERT INTO derivatives (asset_id, kind, name, mime_type, file_size, created_at)
VALUES (:asset_id, :kind, :name, :mime_type, :file_size, :created_at)

-- name: derivative_list
SELECT asset_id, kind, name, mime_type, file_size, created_at FROM derivatives WHERE asset_id = :asset_id ORDER BY kind
