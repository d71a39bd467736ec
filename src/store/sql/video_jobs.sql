-- Video jobs: what was asked for, how far it is, what came of it.

-- fragment: columns
id, universe_id, agent_job_id, owner_id, generation_type, prompt, negative_prompt, enriched_prompt,
reference_image_url, reference_asset_id, platform, mood, mood_category, camera_movement, aspect_ratio, duration, seed,
strategy, provider, provider_job_id, provider_status, ltx_model, ltx_resolution, ltx_fps, audio_sync_enabled,
ltx_request_id, video_url, thumbnail_url, local_path, file_size, duration_actual, width, height, fps, video_codec,
bit_rate, checksum, status, error_message, extra_metadata, encoding_variants, created_at, started_at, completed_at,
updated_at

-- fragment: matching
(CAST(:universe_id AS TEXT) IS NULL OR universe_id = :universe_id)
AND (CAST(:status AS TEXT) IS NULL OR status = :status)
AND (CAST(:provider AS TEXT) IS NULL OR provider = :provider)
AND (CAST(:owner_id AS TEXT) IS NULL OR owner_id = :owner_id)

-- name: video_job_insert
INSERT INTO video_jobs ({columns})
VALUES (:id, :universe_id, :agent_job_id, :owner_id, :generation_type, :prompt, :negative_prompt, :enriched_prompt,
        :reference_image_url, :reference_asset_id, :platform, :mood, :mood_category, :camera_movement, :aspect_ratio,
        :duration, :seed, :strategy, :provider, :provider_job_id, :provider_status, :ltx_model, :ltx_resolution,
        :ltx_fps, :audio_sync_enabled, :ltx_request_id, :video_url, :thumbnail_url, :local_path, :file_size,
        :duration_actual, :width, :height, :fps, :video_codec, :bit_rate, :checksum, :status, :error_message,
        :extra_metadata, :encoding_variants, :created_at, :started_at, :completed_at, :updated_at)

-- name: video_job_get
SELECT {columns} FROM video_jobs WHERE id = :id

-- name: video_job_title
SELECT substr(prompt, 1, 200) AS prompt FROM video_jobs WHERE id = :id

-- name: video_job_list
-- Each filter may be null: no filter.
--@variants order: created_at_desc = created_at DESC, id DESC | created_at_asc = created_at ASC, id ASC
--@variants order: completed_at_desc = completed_at DESC NULLS LAST, id DESC
--@variants order: completed_at_asc = completed_at ASC NULLS LAST, id ASC
--@variants order: duration_desc = duration DESC, id DESC | duration_asc = duration ASC, id ASC
SELECT {columns} FROM video_jobs WHERE {matching} ORDER BY {order} LIMIT :limit OFFSET :offset

-- name: video_job_count
SELECT COUNT(*) AS total FROM video_jobs WHERE {matching}

-- name: video_job_set_variants
UPDATE video_jobs SET encoding_variants = :encoding_variants, updated_at = :now WHERE id = :id

-- name: video_job_start
-- pending to processing.
UPDATE video_jobs SET status = 'processing', started_at = COALESCE(started_at, :now), updated_at = :now
WHERE id = :id AND status = 'pending'

-- name: video_job_wait
-- processing to pending: another attempt comes.
UPDATE video_jobs SET status = 'pending', updated_at = :now WHERE id = :id AND status = 'processing'

-- name: video_job_finish
-- processing to completed: the verified result.
UPDATE video_jobs
SET status = 'completed', video_url = :video_url, thumbnail_url = :thumbnail_url, local_path = :local_path,
    file_size = :file_size, duration_actual = :duration_actual, width = :width, height = :height, fps = :fps,
    video_codec = :video_codec, bit_rate = :bit_rate, checksum = :checksum, provider_status = :provider_status,
    extra_metadata = :extra_metadata, error_message = NULL, completed_at = :updated_at, updated_at = :updated_at
WHERE id = :id AND status = 'processing'

-- name: video_job_end
-- pending or processing to failed or cancelled, with the reason.
UPDATE video_jobs
SET status = :status, error_message = :error_message, completed_at = :now, updated_at = :now
WHERE id = :id AND status IN ('pending', 'processing')

-- name: video_job_retry
-- failed or cancelled to pending, as if just asked for.
UPDATE video_jobs
SET status = 'pending', error_message = NULL, provider_job_id = NULL, provider_status = NULL, ltx_request_id = NULL,
    started_at = NULL, completed_at = NULL, updated_at = :now
WHERE id = :id AND status IN ('failed', 'cancelled')

-- name: video_job_exists
SELECT COUNT(*) AS total FROM video_jobs WHERE id = :id

-- name: video_job_delete
DELETE FROM video_jobs WHERE id = :id AND status IN ('completed', 'failed', 'cancelled')
