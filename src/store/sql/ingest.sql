-- Taking files in: what the job that looks at a new asset asks and changes beside the analysis itself.

-- fragment: moved_on
updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END

-- name: ingest_again
UPDATE media_assets
SET status = CASE status WHEN 'ready' THEN 'ready' ELSE 'processing' END, status_reason = NULL, {moved_on}
WHERE id = :id

-- name: ingest_known
-- An asset of that person with this content that is not in quarantine.
SELECT id FROM media_assets WHERE owner_id = :owner_id AND checksum = :checksum AND trashed_at IS NULL
ORDER BY created_at, id LIMIT 1

-- name: ingest_twin
-- The first asset whose file has the same bytes, as far as can be told from the rows.
SELECT id, file_path FROM media_assets WHERE checksum = :checksum AND file_size = :file_size
ORDER BY created_at, id LIMIT 1
