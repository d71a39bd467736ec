DROP TABLE queue;

CREATE TABLE jobs_old (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    priority BIGINT NOT NULL DEFAULT 0,
    attempt BIGINT NOT NULL DEFAULT 0,
    attempts_max BIGINT NOT NULL DEFAULT 3,
    crashes BIGINT NOT NULL DEFAULT 0,
    run_after BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    progress DOUBLE PRECISION NOT NULL DEFAULT 0,
    stage TEXT,
    cause TEXT,
    error TEXT,
    input TEXT,
    cancel_requested BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT jobs_times CHECK (typeof(run_after) = 'integer' AND typeof(created_at) = 'integer' --@sqlite
        AND typeof(updated_at) = 'integer' AND typeof(lease_until) IN ('integer', 'null')), --@sqlite
    CONSTRAINT state CHECK (state IN ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT attempts_max CHECK (attempts_max > 0),
    CONSTRAINT progress CHECK (progress BETWEEN 0 AND 1),
    CONSTRAINT cancel_requested CHECK (cancel_requested IN (0, 1)),
    CONSTRAINT lease CHECK (state <> 'running' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL))
);

INSERT INTO jobs_old (id, kind, owner_id, state, priority, attempt, attempts_max, crashes, run_after, lease_owner,
                      lease_until, progress, cause, error, input, cancel_requested, created_at, started_at, finished_at,
                      updated_at)
SELECT id, kind, owner_id, state, priority, attempt, attempts_max, crashes, run_after, lease_owner,
       lease_until, CASE WHEN state = 'succeeded' THEN 1 ELSE 0 END, cause, error, input, cancel_requested, created_at,
       started_at, finished_at, updated_at
FROM jobs;

DROP TABLE jobs;
ALTER TABLE jobs_old RENAME TO jobs;

CREATE INDEX ix_jobs_queued ON jobs (priority DESC, created_at, id) WHERE state = 'queued';
CREATE INDEX ix_jobs_due ON jobs (run_after) WHERE state = 'queued';
CREATE INDEX ix_jobs_leases ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX ix_jobs_created_at ON jobs (created_at, id);
CREATE INDEX ix_jobs_owner_id ON jobs (owner_id, state);
