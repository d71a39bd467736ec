DROP INDEX ix_video_jobs_thumbnail_url;
DROP INDEX ix_video_jobs_local_path;
DROP INDEX ix_media_assets_thumbnail_url;
DROP INDEX ix_media_assets_scrub_fault;
DROP INDEX ix_media_assets_scrubbed_at;
ALTER TABLE universes DROP COLUMN storage_mb;
ALTER TABLE media_assets DROP COLUMN scrub_fault;
ALTER TABLE media_assets DROP COLUMN scrubbed_at;
