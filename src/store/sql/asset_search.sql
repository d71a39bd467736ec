-- Finding assets. What is a word of the full-text index, filters among them, is in :match (library/search_words.h); ranges
-- are looked up in the rows it finds. seq is between :above and :below, both exclusive, which is when it came.

-- fragment: columns
m.seq, m.id, m.universe_id, m.element_id, m.owner_id, m.asset_type, m.status, m.title, m.description, m.rating,
m.public_url, m.thumbnail_url, m.thumbhash, m.file_size, m.mime_type, m.duration, m.width, m.height, m.loudness, m.tempo,
m.has_captions, m.provider, m.mood, m.camera_movement, m.tags, m.trashed_at, m.created_at, m.updated_at

-- fragment: ranges
(CAST(:mood_min AS BIGINT) IS NULL OR m.mood >= :mood_min)
AND (CAST(:mood_max AS BIGINT) IS NULL OR m.mood <= :mood_max)
AND (CAST(:duration_min AS DOUBLE PRECISION) IS NULL OR m.duration >= :duration_min)
AND (CAST(:duration_max AS DOUBLE PRECISION) IS NULL OR m.duration <= :duration_max)
AND (CAST(:size_min AS BIGINT) IS NULL OR m.file_size >= :size_min)
AND (CAST(:size_max AS BIGINT) IS NULL OR m.file_size <= :size_max)
AND (CAST(:width_min AS BIGINT) IS NULL OR m.width >= :width_min)
AND (CAST(:width_max AS BIGINT) IS NULL OR m.width <= :width_max)
AND (CAST(:height_min AS BIGINT) IS NULL OR m.height >= :height_min)
AND (CAST(:height_max AS BIGINT) IS NULL OR m.height <= :height_max)
AND (CAST(:loudness_min AS DOUBLE PRECISION) IS NULL OR m.loudness >= :loudness_min)
AND (CAST(:loudness_max AS DOUBLE PRECISION) IS NULL OR m.loudness <= :loudness_max)
AND (CAST(:tempo_min AS DOUBLE PRECISION) IS NULL OR m.tempo >= :tempo_min)
AND (CAST(:tempo_max AS DOUBLE PRECISION) IS NULL OR m.tempo <= :tempo_max)
AND (CAST(:rating_min AS BIGINT) IS NULL OR m.rating >= :rating_min)

-- fragment: kept
(CAST(:owner_id AS TEXT) IS NULL OR m.owner_id = :owner_id) AND (CAST(:type AS TEXT) IS NULL OR m.asset_type = :type)
AND (CAST(:status AS TEXT) IS NULL OR m.status = :status)
AND (CAST(:has_captions AS TEXT) IS NULL OR m.has_captions = (:has_captions = 'true'))
AND (CAST(:trashed AS TEXT) <> 'no' OR m.trashed_at IS NULL)

-- fragment: matches
asset_search AS s WHERE s.asset_search MATCH :match AND s.rowid > :above AND s.rowid < :below

-- fragment: found
asset_search AS s CROSS JOIN media_assets AS m ON m.seq = s.rowid
WHERE s.asset_search MATCH :match AND s.rowid > :above AND s.rowid < :below AND {kept} AND {ranges}

-- fragment: at
CASE WHEN CAST(:by_text AS BIGINT) = 1 THEN :after_key ELSE CAST(:after_key AS DOUBLE PRECISION) END

-- name: asset_search
-- In the order of the index: when they came. :tries rows of it are looked at, one after the other until the page is full.
--@variants way: asc = ASC | desc = DESC
SELECT {columns} --@sqlite
FROM (SELECT s.rowid AS seq FROM {matches} ORDER BY s.rowid {way} LIMIT :tries) AS f --@sqlite
CROSS JOIN media_assets AS m ON m.seq = f.seq WHERE {kept} AND {ranges} LIMIT :limit OFFSET :offset --@sqlite

-- name: asset_sort
-- Few matches in another order: all of them are read, then sorted.
--@variants key: title = LOWER(COALESCE(m.title, '')) | duration = COALESCE(m.duration, -1)
--@variants key: size = COALESCE(m.file_size, -1) | rating = m.rating
--@variants way: asc = {key} >= {at} AND ({key}, m.seq) > ({at}, :after_seq) ORDER BY {key} ASC, m.seq ASC
--@variants way: desc = {key} <= {at} AND ({key}, m.seq) < ({at}, :after_seq) ORDER BY {key} DESC, m.seq DESC
SELECT {columns} --@sqlite
FROM {found} AND {way} LIMIT :limit OFFSET :offset --@sqlite

