-- What one person may have under way and stored, where it differs from the settings. The subject is the token's, which
-- need not be a row of users. Null is the setting, 0 is no limit.

CREATE TABLE quotas (
    subject TEXT NOT NULL PRIMARY KEY,
    jobs BIGINT,
    storage_mb BIGINT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT quotas_times CHECK (typeof(updated_at) = 'integer'), --@sqlite
    CONSTRAINT jobs CHECK (jobs >= 0),
    CONSTRAINT storage_mb CHECK (storage_mb >= 0)
);

-- The sum of somebody's bytes is read from the index alone.
CREATE INDEX ix_media_assets_owner_size ON media_assets (owner_id, file_size);
