-- The media library: what is known of an asset, its derivatives, collections, saved searches, and the index that finds it.
--
-- `seq` numbers assets in the order they came: microseconds of created_at, moved on where that is taken. It is the rowid of
-- the full-text index too, so that its matches come newest first without sorting.

CREATE TABLE media_assets_new (
    seq INTEGER NOT NULL PRIMARY KEY, --@sqlite
    seq BIGINT NOT NULL PRIMARY KEY, --@postgres
    id TEXT NOT NULL UNIQUE,
    universe_id TEXT REFERENCES universes (id) ON DELETE SET NULL,
    element_id TEXT REFERENCES elements (id) ON DELETE SET NULL,
    owner_id TEXT NOT NULL,
    asset_type TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ready',
    status_reason TEXT,
    title TEXT,
    description TEXT,
    original_name TEXT,
    rating BIGINT NOT NULL DEFAULT 0,
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
    audio_codec TEXT,
    sample_rate BIGINT,
    channels BIGINT,
    bit_rate BIGINT,
    checksum TEXT,
    phash BIGINT,
    thumbhash TEXT,
    loudness DOUBLE PRECISION,
    tempo DOUBLE PRECISION,
    has_captions BIGINT NOT NULL DEFAULT 0,
    analysis TEXT,
    source_job_id TEXT,
    source_type TEXT,
    provider TEXT,
    mood BIGINT,
    mood_category TEXT,
    camera_movement TEXT,
    prompt TEXT,
    recipe TEXT,
    tags TEXT,
    extra_metadata TEXT,
    trashed_at BIGINT,
    trashed_by TEXT,
    trash_reason TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT media_assets_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer' --@sqlite
        AND typeof(trashed_at) IN ('integer', 'null')), --@sqlite
    CONSTRAINT file_size CHECK (file_size >= 0),
    CONSTRAINT asset_type CHECK (asset_type IN ('video', 'audio', 'image', 'model', 'text')),
    CONSTRAINT status CHECK (status IN ('processing', 'ready', 'failed')),
    CONSTRAINT rating CHECK (rating BETWEEN 0 AND 5),
    CONSTRAINT mood CHECK (mood BETWEEN 0 AND 100),
    CONSTRAINT has_captions CHECK (has_captions IN (0, 1)),
    CONSTRAINT source_type CHECK (source_type IN ('generated', 'uploaded', 'imported'))
);

-- Each comes after the one before: number n plus the greatest of what the times are ahead of their numbers.
INSERT INTO media_assets_new (seq, id, universe_id, element_id, owner_id, asset_type, title, description, file_path,
    public_url, thumbnail_url, file_size, mime_type, duration, dimensions, width, height, fps, video_codec, bit_rate,
    checksum, source_job_id, source_type, provider, mood, mood_category, camera_movement, prompt, recipe, tags,
    extra_metadata, created_at, updated_at)
SELECT old.place + MAX(old.created_at - old.place) OVER (ORDER BY old.place ROWS UNBOUNDED PRECEDING), old.id,
       old.universe_id, old.element_id, old.owner_id, old.asset_type, old.title, old.description, old.file_path,
       old.public_url, old.thumbnail_url, old.file_size, old.mime_type, old.duration, old.dimensions, old.width,
       old.height, old.fps, old.video_codec, old.bit_rate, old.checksum, old.source_job_id, old.source_type,
       made.provider, made.mood, made.mood_category, made.camera_movement, made.prompt, old.recipe, old.tags,
       old.extra_metadata, old.created_at, old.updated_at
FROM (SELECT media_assets.*, ROW_NUMBER() OVER (ORDER BY created_at, id) AS place FROM media_assets) AS old
LEFT JOIN video_jobs AS made ON made.id = old.source_job_id
ORDER BY old.place;

DROP TABLE media_assets;
ALTER TABLE media_assets_new RENAME TO media_assets;