-- name: asset_walk
-- (SQLite begins at a place in an index of expressions only where one of them is compared by itself.)
-- Many matches in another order: its index is read from where the page begins. Whether a row matches is told by its columns,
-- or it is looked up among all matches, or the full-text index is asked.
--@variants how: columns = TRUE
--@variants how: among = +m.seq IN (SELECT s.rowid FROM asset_search AS s WHERE s.asset_search MATCH :match)
--@variants how: each = EXISTS (SELECT 1 FROM asset_search AS s WHERE s.asset_search MATCH :match AND s.rowid = m.seq)
--@variants whose: owned = m.owner_id = :owner_id | all = TRUE
--@variants key: title = LOWER(COALESCE(m.title, '')) | duration = COALESCE(m.duration, -1)
--@variants key: size = COALESCE(m.file_size, -1) | rating = m.rating
--@variants way: asc = {key} >= {at} AND ({key}, m.seq) > ({at}, :after_seq) ORDER BY {key} ASC, m.seq ASC
--@variants way: desc = {key} <= {at} AND ({key}, m.seq) < ({at}, :after_seq) ORDER BY {key} DESC, m.seq DESC
SELECT {columns} FROM media_assets AS m --@sqlite
WHERE {whose} AND +m.seq > :above AND +m.seq < :below AND {how} AND {kept} AND {ranges} --@sqlite
  AND {way} LIMIT :limit OFFSET :offset --@sqlite

-- name: asset_matches
-- How many there are, :limit at most.
SELECT COUNT(*) AS total FROM (SELECT 1 FROM {matches} LIMIT :limit) --@sqlite

-- name: asset_kept
-- How many of the newest :limit are kept by their columns.
SELECT COUNT(*) AS total FROM (SELECT s.rowid AS seq FROM {matches} ORDER BY s.rowid DESC LIMIT :limit) AS f --@sqlite
CROSS JOIN media_assets AS m ON m.seq = f.seq WHERE {kept} --@sqlite

-- name: asset_snippets
-- Where the words stand in these, a JSON array of seq from :first to :last: looked up one by one, or met on one walk, which
-- costs less where a beginning has to be put together from many words. char(2) and char(3) surround them. A transcript has its own hits.
SELECT s.rowid AS seq, snippet(asset_search, 1, char(2), char(3), '…', 24) AS description, --@sqlite
       snippet(asset_search, 3, char(2), char(3), '…', 24) AS prompt, --@sqlite
       snippet(asset_search, 0, char(2), char(3), '…', 24) AS title, --@sqlite
       snippet(asset_search, 2, char(2), char(3), '…', 24) AS tags, --@sqlite
       snippet(asset_search, 5, char(2), char(3), '…', 24) AS element --@sqlite
--@variants how: each = json_each(:seqs) AS page CROSS JOIN asset_search AS s ON s.rowid = page.value WHERE TRUE
--@variants how: walk = asset_search AS s WHERE +s.rowid IN (SELECT value FROM json_each(:seqs))
FROM {how} AND s.rowid >= :first AND s.rowid <= :last AND s.asset_search MATCH :match --@sqlite

-- name: asset_hits
-- Lines of transcripts with the words.
SELECT l.asset_id, l.start_s AS at_s, snippet(line_search, 0, char(2), char(3), '…', 24) AS line --@sqlite
FROM line_search AS s CROSS JOIN transcript_lines AS l ON l.seq = s.rowid --@sqlite
WHERE s.line_search MATCH :match ORDER BY s.rowid LIMIT :limit --@sqlite

-- name: asset_facets
-- How often each value occurs among the newest :limit matches.
WITH found AS MATERIALIZED (SELECT m.asset_type, m.status, m.provider, m.universe_id, m.tags FROM {found} ORDER BY s.rowid DESC LIMIT :limit) --@sqlite
SELECT 'total' AS facet, '' AS value, COUNT(*) AS count FROM found --@sqlite
UNION ALL SELECT 'type', asset_type, COUNT(*) FROM found GROUP BY asset_type --@sqlite
UNION ALL SELECT 'status', status, COUNT(*) FROM found GROUP BY status --@sqlite
UNION ALL SELECT 'provider', provider, COUNT(*) FROM found WHERE provider IS NOT NULL GROUP BY provider --@sqlite
UNION ALL SELECT 'universe', universe_id, COUNT(*) FROM found WHERE universe_id IS NOT NULL GROUP BY universe_id --@sqlite
UNION ALL SELECT * FROM (SELECT 'tag', t.value, COUNT(*) AS often FROM found, json_each(COALESCE(found.tags, '[]')) AS t --@sqlite
                         GROUP BY t.value ORDER BY often DESC, t.value LIMIT 50) --@sqlite

-- name: asset_words_with
-- Words of the index that begin with :beginning, :limit at most; each is found by a look behind the one before.
WITH RECURSIVE found (word) AS ( --@sqlite
    SELECT (SELECT v.term FROM asset_vocabulary AS v WHERE v.term >= :beginning LIMIT 1) --@sqlite
    UNION ALL --@sqlite
    SELECT (SELECT v.term FROM asset_vocabulary AS v WHERE v.term >= found.word || char(1) LIMIT 1) FROM found --@sqlite
    WHERE found.word < :beginning || char(1114111) LIMIT :limit) --@sqlite
SELECT word FROM found WHERE word >= :beginning AND word < :beginning || char(1114111) --@sqlite
