-- The queue learns turns (fairness between owners), holding (pause), evidence of failed attempts, and when an attempt
-- began. run_after is 0 unless a job backs off, so that a claim reads one row however many others back off.
-- Progress lives in the server's memory alone. A job is open as long as it has not finished. Its rules have no lists after
-- IN: SQLite would build a table of each for every change of a job.

CREATE TABLE jobs_new (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    held BIGINT NOT NULL DEFAULT 0,
    priority BIGINT NOT NULL DEFAULT 0,
    turn BIGINT NOT NULL DEFAULT 0,
    attempt BIGINT NOT NULL DEFAULT 0,
    attempts_max BIGINT NOT NULL DEFAULT 3,
    crashes BIGINT NOT NULL DEFAULT 0,
    run_after BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until BIGINT,
    claimed_at BIGINT,
    cause TEXT,
    error TEXT,
    input TEXT,
    evidence TEXT,
    cancel_requested BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT jobs_times CHECK (typeof(run_after) = 'integer' AND typeof(created_at) = 'integer' --@sqlite
        AND typeof(updated_at) = 'integer' AND typeof(lease_until) IN ('integer', 'null')), --@sqlite
    CONSTRAINT state CHECK (state = 'queued' OR state = 'running' OR state = 'waiting' OR state = 'succeeded'
        OR state = 'failed' OR state = 'cancelled'),
    CONSTRAINT finished CHECK ((finished_at IS NULL) = (state = 'queued' OR state = 'running' OR state = 'waiting')),
    CONSTRAINT held CHECK (held IN (0, 1)),
    CONSTRAINT priority CHECK (priority BETWEEN -100 AND 100),
    CONSTRAINT attempts_max CHECK (attempts_max > 0),
    CONSTRAINT cancel_requested CHECK (cancel_requested IN (0, 1)),
    CONSTRAINT lease CHECK ((state = 'running') = (lease_owner IS NOT NULL AND lease_until IS NOT NULL))
);

INSERT INTO jobs_new (id, kind, owner_id, state, priority, attempt, attempts_max, crashes, run_after, lease_owner,
                      lease_until, claimed_at, cause, error, input, cancel_requested, created_at, started_at,
                      finished_at, updated_at)
SELECT id, kind, owner_id, state, priority, attempt, attempts_max, crashes, run_after, lease_owner,
       lease_until, started_at, cause, error, input, cancel_requested, created_at, started_at,
       CASE WHEN state IN ('queued', 'running', 'waiting') THEN NULL ELSE COALESCE(finished_at, updated_at) END, updated_at
FROM jobs;

DROP TABLE jobs;
ALTER TABLE jobs_new RENAME TO jobs;

-- The order jobs are taken in; the last turn of an owner; what backs off; what is held by whom; what is under way; the
-- dead letters.
CREATE INDEX ix_jobs_ready ON jobs (priority DESC, turn, created_at, id)
    WHERE state = 'queued' AND held = 0 AND run_after = 0;
CREATE INDEX ix_jobs_turns ON jobs (owner_id, priority, turn) WHERE state = 'queued' AND held = 0 AND run_after = 0;
CREATE INDEX ix_jobs_due ON jobs (run_after) WHERE state = 'queued' AND run_after > 0;
CREATE INDEX ix_jobs_leases ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX ix_jobs_open ON jobs (owner_id, created_at, id) WHERE finished_at IS NULL;
CREATE INDEX ix_jobs_failed ON jobs (created_at, id) WHERE state = 'failed';
CREATE INDEX ix_jobs_created_at ON jobs (created_at, id);
CREATE INDEX ix_jobs_owner_id ON jobs (owner_id, created_at, id);

-- What is true of the whole queue: one row.
CREATE TABLE queue (
    id BIGINT NOT NULL PRIMARY KEY,
    paused BIGINT NOT NULL DEFAULT 0,
    changed_at BIGINT,
    changed_by TEXT,
    CONSTRAINT one CHECK (id = 1),
    CONSTRAINT paused CHECK (paused IN (0, 1))
);
INSERT INTO queue (id) VALUES (1);

-- A video whose job is back in the queue waits, it does not process.
UPDATE video_jobs SET status = 'pending'
WHERE status = 'processing' AND id IN (SELECT id FROM jobs WHERE state = 'queued');
