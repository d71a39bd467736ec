-- Every file that rows point to, in five lists, each in the order of its key. A file is in one of them: those of video
-- jobs count where no asset has them.

-- name: stock_originals
SELECT id, id AS asset_id, file_path AS name, public_url AS url, file_size, checksum
FROM media_assets WHERE id > :after ORDER BY id LIMIT :limit

-- name: stock_thumbnails
SELECT id, id AS asset_id, substr(thumbnail_url, 8) AS name, thumbnail_url AS url
FROM media_assets
WHERE id > :after AND thumbnail_url IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM derivatives WHERE derivatives.name = substr(thumbnail_url, 8))
ORDER BY id LIMIT :limit

-- name: stock_derivatives
SELECT name AS id, asset_id, name, file_size FROM derivatives WHERE name > :after ORDER BY name LIMIT :limit

-- name: stock_clips
SELECT id, NULL AS asset_id, local_path AS name, video_url AS url, file_size, checksum
FROM video_jobs
WHERE id > :after AND local_path IS NOT NULL AND NOT EXISTS (SELECT 1 FROM media_assets WHERE file_path = local_path)
ORDER BY id LIMIT :limit

-- name: stock_posters
SELECT id, NULL AS asset_id, substr(thumbnail_url, 8) AS name, thumbnail_url AS url
FROM video_jobs
WHERE id > :after AND thumbnail_url IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM media_assets
                  WHERE source_job_id = video_jobs.id AND media_assets.thumbnail_url = video_jobs.thumbnail_url)
ORDER BY id LIMIT :limit

-- name: stock_bytes
SELECT COALESCE(SUM(file_size), 0) AS bytes FROM media_assets

-- name: stock_still_original
-- Whether a row still says of a file what was read before.
SELECT (SELECT COUNT(*) FROM media_assets
        WHERE file_path = :name AND file_size IS NOT DISTINCT FROM CAST(:file_size AS BIGINT)
          AND checksum IS NOT DISTINCT FROM CAST(:checksum AS TEXT))
     + (SELECT COUNT(*) FROM video_jobs
        WHERE local_path = :name AND file_size IS NOT DISTINCT FROM CAST(:file_size AS BIGINT)
          AND checksum IS NOT DISTINCT FROM CAST(:checksum AS TEXT)) AS total

-- name: stock_still_made
SELECT (SELECT COUNT(*) FROM media_assets WHERE thumbnail_url = :url)
     + (SELECT COUNT(*) FROM video_jobs WHERE thumbnail_url = :url)
     + (SELECT COUNT(*) FROM derivatives
        WHERE name = :name AND file_size IS NOT DISTINCT FROM CAST(:file_size AS BIGINT)) AS total
