-- Replaces a table that others refer to: what refers to it stays.
CREATE TABLE universes_new (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT,
    owner_id TEXT,
    mood BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
INSERT INTO universes_new (id, name, description, owner_id, created_at, updated_at)
SELECT id, name, description, owner_id, created_at, updated_at FROM universes;
DROP TABLE universes;
ALTER TABLE universes_new RENAME TO universes;
