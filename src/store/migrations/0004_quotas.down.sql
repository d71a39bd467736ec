DROP INDEX ix_media_assets_owner_size;
DROP TABLE quotas;
