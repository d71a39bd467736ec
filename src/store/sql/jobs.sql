-- The durable queue. A running job is held by a lease; whoever writes about a running job names itself as the holder,
-- and a write of 0 rows means that the job is no longer its own.

-- fragment: columns
id, kind, owner_id, state, priority, attempt, attempts_max, crashes, run_after, lease_owner, lease_until, progress,
stage, cause, error, input, cancel_requested, created_at, started_at, finished_at, updated_at

-- fragment: held
id = :id AND state = 'running' AND lease_owner = :lease_owner AND attempt = :attempt

-- name: job_enqueue
INSERT INTO jobs (id, kind, owner_id, state, priority, attempts_max, run_after, input, created_at, updated_at)
VALUES (:id, :kind, :owner_id, 'queued', :priority, :attempts_max, :run_after, :input, :created_at, :created_at)

-- name: job_get
SELECT {columns} FROM jobs WHERE id = :id

-- name: job_claim
-- Takes the next job: one whose other holder let its lease expire (which counts as a crash), else the queued one of
-- the highest priority that waits longest. No row: nothing to do.
UPDATE jobs
SET state = 'running', attempt = attempt + 1, crashes = crashes + CASE WHEN state = 'running' THEN 1 ELSE 0 END,
    lease_owner = :lease_owner, lease_until = :lease_until, progress = 0, stage = NULL, cause = NULL, error = NULL,
    started_at = COALESCE(started_at, :now), finished_at = NULL, updated_at = :now
WHERE id = COALESCE(
    (SELECT id FROM jobs WHERE state = 'running' AND lease_until < :now AND lease_owner <> :lease_owner
     ORDER BY lease_until LIMIT 1
     FOR UPDATE SKIP LOCKED --@postgres
    ),
    (SELECT id FROM jobs WHERE state = 'queued' AND run_after <= :now ORDER BY priority DESC, created_at, id LIMIT 1
     FOR UPDATE SKIP LOCKED --@postgres
    ))
RETURNING {columns}

-- name: job_next_at
-- When the next queued job may start or the next lease ends; 0 when there is neither.
SELECT COALESCE(MIN(at), 0) AS at
FROM (SELECT MIN(run_after) AS at FROM jobs WHERE state = 'queued'
      UNION ALL SELECT MIN(lease_until) FROM jobs WHERE state = 'running') AS times

-- name: job_renew_all
-- Every job of this holder.
UPDATE jobs SET lease_until = :lease_until, updated_at = :now WHERE state = 'running' AND lease_owner = :lease_owner

-- name: job_finish
-- To succeeded, failed or cancelled.
UPDATE jobs
SET state = :state, cause = :cause, error = :error, progress = CASE WHEN :state = 'succeeded' THEN 1 ELSE progress END,
    lease_owner = NULL, lease_until = NULL, finished_at = :now, updated_at = :now
WHERE {held}

-- name: job_requeue
-- Another attempt at :run_after, the reason of the failed one kept. An attempt that a stopping server cut short is
-- not counted.
UPDATE jobs
SET state = 'queued', run_after = :run_after, cause = :cause, error = :error, crashes = crashes + :crashed,
    attempt = attempt - :uncounted, progress = 0, stage = NULL, lease_owner = NULL, lease_until = NULL, updated_at = :now
WHERE {held}

-- name: job_release
-- At start-up: what an earlier server of this data held is free again, its interrupted attempt not counted.
UPDATE jobs
SET state = 'queued', run_after = :now, attempt = attempt - 1, cause = 'interrupted', progress = 0, stage = NULL,
    lease_owner = NULL, lease_until = NULL, updated_at = :now
WHERE state = 'running' AND lease_owner <> :lease_owner

-- name: job_revive
-- A failed or cancelled job goes back into the queue with all its attempts, because somebody asked.
UPDATE jobs
SET state = 'queued', run_after = :now, attempt = 0, crashes = 0, cause = NULL, error = NULL, progress = 0,
    stage = NULL, cancel_requested = 0, started_at = NULL, finished_at = NULL, updated_at = :now
WHERE id = :id AND state IN ('failed', 'cancelled')

-- name: job_request_cancel
-- The holder of a running job sees it; job_cancel_queued ends the others at once.
UPDATE jobs SET cancel_requested = 1, updated_at = :now WHERE id = :id AND state = 'running'

-- name: job_cancel_queued
-- Nobody holds it, queued or waiting.
UPDATE jobs
SET state = 'cancelled', cause = 'cancelled', cancel_requested = 1, finished_at = :now, updated_at = :now
WHERE id = :id AND state IN ('queued', 'waiting')

-- name: job_count
SELECT COUNT(*) AS total FROM jobs
WHERE (CAST(:state AS TEXT) IS NULL OR state = :state) AND (CAST(:owner_id AS TEXT) IS NULL OR owner_id = :owner_id)

-- name: job_delete
DELETE FROM jobs WHERE id = :id AND state IN ('succeeded', 'failed', 'cancelled')