CREATE INDEX ix_media_assets_universe_id ON media_assets (universe_id, seq);
CREATE INDEX ix_media_assets_element_id ON media_assets (element_id, seq);
CREATE INDEX ix_media_assets_created_at ON media_assets (created_at, id);
CREATE INDEX ix_media_assets_source_job_id ON media_assets (source_job_id);
CREATE INDEX ix_media_assets_checksum ON media_assets (checksum);
CREATE INDEX ix_media_assets_trashed_at ON media_assets (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX ix_media_assets_status ON media_assets (status, seq) WHERE status <> 'ready';
CREATE UNIQUE INDEX ix_media_assets_file_path ON media_assets (file_path);

-- What a list can be in the order of, for one owner and for those who see all.
CREATE INDEX ix_media_assets_owner_id ON media_assets (owner_id, seq);
CREATE INDEX ix_media_assets_owner_size ON media_assets (owner_id, file_size);
CREATE INDEX ix_media_assets_owner_title ON media_assets (owner_id, (LOWER(COALESCE(title, ''))), seq);
CREATE INDEX ix_media_assets_owner_duration ON media_assets (owner_id, (COALESCE(duration, -1)), seq);
CREATE INDEX ix_media_assets_owner_rating ON media_assets (owner_id, rating, seq);
CREATE INDEX ix_media_assets_owner_bytes ON media_assets (owner_id, (COALESCE(file_size, -1)), seq);
CREATE INDEX ix_media_assets_title ON media_assets ((LOWER(COALESCE(title, ''))), seq);
CREATE INDEX ix_media_assets_duration ON media_assets ((COALESCE(duration, -1)), seq);
CREATE INDEX ix_media_assets_rating ON media_assets (rating, seq);
CREATE INDEX ix_media_assets_bytes ON media_assets ((COALESCE(file_size, -1)), seq);

-- Hashes that differ in few bits agree in at least one of four blocks, or nearly.
CREATE INDEX ix_media_assets_phash_0 ON media_assets ((phash & 65535)) WHERE phash IS NOT NULL;
CREATE INDEX ix_media_assets_phash_1 ON media_assets (((phash >> 16) & 65535)) WHERE phash IS NOT NULL;
CREATE INDEX ix_media_assets_phash_2 ON media_assets (((phash >> 32) & 65535)) WHERE phash IS NOT NULL;
CREATE INDEX ix_media_assets_phash_3 ON media_assets (((phash >> 48) & 65535)) WHERE phash IS NOT NULL;

-- What was made from an asset to show or play it: poster, sprite, peaks.
CREATE TABLE derivatives (
    asset_id TEXT NOT NULL REFERENCES media_assets (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    mime_type TEXT NOT NULL,
    file_size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (asset_id, kind),
    CONSTRAINT derivatives_times CHECK (typeof(created_at) = 'integer'), --@sqlite
    CONSTRAINT file_size CHECK (file_size >= 0)
);

-- What is said or written in an asset, and when: lines of captions, or of a text (then without a time).
CREATE TABLE transcript_lines (
    seq INTEGER NOT NULL PRIMARY KEY, --@sqlite
    seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, --@postgres
    asset_id TEXT NOT NULL REFERENCES media_assets (id) ON DELETE CASCADE,
    start_s DOUBLE PRECISION,
    end_s DOUBLE PRECISION,
    line TEXT NOT NULL
);
CREATE INDEX ix_transcript_lines_asset_id ON transcript_lines (asset_id, seq);

CREATE TABLE collections (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
    , CONSTRAINT collections_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer') --@sqlite
);
CREATE INDEX ix_collections_owner_id ON collections (owner_id, created_at, id);
CREATE INDEX ix_collections_created_at ON collections (created_at, id);

CREATE TABLE collection_assets (
    collection_id TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    asset_id TEXT NOT NULL REFERENCES media_assets (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    PRIMARY KEY (collection_id, asset_id)
);
CREATE UNIQUE INDEX ix_collection_assets_position ON collection_assets (collection_id, position);
CREATE INDEX ix_collection_assets_asset_id ON collection_assets (asset_id);

CREATE TABLE saved_searches (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
    , CONSTRAINT saved_searches_times CHECK (typeof(created_at) = 'integer' AND typeof(updated_at) = 'integer') --@sqlite
);
CREATE INDEX ix_saved_searches_owner_id ON saved_searches (owner_id, created_at, id);
CREATE INDEX ix_saved_searches_created_at ON saved_searches (created_at, id);

-- The words of an asset. `facets` holds what is filtered by as words of their own: a letter for what it is, then the value
-- in hexadecimal, which is one word whatever is in it. Filters and words are found in one walk over the index.
CREATE VIEW asset_words AS --@sqlite
SELECT a.seq, a.title, a.description, --@sqlite
       (SELECT group_concat(t.value, ' . ') FROM json_each(COALESCE(a.tags, '[]')) AS t) AS tags, a.prompt, --@sqlite
       (SELECT group_concat(l.line, ' ') FROM transcript_lines AS l WHERE l.asset_id = a.id) AS transcript, --@sqlite
       (SELECT e.name FROM elements AS e WHERE e.id = a.element_id) AS element, --@sqlite
       CASE WHEN a.trashed_at IS NULL THEN 'live' ELSE 'trash' END || ' y' || a.asset_type || ' s' || a.status --@sqlite
       || ' o' || hex(a.owner_id) || CASE WHEN a.has_captions = 1 THEN ' captions' ELSE '' END --@sqlite
       || COALESCE(' u' || hex(a.universe_id), '') || COALESCE(' e' || hex(a.element_id), '') --@sqlite
       || COALESCE(' p' || hex(a.provider), '') || COALESCE(' c' || hex(a.camera_movement), '') --@sqlite
       || COALESCE((SELECT group_concat(' g' || hex(lower(t.value)), '') --@sqlite
                    FROM json_each(COALESCE(a.tags, '[]')) AS t), '') AS facets --@sqlite
FROM media_assets AS a; --@sqlite

CREATE VIRTUAL TABLE asset_search USING fts5 --@sqlite
    (title, description, tags, prompt, transcript, element, facets, --@sqlite
     tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4'); --@sqlite
INSERT INTO asset_search (rowid, title, description, tags, prompt, transcript, element, facets) --@sqlite
SELECT seq, title, description, tags, prompt, transcript, element, facets FROM asset_words; --@sqlite

-- Where in an asset the words are said.
CREATE VIRTUAL TABLE line_search USING fts5 (line, asset_id, tokenize = 'unicode61 remove_diacritics 2'); --@sqlite

-- What is to be indexed anew: triggers note it, whatever changed the rows, and the writer does it before the transaction
-- is committed. (Triggers may not write the index themselves: the schema of a database file is not trusted that far.)
CREATE TABLE asset_changes (seq INTEGER NOT NULL PRIMARY KEY); --@sqlite
CREATE TABLE line_changes (seq INTEGER NOT NULL PRIMARY KEY); --@sqlite

CREATE TRIGGER media_assets_added AFTER INSERT ON media_assets BEGIN --@sqlite
    INSERT INTO asset_changes (seq) VALUES (NEW.seq) ON CONFLICT (seq) DO NOTHING; --@sqlite
END; --@sqlite
CREATE TRIGGER media_assets_gone AFTER DELETE ON media_assets BEGIN --@sqlite
    INSERT INTO asset_changes (seq) VALUES (OLD.seq) ON CONFLICT (seq) DO NOTHING; --@sqlite
END; --@sqlite
CREATE TRIGGER media_assets_changed AFTER UPDATE OF title, description, tags, prompt, element_id, universe_id, trashed_at, --@sqlite
    asset_type, status, owner_id, has_captions, provider, camera_movement ON media_assets BEGIN --@sqlite
    INSERT INTO asset_changes (seq) VALUES (NEW.seq) ON CONFLICT (seq) DO NOTHING; --@sqlite
END; --@sqlite
CREATE TRIGGER elements_renamed AFTER UPDATE OF name ON elements WHEN OLD.name <> NEW.name BEGIN --@sqlite
    INSERT INTO asset_changes (seq) SELECT seq FROM media_assets WHERE element_id = NEW.id --@sqlite
    ON CONFLICT (seq) DO NOTHING; --@sqlite
END; --@sqlite
CREATE TRIGGER transcript_lines_added AFTER INSERT ON transcript_lines BEGIN --@sqlite
    INSERT INTO line_changes (seq) VALUES (NEW.seq) ON CONFLICT (seq) DO NOTHING; --@sqlite
    INSERT INTO asset_changes (seq) SELECT seq FROM media_assets WHERE id = NEW.asset_id --@sqlite
    ON CONFLICT (seq) DO NOTHING; --@sqlite
END; --@sqlite
CREATE TRIGGER transcript_lines_gone AFTER DELETE ON transcript_lines BEGIN --@sqlite
    INSERT INTO line_changes (seq) VALUES (OLD.seq) ON CONFLICT (seq) DO NOTHING; --@sqlite
    INSERT INTO asset_changes (seq) SELECT seq FROM media_assets WHERE id = OLD.asset_id --@sqlite
    ON CONFLICT (seq) DO NOTHING; --@sqlite
END; --@sqlite
