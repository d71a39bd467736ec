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

-- name: quota_knows
-- 1 when there is anything to tell of somebody: an account, limits, things of his.
SELECT CASE WHEN EXISTS (SELECT 1 FROM users WHERE username = :subject)
              OR EXISTS (SELECT 1 FROM quotas WHERE subject = :subject)
              OR EXISTS (SELECT 1 FROM universes WHERE owner_id = :subject)
              OR EXISTS (SELECT 1 FROM video_jobs WHERE owner_id = :subject)
              OR EXISTS (SELECT 1 FROM media_assets WHERE owner_id = :subject) THEN 1 ELSE 0 END AS known

-- name: quota_jobs_used
-- Jobs that have not ended, without those that look at what is stored already.
SELECT COUNT(*) AS total FROM jobs WHERE owner_id = :owner_id AND finished_at IS NULL AND kind <> 'ingest'

-- name: quota_universes_used
SELECT COUNT(*) AS total FROM universes WHERE owner_id = :owner_id

-- name: quota_bytes_used
-- Media, and what the universes hold: every row there counts as 256 bytes besides its texts.
SELECT CAST((SELECT COALESCE(SUM(file_size), 0) FROM media_assets WHERE owner_id = :owner_id)
          + (SELECT COUNT(*) * 256 FROM elements JOIN universes ON universes.id = elements.universe_id
             WHERE universes.owner_id = :owner_id)
          + (SELECT COALESCE(SUM(256 + components.data_bytes), 0) FROM components
             JOIN elements ON elements.id = components.element_id
             JOIN universes ON universes.id = elements.universe_id
             WHERE universes.owner_id = :owner_id) AS BIGINT) AS total
