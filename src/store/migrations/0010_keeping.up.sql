-- When each asset's bytes were last held against its checksum, and what came of it; how much a universe may hold; and the
-- way from a file to the rows that know it.
ALTER TABLE media_assets ADD COLUMN scrubbed_at BIGINT;
ALTER TABLE media_assets ADD COLUMN scrub_fault TEXT;
ALTER TABLE universes ADD COLUMN storage_mb BIGINT;
CREATE INDEX ix_media_assets_scrubbed_at ON media_assets (scrubbed_at, id);
CREATE INDEX ix_media_assets_scrub_fault ON media_assets (id) WHERE scrub_fault IS NOT NULL;
CREATE INDEX ix_media_assets_thumbnail_url ON media_assets (thumbnail_url);
CREATE INDEX ix_video_jobs_local_path ON video_jobs (local_path);
CREATE INDEX ix_video_jobs_thumbnail_url ON video_jobs (thumbnail_url);
