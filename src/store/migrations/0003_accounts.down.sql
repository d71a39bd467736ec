DROP TABLE api_keys;
DROP TABLE sessions;
DROP INDEX ix_users_created_at;
ALTER TABLE users DROP COLUMN tokens_after;
