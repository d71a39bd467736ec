-- An older program knows no models and texts: as long as there are some, this fails and nothing changes. What is in
-- quarantine is an asset like any other to it.
DROP TRIGGER transcript_lines_gone; --@sqlite
DROP TRIGGER transcript_lines_added; --@sqlite
DROP TRIGGER elements_renamed; --@sqlite
DROP TRIGGER media_assets_changed; --@sqlite
DROP TRIGGER media_assets_gone; --@sqlite
DROP TRIGGER media_assets_added; --@sqlite
DROP TABLE line_changes; --@sqlite
DROP TABLE asset_changes; --@sqlite
DROP TABLE line_search; --@sqlite
DROP TABLE asset_search; --@sqlite
DROP VIEW asset_words; --@sqlite
DROP TABLE saved_searches;
DROP TABLE collection_assets;
DROP TABLE collections;
DROP TABLE transcript_lines;
DROP TABLE derivatives;

CREATE TABLE media_assets_old (
    id TEXT NOT NULL PRIMARY KEY,
    universe_id TEXT REFERENCES universes (id) ON DELETE SET NULL,
    element_id TEXT REFERENCES elements (id) ON DELETE SET NULL,
    owner_id TEXT NOT NULL,
    asset_type TEXT NOT NULL,
    title TEXT,
    description TEXT,
    file_path TEXT NOT NULL,
    public_url TEXT,
    thumbnail_url TEXT,
    file_size BIGINT,
    mime_type TEXT,
    duration DOUBLE PRECISION,
    dimensions TEXT,
    width BIGINT,
    height BIGINT,
    fps DOUBLE PRECISION,
    video_codec TEXT,
    bit_rate BIGINT,
    checksum TEXT,
    source_job_id TEXT,
    source_type TEXT,
    recipe TEXT,
    tags TEXT,
    extra_metadata TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT media_assets_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer'), --@sqlite
    CONSTRAINT file_size CHECK (file_size >= 0),
    CONSTRAINT asset_type CHECK (asset_type IN ('video', 'audio', 'image')),
    CONSTRAINT source_type CHECK (source_type IN ('generated', 'uploaded', 'imported'))
);

INSERT INTO media_assets_old (id, universe_id, element_id, owner_id, asset_type, title, description, file_path, public_url,
    thumbnail_url, file_size, mime_type, duration, dimensions, width, height, fps, video_codec, bit_rate,
    checksum, source_job_id, source_type, recipe, tags, extra_metadata, created_at, updated_at)
SELECT id, universe_id, element_id, owner_id, asset_type, title, description, file_path, public_url,
    thumbnail_url, file_size, mime_type, duration, dimensions, width, height, fps, video_codec, bit_rate,
    checksum, source_job_id, source_type, recipe, tags, extra_metadata, created_at, updated_at
FROM media_assets;

DROP TABLE media_assets;
ALTER TABLE media_assets_old RENAME TO media_assets;

CREATE INDEX ix_media_assets_universe_id ON media_assets (universe_id, created_at, id);
CREATE INDEX ix_media_assets_element_id ON media_assets (element_id, created_at, id);
CREATE INDEX ix_media_assets_owner_id ON media_assets (owner_id, created_at, id);
CREATE INDEX ix_media_assets_asset_type ON media_assets (asset_type, created_at, id);
CREATE INDEX ix_media_assets_created_at ON media_assets (created_at, id);
CREATE INDEX ix_media_assets_source_job_id ON media_assets (source_job_id);
CREATE INDEX ix_media_assets_checksum ON media_assets (checksum);
CREATE UNIQUE INDEX ix_media_assets_file_path ON media_assets (file_path);
CREATE INDEX ix_media_assets_owner_size ON media_assets (owner_id, file_size);
