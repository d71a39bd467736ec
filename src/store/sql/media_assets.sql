-- Media assets: one row for every stored file.

-- fragment: columns
id, universe_id, element_id, owner_id, asset_type, status, status_reason, title, description, original_name, rating,
file_path, public_url, thumbnail_url, file_size, mime_type, duration, dimensions, width, height, fps, video_codec,
audio_codec, sample_rate, channels, bit_rate, checksum, phash, thumbhash, loudness, tempo, has_captions, analysis,
source_job_id, source_type, provider, mood, mood_category, camera_movement, prompt, recipe, tags, extra_metadata,
trashed_at, trashed_by, trash_reason, created_at, updated_at

-- fragment: moved_on
updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END

-- name: media_asset_insert
-- `seq` is the time, or comes after the last one.
INSERT INTO media_assets (seq, id, universe_id, element_id, owner_id, asset_type, status, status_reason, title, description, original_name, rating,
file_path, public_url, thumbnail_url, file_size, mime_type, duration, dimensions, width, height, fps, video_codec,
audio_codec, sample_rate, channels, bit_rate, checksum, phash, thumbhash, loudness, tempo, has_captions, analysis,
source_job_id, source_type, provider, mood, mood_category, camera_movement, prompt, recipe, tags, extra_metadata,
trashed_at, trashed_by, trash_reason, created_at, updated_at)
VALUES ((SELECT CASE WHEN COALESCE(MAX(seq), 0) < :created_at THEN :created_at ELSE MAX(seq) + 1 END FROM media_assets),
        :id, :universe_id, :element_id, :owner_id, :asset_type, :status, :status_reason, :title, :description,
        :original_name, :rating, :file_path, :public_url, :thumbnail_url, :file_size, :mime_type, :duration,
        :dimensions, :width, :height, :fps, :video_codec, :audio_codec, :sample_rate, :channels, :bit_rate,
        :checksum, :phash, :thumbhash, :loudness, :tempo, :has_captions, :analysis, :source_job_id, :source_type,
        :provider, :mood, :mood_category, :camera_movement, :prompt, :recipe, :tags, :extra_metadata,
        :trashed_at, :trashed_by, :trash_reason, :created_at, :updated_at)

-- name: media_asset_get
SELECT {columns} FROM media_assets WHERE id = :id

-- name: media_asset_by_path
SELECT {columns} FROM media_assets WHERE file_path = :file_path AND trashed_at IS NULL

-- name: media_asset_analysed
-- What an analysis knows; what people say of it stays.
UPDATE media_assets
SET asset_type = :asset_type, status = :status, status_reason = :status_reason, file_path = :file_path,
    public_url = :public_url, thumbnail_url = :thumbnail_url, file_size = :file_size, mime_type = :mime_type,
    duration = :duration, dimensions = :dimensions, width = :width, height = :height, fps = :fps, video_codec =
    :video_codec, audio_codec = :audio_codec, sample_rate = :sample_rate, channels = :channels, bit_rate =
    :bit_rate, checksum = :checksum, phash = :phash, thumbhash = :thumbhash, loudness = :loudness, tempo =
    :tempo, has_captions = :has_captions, analysis = :analysis,
    {moved_on}
WHERE id = :id

-- name: media_asset_failed
-- One that was ready already (a clip made here) stays so.
UPDATE media_assets SET status = 'failed', status_reason = :status_reason, {moved_on}
WHERE id = :id AND status = 'processing'

-- name: media_asset_update
-- Null leaves title, description or rating as they are, `keeps_...` the rest. For :updated_at and :now see universe_update.
UPDATE media_assets
SET title = COALESCE(:title, title), description = COALESCE(:description, description),
    rating = COALESCE(:rating, rating), tags = CASE WHEN :keeps_tags = 1 THEN tags ELSE CAST(:tags AS TEXT) END,
    universe_id = CASE WHEN :keeps_place = 1 THEN universe_id ELSE CAST(:universe_id AS TEXT) END,
    element_id = CASE WHEN :keeps_place = 1 THEN element_id ELSE CAST(:element_id AS TEXT) END,
    {moved_on}
WHERE id = :id AND (CAST(:updated_at AS BIGINT) IS NULL OR updated_at = :updated_at)

-- name: transcript_lines_delete
DELETE FROM transcript_lines WHERE asset_id = :asset_id

-- name: transcript_line_insert
INSERT INTO transcript_lines (asset_id, start_s, end_s, line) VALUES (:asset_id, :start_s, :end_s, :line)

-- name: media_asset_delete
DELETE FROM media_assets WHERE id = :id

-- name: media_file_rows
-- Whatever points to a file of the media folder, by its name or its URL.
SELECT (SELECT COUNT(*) FROM media_assets WHERE file_path = :name OR thumbnail_url = :url)
     + (SELECT COUNT(*) FROM video_jobs WHERE local_path = :name OR thumbnail_url = :url)
     + (SELECT COUNT(*) FROM derivatives WHERE name = :name) AS total

-- name: media_file_rows_of
-- The same of one person.
SELECT (SELECT COUNT(*) FROM media_assets WHERE (file_path = :name OR thumbnail_url = :url) AND owner_id = :owner_id)
     + (SELECT COUNT(*) FROM video_jobs WHERE (local_path = :name OR thumbnail_url = :url) AND owner_id = :owner_id)
     + (SELECT COUNT(*) FROM derivatives JOIN media_assets ON media_assets.id = derivatives.asset_id
        WHERE name = :name AND owner_id = :owner_id) AS total
