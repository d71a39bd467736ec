-- Who did what to whose things, and who was refused. Rows are added and, after their time, removed; never changed.

CREATE TABLE audit_log (
    id TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    remote TEXT NOT NULL,
    act TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    times BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT audit_log_times CHECK (typeof(created_at) = 'integer'), --@sqlite
    CONSTRAINT outcome CHECK (outcome IN ('done', 'refused')),
    CONSTRAINT times CHECK (times > 0)
);
CREATE INDEX ix_audit_log_created_at ON audit_log (created_at, id);
CREATE INDEX ix_audit_log_actor ON audit_log (actor, created_at, id);
CREATE INDEX ix_audit_log_act ON audit_log (act, created_at, id);
