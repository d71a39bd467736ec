-- What the store itself needs: transactions, the list of migrations, copies.

-- name: begin
BEGIN IMMEDIATE --@sqlite
BEGIN --@postgres

-- name: commit
COMMIT

-- name: rollback
ROLLBACK

-- name: savepoint
SAVEPOINT body

-- name: savepoint_keep
RELEASE SAVEPOINT body

-- name: savepoint_undo
ROLLBACK TO SAVEPOINT body

-- name: set_journal
-- Readers go on while one writer writes.
PRAGMA journal_mode = WAL --@sqlite

-- name: set_synchronous
-- An acknowledged write survives a power cut.
PRAGMA synchronous = FULL --@sqlite

-- name: set_journal_size
-- The log shrinks again after a burst of writes.
PRAGMA journal_size_limit = 67108864 --@sqlite

-- name: foreign_key_faults
-- Rows that refer to nothing.
SELECT COUNT(*) AS faults FROM pragma_foreign_key_check --@sqlite

-- name: tables_count
SELECT COUNT(*) AS tables FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' --@sqlite
SELECT COUNT(*) AS tables FROM information_schema.tables WHERE table_schema = current_schema() --@postgres

-- name: migrations_count
SELECT COUNT(*) AS tables FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations' --@sqlite
SELECT COUNT(*) AS tables FROM information_schema.tables --@postgres
WHERE table_schema = current_schema() AND table_name = 'schema_migrations' --@postgres

-- name: migrations_create
CREATE TABLE IF NOT EXISTS schema_migrations (
    number BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
)

-- name: migration_list
SELECT number, name, checksum, applied_at FROM schema_migrations ORDER BY number

-- name: migration_insert
INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (:number, :name, :checksum, :applied_at)

-- name: migration_delete
DELETE FROM schema_migrations WHERE number = :number
