-- The durable queue. Every change of state names the state it expects; of a running job also who holds it. A change of
-- 0 rows means that the job does not stand there any more.
--
-- Fairness: jobs of one priority are taken by `turn`, then by age. A new job's turn is one more than its owner's last,
-- but not less than the smallest that waits: start-time fair queueing with equal shares.

-- fragment: columns
id, kind, owner_id, state, held, priority, turn, attempt, attempts_max, crashes, run_after, lease_owner, lease_until,
claimed_at, cause, error, input, evidence, cancel_requested, created_at, started_at, finished_at, updated_at

-- fragment: ready
state = 'queued' AND held = 0 AND run_after = 0

-- fragment: picked
(CASE WHEN instr(:outside_kinds, ' ' || kind || ' ') > 0 THEN 1 ELSE 0 END) = :outside
AND (CAST(:each AS BIGINT) = 0 OR CAST(:each AS BIGINT) > (
    SELECT COUNT(*) FROM jobs AS busy WHERE busy.state = 'running' AND busy.owner_id = jobs.owner_id
    AND instr(:outside_kinds, ' ' || busy.kind || ' ') > 0))

-- fragment: held_by
id = :id AND state = 'running' AND lease_owner = :lease_owner AND attempt = :attempt

-- name: job_turn
-- The turn at the end of an owner's line.
SELECT COALESCE(MAX(turn), 0) AS turn
FROM (SELECT MAX(turn) + 1 AS turn FROM jobs WHERE owner_id = :owner_id AND priority = :priority AND {ready}
      UNION ALL SELECT MIN(turn) FROM jobs WHERE priority = :priority AND {ready}) AS turns

-- name: job_enqueue
INSERT INTO jobs (id, kind, owner_id, state, priority, turn, attempts_max, input, created_at, updated_at)
VALUES (:id, :kind, :owner_id, 'queued', :priority, :turn, :attempts_max, :input, :now, :now)

-- name: job_get
SELECT {columns} FROM jobs WHERE id = :id

-- name: job_due
-- Who backed off long enough is ready again, first in the present turn. A time further away than any back-off was
-- written by a clock that has been put back since.
UPDATE jobs
SET run_after = 0,
    turn = COALESCE((SELECT CASE WHEN first.turn > jobs.turn THEN first.turn ELSE jobs.turn END FROM jobs AS first
                     WHERE first.priority = jobs.priority AND first.state = 'queued' AND first.held = 0
                       AND first.run_after = 0
                     ORDER BY first.turn LIMIT 1), turn)
WHERE state = 'queued' AND run_after > 0 AND (run_after <= :now OR run_after > :far)

-- name: job_ready
-- 1 when a job of those picked may run now.
SELECT COUNT(*) AS ready FROM (SELECT id FROM jobs WHERE {ready} AND {picked} LIMIT 1) AS first

-- name: job_next_at
-- When the next one that backs off is due; 0 when there is none.
SELECT COALESCE(MIN(run_after), 0) AS at FROM jobs WHERE state = 'queued' AND run_after > 0

-- name: job_first
-- Those picked that run next.
SELECT {columns} FROM jobs WHERE {ready} AND {picked} ORDER BY priority DESC, turn, created_at, id LIMIT :limit
FOR UPDATE SKIP LOCKED --@postgres

-- name: job_claim
-- From queued to running.
UPDATE jobs
SET state = 'running', attempt = attempt + 1, lease_owner = :lease_owner, lease_until = :lease_until,
    claimed_at = :now, cause = NULL, error = NULL, started_at = COALESCE(started_at, :now), updated_at = :now
WHERE id = :id AND {ready}

-- name: job_renew_all
-- Every job of this holder.
UPDATE jobs SET lease_until = :lease_until, updated_at = :now WHERE state = 'running' AND lease_owner = :lease_owner

-- name: job_abandoned
-- Running jobs of other holders whose lease has run out.
SELECT {columns} FROM jobs WHERE state = 'running' AND lease_until < :now AND lease_owner <> :lease_owner
ORDER BY lease_until, id

-- name: job_finish
-- From running to succeeded, failed or cancelled.
UPDATE jobs
SET state = :state, cause = :cause, error = :error, crashes = crashes + :crashed, evidence = :evidence,
    lease_owner = NULL, lease_until = NULL, finished_at = :now, updated_at = :now
WHERE {held_by}

-- name: job_requeue
-- From running to queued, for another attempt at :run_after. An attempt that a stopping server cut short is not counted.
UPDATE jobs
SET state = 'queued', run_after = :run_after, cause = :cause, error = :error, crashes = crashes + :crashed,
    evidence = :evidence, attempt = attempt - :uncounted, lease_owner = NULL, lease_until = NULL, updated_at = :now
