-- Files that are fetched from elsewhere: one row for each order. `url` may hold secrets (signed addresses); it goes when
-- the file is there. `origin` is what is shown of it.
CREATE TABLE media_imports (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL,
    url TEXT,
    origin TEXT NOT NULL,
    universe_id TEXT REFERENCES universes (id) ON DELETE SET NULL,
    element_id TEXT REFERENCES elements (id) ON DELETE SET NULL,
    title TEXT,
    description TEXT,
    tags TEXT,
    asset_id TEXT REFERENCES media_assets (id) ON DELETE SET NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    error TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT media_imports_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer'), --@sqlite
    CONSTRAINT status CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled'))
);
CREATE INDEX ix_media_imports_owner_id ON media_imports (owner_id, created_at, id);
CREATE INDEX ix_media_imports_universe_id ON media_imports (universe_id);
CREATE INDEX ix_media_imports_element_id ON media_imports (element_id);
CREATE INDEX ix_media_imports_asset_id ON media_imports (asset_id);
