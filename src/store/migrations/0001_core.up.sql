-- People, universes and what they hold, made and uploaded media, the job queue.
-- Ids are UUID text, times are microseconds since 1970 UTC, booleans 0 or 1, JSON is text.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    email TEXT UNIQUE,
    display_name TEXT,
    password_hash TEXT,
    roles TEXT NOT NULL DEFAULT '[]',
    is_active BIGINT NOT NULL DEFAULT 1,
    is_test_user BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    last_login BIGINT,
    CONSTRAINT users_times CHECK (typeof(created_at) = 'integer' AND typeof(last_login) IN ('integer', 'null')), --@sqlite
    CONSTRAINT is_active CHECK (is_active IN (0, 1)),
    CONSTRAINT is_test_user CHECK (is_test_user IN (0, 1))
);

-- The owner is the token's subject, which need not be a row of users.
CREATE TABLE universes (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT,
    owner_id TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
    , CONSTRAINT universes_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer') --@sqlite
);
CREATE INDEX ix_universes_name ON universes (name);
CREATE INDEX ix_universes_owner_id ON universes (owner_id, created_at, id);
CREATE INDEX ix_universes_created_at ON universes (created_at, id);

CREATE TABLE elements (
    id TEXT NOT NULL PRIMARY KEY,
    universe_id TEXT NOT NULL REFERENCES universes (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    element_type TEXT NOT NULL DEFAULT 'Generic',
    entity_subtype TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
    , CONSTRAINT elements_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer') --@sqlite
);
CREATE INDEX ix_elements_universe_id ON elements (universe_id, created_at, id);
CREATE INDEX ix_elements_name ON elements (name);
CREATE INDEX ix_elements_entity_subtype ON elements (entity_subtype);

CREATE TABLE components (
    id TEXT NOT NULL PRIMARY KEY,
    element_id TEXT NOT NULL REFERENCES elements (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    data TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT components_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer'), --@sqlite
    CONSTRAINT type CHECK (type IN ('TextComponent', 'ImageComponent', 'VideoComponent', 'AudioComponent',
                                    'Model3DComponent', 'AttributeComponent', 'RelationshipComponent'))
);
CREATE INDEX ix_components_element_id ON components (element_id, created_at, id);

-- Every stored file. A result outlives the universe and the element it was made for.
CREATE TABLE media_assets (
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
CREATE INDEX ix_media_assets_universe_id ON media_assets (universe_id, created_at, id);
CREATE INDEX ix_media_assets_element_id ON media_assets (element_id, created_at, id);
CREATE INDEX ix_media_assets_owner_id ON media_assets (owner_id, created_at, id);
CREATE INDEX ix_media_assets_asset_type ON media_assets (asset_type, created_at, id);
CREATE INDEX ix_media_assets_created_at ON media_assets (created_at, id);
CREATE INDEX ix_media_assets_source_job_id ON media_assets (source_job_id);
CREATE INDEX ix_media_assets_checksum ON media_assets (checksum);
CREATE UNIQUE INDEX ix_media_assets_file_path ON media_assets (file_path);

-- What was asked for and what came of it. `strategy` is the whole recipe, so that a shot can be made again.
CREATE TABLE video_jobs (
    id TEXT NOT NULL PRIMARY KEY,
    universe_id TEXT REFERENCES universes (id) ON DELETE SET NULL,
    agent_job_id TEXT,
    owner_id TEXT NOT NULL,
    generation_type TEXT NOT NULL,
    prompt TEXT NOT NULL,
    negative_prompt TEXT,
    enriched_prompt TEXT,
    reference_image_url TEXT,
    reference_asset_id TEXT REFERENCES media_assets (id) ON DELETE SET NULL,
    platform TEXT,
    mood BIGINT,
    mood_category TEXT,
    camera_movement TEXT,
    aspect_ratio TEXT NOT NULL DEFAULT '16:9',
    duration BIGINT NOT NULL DEFAULT 5,
    seed BIGINT,
    strategy TEXT,
    provider TEXT,
    provider_job_id TEXT,
    provider_status TEXT,
    ltx_model TEXT,
    ltx_resolution TEXT,
    ltx_fps BIGINT,
    audio_sync_enabled BIGINT NOT NULL DEFAULT 0,
    ltx_request_id TEXT,
    video_url TEXT,
    thumbnail_url TEXT,
    local_path TEXT,
    file_size BIGINT,
    duration_actual DOUBLE PRECISION,
    width BIGINT,
    height BIGINT,
    fps DOUBLE PRECISION,
    video_codec TEXT,
    bit_rate BIGINT,
    checksum TEXT,
    status TEXT NOT NULL DEFAULT 'pending',
    error_message TEXT,
    extra_metadata TEXT,
    encoding_variants TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    completed_at BIGINT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT video_jobs_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer' --@sqlite
        AND typeof(started_at) IN ('integer', 'null') AND typeof(completed_at) IN ('integer', 'null')), --@sqlite
    CONSTRAINT generation_type CHECK (generation_type IN ('text_to_video', 'image_to_video')),
    CONSTRAINT mood CHECK (mood BETWEEN 0 AND 100),
    CONSTRAINT duration CHECK (duration > 0),
    CONSTRAINT file_size CHECK (file_size >= 0),
    CONSTRAINT audio_sync_enabled CHECK (audio_sync_enabled IN (0, 1)),
    CONSTRAINT status CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled'))
);
CREATE INDEX ix_video_jobs_universe_id ON video_jobs (universe_id, created_at, id);
CREATE INDEX ix_video_jobs_owner_id ON video_jobs (owner_id, created_at, id);
CREATE INDEX ix_video_jobs_status ON video_jobs (status, created_at, id);
CREATE INDEX ix_video_jobs_created_at ON video_jobs (created_at, id);
CREATE INDEX ix_video_jobs_completed_at ON video_jobs (completed_at, id);
CREATE INDEX ix_video_jobs_duration ON video_jobs (duration, id);
CREATE INDEX ix_video_jobs_provider ON video_jobs (provider, provider_job_id);
CREATE INDEX ix_video_jobs_reference_asset_id ON video_jobs (reference_asset_id);

-- The durable queue. A row has the id of its subject, such as the video job it renders.
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    priority BIGINT NOT NULL DEFAULT 0,
    attempt BIGINT NOT NULL DEFAULT 0,
    attempts_max BIGINT NOT NULL DEFAULT 3,
    crashes BIGINT NOT NULL DEFAULT 0,
    run_after BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    progress DOUBLE PRECISION NOT NULL DEFAULT 0,
    stage TEXT,
    cause TEXT,
    error TEXT,
    input TEXT,
    cancel_requested BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    updated_at BIGINT NOT NULL,
    CONSTRAINT jobs_times CHECK (typeof(run_after) = 'integer' AND typeof(created_at) = 'integer' --@sqlite
        AND typeof(updated_at) = 'integer' AND typeof(lease_until) IN ('integer', 'null')), --@sqlite
    CONSTRAINT state CHECK (state IN ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT attempts_max CHECK (attempts_max > 0),
    CONSTRAINT progress CHECK (progress BETWEEN 0 AND 1),
    CONSTRAINT cancel_requested CHECK (cancel_requested IN (0, 1)),
    CONSTRAINT lease CHECK (state <> 'running' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL))
);
-- The order jobs are taken in, and the running ones whose holder may be gone: a claim reads one row of each.
CREATE INDEX ix_jobs_queued ON jobs (priority DESC, created_at, id) WHERE state = 'queued';
CREATE INDEX ix_jobs_due ON jobs (run_after) WHERE state = 'queued';
CREATE INDEX ix_jobs_leases ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX ix_jobs_created_at ON jobs (created_at, id);
CREATE INDEX ix_jobs_owner_id ON jobs (owner_id, state);
