-- Where accounts logged in from lately: an IPv4 address or the first 64 bits of an IPv6 one. A guesser elsewhere cannot
-- lock their owners out there, also after a restart.
CREATE TABLE login_networks (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, network)
    , CONSTRAINT login_networks_times CHECK (typeof(seen_at) = 'integer') --@sqlite
);
CREATE INDEX ix_login_networks_seen_at ON login_networks (seen_at);
