-- Media assets: one row for every stored file.

-- fragment: columns
id, universe_id, element_id, owner_id, asset_type, title, description, file_path, public_url, thumbnail_url,
file_size, mime_type, duration, dimensions, width, height, fps, video_codec, bit_rate, checksum, source_job_id, source_type, recipe, tags,
extra_metadata, created_at, updated_at

-- fragment: matching
(CAST(:universe_id AS TEXT) IS NULL OR universe_id = :universe_id)
AND (CAST(:asset_type AS TEXT) IS NULL OR asset_type = :asset_type)
AND (CAST(:owner_id AS TEXT) IS NULL OR owner_id = :owner_id)

-- name: media_asset_insert
INSERT INTO media_assets ({columns})
VALUES (:id, :universe_id, :element_id, :owner_id, :asset_type, :title, :description, :file_path, :public_url,
        :thumbnail_url, :file_size, :mime_type, :duration, :dimensions, :width, :height, :fps, :video_codec, :bit_rate, :checksum,
        :source_job_id, :source_type, :recipe, :tags, :extra_metadata, :created_at, :updated_at)

-- name: media_asset_get
SELECT {columns} FROM media_assets WHERE id = :id

-- name: media_asset_by_job
SELECT {columns} FROM media_assets WHERE source_job_id = :source_job_id ORDER BY created_at, id

-- name: media_asset_by_checksum
SELECT {columns} FROM media_assets WHERE checksum = :checksum AND owner_id = :owner_id ORDER BY created_at, id

-- name: media_asset_list
-- Each filter may be null: no filter.
--@variants order: newest = created_at DESC, id DESC | oldest = created_at ASC, id ASC
SELECT {columns} FROM media_assets WHERE {matching} ORDER BY {order} LIMIT :limit OFFSET :offset

-- name: media_asset_count
SELECT COUNT(*) AS total FROM media_assets WHERE {matching}

-- name: media_asset_by_path
SELECT {columns} FROM media_assets WHERE file_path = :file_path

-- name: media_asset_delete_by_job
DELETE FROM media_assets WHERE source_job_id = :source_job_id

-- name: media_asset_delete
DELETE FROM media_assets WHERE id = :id
