-- What is stored: sums of it, how well it is, and what may be stored.

-- name: storage_by_type
SELECT asset_type AS key, COUNT(*) AS assets, COALESCE(SUM(file_size), 0) AS bytes
FROM media_assets WHERE trashed_at IS NULL GROUP BY asset_type ORDER BY bytes DESC, key

-- name: storage_by_owner
SELECT owner_id AS key, COUNT(*) AS assets, COALESCE(SUM(file_size), 0) AS bytes
FROM media_assets GROUP BY owner_id ORDER BY bytes DESC, key LIMIT :limit

-- name: storage_by_universe
SELECT universe_id AS key, COUNT(*) AS assets, COALESCE(SUM(file_size), 0) AS bytes,
       (SELECT storage_mb * 1048576 FROM universes WHERE id = universe_id) AS limit_bytes
FROM media_assets WHERE universe_id IS NOT NULL GROUP BY universe_id ORDER BY bytes DESC, key LIMIT :limit

-- name: storage_derivatives
SELECT 'derivatives' AS key, COUNT(*) AS assets, COALESCE(SUM(file_size), 0) AS bytes FROM derivatives

-- name: storage_trash
SELECT 'trash' AS key, COUNT(*) AS assets, COALESCE(SUM(file_size), 0) AS bytes
FROM media_assets WHERE trashed_at IS NOT NULL

-- name: storage_scrub
SELECT (SELECT COUNT(*) FROM media_assets WHERE scrub_fault IS NOT NULL) AS faults,
       (SELECT COUNT(*) FROM media_assets WHERE scrubbed_at IS NULL AND checksum IS NOT NULL) AS never,
       (SELECT MAX(scrubbed_at) FROM media_assets) AS last_at,
       (SELECT MIN(scrubbed_at) FROM media_assets) AS oldest_at

-- name: universe_limit_set
UPDATE universes SET storage_mb = :storage_mb WHERE id = :id

-- name: universe_limit
SELECT COALESCE(storage_mb, 0) AS storage_mb FROM universes WHERE id = :id

-- name: universe_bytes
SELECT COALESCE(SUM(file_size), 0) AS bytes FROM media_assets WHERE universe_id = :id

-- name: scrub_next
-- Never looked at, then longest ago.
SELECT id, id AS asset_id, file_path AS name, public_url AS url, file_size, checksum
FROM media_assets
WHERE (scrubbed_at IS NULL OR scrubbed_at <= :before) AND checksum IS NOT NULL
ORDER BY scrubbed_at NULLS FIRST, id LIMIT :limit

-- name: scrub_note
-- Of the file that was looked at, not of one that took its place meanwhile.
UPDATE media_assets SET scrubbed_at = :now, scrub_fault = :fault
WHERE id = :id AND file_path = :name AND checksum = :checksum

-- name: retention_failed
-- Failed ones that nobody touched for long and that cost no money go to quarantine.
UPDATE media_assets
SET trashed_at = :now, trashed_by = :trashed_by, trash_reason = :trash_reason,
    updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END
WHERE status = 'failed' AND trashed_at IS NULL AND updated_at <= :before
  AND NOT (source_type IS NOT NULL AND source_type = 'generated' AND COALESCE(provider, '') <> 'local'
           AND COALESCE(provider, '') <> 'mock')
