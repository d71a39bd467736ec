-- Limits of single people, and what they have.

-- fragment: columns
subject, jobs, storage_mb, updated_at

-- name: quota_get
SELECT {columns} FROM quotas WHERE subject = :subject

-- name: quota_list
SELECT {columns} FROM quotas ORDER BY subject

-- name: quota_put
INSERT INTO quotas ({columns}) VALUES (:subject, :jobs, :storage_mb, :updated_at)
ON CONFLICT (subject) DO UPDATE
SET jobs = excluded.jobs, storage_mb = excluded.storage_mb, updated_at = excluded.updated_at

-- name: quota_drop
DELETE FROM quotas WHERE subject = :subject

-- name: quota_jobs_used
-- Jobs that have not ended.
SELECT COUNT(*) AS total FROM jobs WHERE owner_id = :owner_id AND finished_at IS NULL

-- name: quota_bytes_used
SELECT CAST(COALESCE(SUM(file_size), 0) AS BIGINT) AS total FROM media_assets WHERE owner_id = :owner_id
