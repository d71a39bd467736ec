-- Logins that can be ended, and keys for programs. Of refresh tokens and keys only SHA-256 is kept.

-- Tokens without a session that were made before this are refused; null: none was ever taken back.
ALTER TABLE users ADD COLUMN tokens_after BIGINT;
CREATE INDEX ix_users_created_at ON users (created_at, id);

-- A row is a login that is good; ending it removes the row.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_hash TEXT NOT NULL,
    remote TEXT,
    created_at BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
    , CONSTRAINT sessions_times CHECK (typeof(created_at) = 'integer' AND typeof(refreshed_at) = 'integer' --@sqlite
        AND typeof(expires_at) = 'integer') --@sqlite
);
CREATE INDEX ix_sessions_user_id ON sessions (user_id, refreshed_at);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT
    , CONSTRAINT api_keys_times CHECK (typeof(created_at) = 'integer' AND typeof(expires_at) IN ('integer', 'null') --@sqlite
        AND typeof(last_used_at) IN ('integer', 'null')) --@sqlite
);
CREATE INDEX ix_api_keys_user_id ON api_keys (user_id, created_at, id);
CREATE INDEX ix_api_keys_created_at ON api_keys (created_at, id);