WHERE {held_by} AND cancel_requested = 0

-- name: job_revive
-- From failed or cancelled to queued with all its attempts, because somebody asked.
UPDATE jobs
SET state = 'queued', held = 0, priority = :priority, turn = :turn, run_after = 0, attempt = 0, crashes = 0, cause = NULL, error = NULL,
    cancel_requested = 0, started_at = NULL, finished_at = NULL, updated_at = :now
WHERE id = :id AND state IN ('failed', 'cancelled')

-- name: job_request_cancel
-- The holder of a running job sees it; job_cancel_queued ends the others at once.
UPDATE jobs SET cancel_requested = 1, updated_at = :now WHERE id = :id AND state = 'running'

-- name: job_cancel_queued
-- Nobody holds it, queued or waiting.
UPDATE jobs
SET state = 'cancelled', held = 0, cause = 'cancelled', cancel_requested = 1, finished_at = :now, updated_at = :now
WHERE id = :id AND state IN ('queued', 'waiting')

-- name: job_hold
UPDATE jobs SET held = 1, updated_at = :now WHERE id = :id AND state = 'queued' AND held = 0

-- name: job_unhold
-- Back in line, at its end.
UPDATE jobs SET held = 0, turn = :turn, updated_at = :now WHERE id = :id AND state = 'queued' AND held = 1

-- name: job_set_priority
-- To the end of its owner's line of that priority.
UPDATE jobs SET priority = :priority, turn = :turn, updated_at = :now WHERE id = :id AND state = 'queued'

-- name: job_count
SELECT COUNT(*) AS total FROM jobs
WHERE (CAST(:state AS TEXT) IS NULL OR state = :state) AND (CAST(:owner_id AS TEXT) IS NULL OR owner_id = :owner_id)

-- name: job_delete
DELETE FROM jobs WHERE id = :id AND finished_at IS NOT NULL

-- name: queue_get
SELECT paused, changed_at, changed_by FROM queue WHERE id = 1

-- name: queue_set_paused
-- Only from the other state.
UPDATE queue SET paused = :paused, changed_at = :now, changed_by = :by WHERE id = 1 AND paused <> :paused

-- name: job_newest
-- Newest first, what comes after (:after_at, :after_id); a filter that is null filters nothing. Ids from :id on,
-- before :id_end.
--@variants who: all = 1 = 1 | own = owner_id = :owner_id
--@variants which: any = 1 = 1 | open = finished_at IS NULL | failed = state = 'failed'
--@variants which: named = id >= :id AND id < :id_end
SELECT {columns} FROM jobs
WHERE {who} AND {which} AND (CAST(:state AS TEXT) IS NULL OR state = :state)
  AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind) AND (created_at, id) < (:after_at, :after_id)
ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset

-- name: job_oldest
-- The same the other way round.
--@variants who: all = 1 = 1 | own = owner_id = :owner_id
--@variants which: any = 1 = 1 | open = finished_at IS NULL | failed = state = 'failed'
--@variants which: named = id >= :id AND id < :id_end
SELECT {columns} FROM jobs
WHERE {who} AND {which} AND (CAST(:state AS TEXT) IS NULL OR state = :state)
  AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind) AND (created_at, id) > (:after_at, :after_id)
ORDER BY created_at, id LIMIT :limit OFFSET :offset

-- name: job_line
-- Those that wait, in the order they will run.
--@variants who: all = 1 = 1 | own = owner_id = :owner_id
SELECT {columns} FROM jobs
WHERE {who} AND {ready} AND (CAST(:kind AS TEXT) IS NULL OR kind = :kind)
ORDER BY priority DESC, turn, created_at, id LIMIT :limit OFFSET :offset

-- name: job_ahead
-- How many run before it; :most at most are counted.
SELECT COUNT(*) AS ahead
FROM (SELECT id FROM jobs WHERE {ready} AND priority > :priority
      UNION ALL SELECT id FROM jobs
      WHERE {ready} AND priority = :priority AND (turn, created_at, id) < (:turn, :created_at, :id)
      LIMIT :most) AS before

-- name: job_counts
--@variants who: all = 1 = 1 | own = owner_id = :owner_id
SELECT kind, state, COUNT(*) AS count FROM jobs WHERE {who} GROUP BY kind, state ORDER BY kind, state

-- name: job_oldest_ready
-- Since when the job waits that waits longest; 0 when none does.
--@variants who: all = 1 = 1 | own = owner_id = :owner_id
SELECT COALESCE(MIN(created_at), 0) AS created_at FROM jobs WHERE {who} AND {ready}
