-- Making derived files again: what stands in the way of a second look at an asset.

-- name: repair_open
SELECT COUNT(*) AS total FROM jobs WHERE id = :id AND finished_at IS NULL

-- name: repair_thumbnail
UPDATE media_assets SET thumbnail_url = NULL WHERE thumbnail_url = :url

-- name: repair_poster
UPDATE video_jobs SET thumbnail_url = NULL WHERE thumbnail_url = :url
