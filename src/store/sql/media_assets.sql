-- Media assets: one row for every stored file.

-- fragment: columns
id, universe_id, element_id, owner_id, asset_type, title, description, file_path, public_url, thumbnail_url,
file_size, mime_type, duration, dimensions, width, height, fps, video_codec, bit_rate, checksum, source_job_id, source_type, recipe, tags,
extra_metadata, created_at, updated_at

-- name: media_asset_insert
INSERT INTO media_assets ({columns})
VALUES (:id, :universe_id, :element_id, :owner_id, :asset_type, :title, :description, :file_path, :public_url,
        :thumbnail_url, :file_size, :mime_type, :duration, :dimensions, :width, :height, :fps, :video_codec, :bit_rate, :checksum,
        :source_job_id, :source_type, :recipe, :tags, :extra_metadata, :created_at, :updated_at)

-- name: media_asset_get
SELECT {columns} FROM media_assets WHERE id = :id

-- name: media_asset_by_path
SELECT {columns} FROM media_assets WHERE file_path = :file_path

-- name: media_asset_delete_by_job
DELETE FROM media_assets WHERE source_job_id = :source_job_id

-- name: media_asset_delete
DELETE FROM media_assets WHERE id = :id

-- name: media_file_rows
-- Whatever points to a file of the media folder, by its name or its URL.
SELECT (SELECT COUNT(*) FROM media_assets WHERE file_path = :name OR thumbnail_url = :url)
     + (SELECT COUNT(*) FROM video_jobs WHERE local_path = :name OR thumbnail_url = :url) AS total
