-- Quarantine: assets that were deleted and can still be brought back.

-- fragment: moved_on
updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END

-- name: trash_put
UPDATE media_assets SET trashed_at = :now, trashed_by = :trashed_by, trash_reason = :trash_reason, {moved_on}
WHERE id = :id AND trashed_at IS NULL

-- name: trash_put_of_job
UPDATE media_assets SET trashed_at = :now, trashed_by = :trashed_by, trash_reason = :trash_reason, {moved_on}
WHERE source_job_id = :job_id AND trashed_at IS NULL

-- name: trash_undo
UPDATE media_assets SET trashed_at = NULL, trashed_by = NULL, trash_reason = NULL, {moved_on}
WHERE id = :id AND trashed_at IS NOT NULL

-- name: trash_holds_file
-- A clip and its variants share a poster: it is served as long as one of them is.
SELECT (SELECT COUNT(*) FROM media_assets WHERE file_path = :name AND trashed_at IS NOT NULL)
     + (SELECT COUNT(*) FROM media_assets WHERE thumbnail_url = :url AND trashed_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM media_assets WHERE thumbnail_url = :url AND trashed_at IS NULL))
     + (SELECT COUNT(*) FROM derivatives JOIN media_assets ON media_assets.id = derivatives.asset_id
        WHERE derivatives.name = :name AND trashed_at IS NOT NULL) AS total

-- name: trash_due
-- Longest in quarantine first.
SELECT id, trashed_at FROM media_assets
WHERE trashed_at IS NOT NULL AND trashed_at <= :before AND (trashed_at > :after_at OR (trashed_at = :after_at AND id > :after))
ORDER BY trashed_at, id LIMIT :limit

-- name: trash_held_by
-- What keeps an asset from being purged; no row: nothing does. What cost money stays: local and mock are the providers
-- that take none.
SELECT 'not in quarantine that long' AS word FROM media_assets
WHERE id = :id AND (trashed_at IS NULL OR trashed_at > :before)
UNION ALL
SELECT 'made by a provider that was paid' FROM media_assets
WHERE id = :id AND source_type = 'generated' AND COALESCE(provider, '') <> 'local' AND COALESCE(provider, '') <> 'mock'
UNION ALL
SELECT 'a job works for it' FROM jobs
WHERE finished_at IS NULL AND (id = :id OR instr(COALESCE(input, ''), :id) > 0)
UNION ALL
SELECT 'a video was made with it' FROM video_jobs WHERE reference_asset_id = :id
UNION ALL
SELECT 'it is the result of a video job' FROM video_jobs
WHERE id = (SELECT source_job_id FROM media_assets WHERE media_assets.id = :id)
UNION ALL
SELECT 'it is in a collection' FROM collection_assets WHERE asset_id = :id
UNION ALL
SELECT 'a component names it' FROM components
WHERE instr(data, :id) > 0 OR instr(data, (SELECT file_path FROM media_assets WHERE media_assets.id = :id)) > 0
LIMIT 1

-- name: trash_drop
-- As it was seen, so that its files are those that were seen.
DELETE FROM media_assets WHERE id = :id AND updated_at = :updated_at

-- name: trash_drop_job
-- The one that looked at it, which has ended.
DELETE FROM jobs WHERE id = :id
