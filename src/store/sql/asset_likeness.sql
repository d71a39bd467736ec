-- Assets that are alike: by checksum, and by the four blocks of the perceptual hash (library/similar.h).

-- fragment: columns
m.seq, m.id, m.universe_id, m.element_id, m.owner_id, m.asset_type, m.status, m.title, m.description, m.rating,
m.public_url, m.thumbnail_url, m.thumbhash, m.file_size, m.mime_type, m.duration, m.width, m.height, m.loudness, m.tempo,
m.has_captions, m.provider, m.mood, m.camera_movement, m.tags, m.trashed_at, m.created_at, m.updated_at

-- fragment: seen
m.trashed_at IS NULL AND (CAST(:owner_id AS TEXT) IS NULL OR m.owner_id = :owner_id)

-- name: asset_seq
SELECT seq FROM media_assets WHERE id = :id

-- name: asset_by_seqs
SELECT {columns} FROM json_each(:seqs) AS page CROSS JOIN media_assets AS m ON m.seq = page.value ORDER BY m.seq --@sqlite

-- name: asset_hashes_near
-- Those that share one of the values of a block, JSON arrays.
SELECT m.seq, m.phash FROM json_each(:block_0) AS b CROSS JOIN media_assets AS m --@sqlite
ON (m.phash & 65535) = b.value AND m.phash IS NOT NULL WHERE {seen} --@sqlite
UNION SELECT m.seq, m.phash FROM json_each(:block_1) AS b CROSS JOIN media_assets AS m --@sqlite
ON ((m.phash >> 16) & 65535) = b.value AND m.phash IS NOT NULL WHERE {seen} --@sqlite
UNION SELECT m.seq, m.phash FROM json_each(:block_2) AS b CROSS JOIN media_assets AS m --@sqlite
ON ((m.phash >> 32) & 65535) = b.value AND m.phash IS NOT NULL WHERE {seen} --@sqlite
UNION SELECT m.seq, m.phash FROM json_each(:block_3) AS b CROSS JOIN media_assets AS m --@sqlite
ON ((m.phash >> 48) & 65535) = b.value AND m.phash IS NOT NULL WHERE {seen} --@sqlite
LIMIT :limit --@sqlite

-- name: asset_hashes
-- In the order they came.
SELECT m.seq, m.phash FROM media_assets AS m WHERE m.seq > :after AND m.phash IS NOT NULL AND {seen} ORDER BY m.seq LIMIT :limit

-- name: asset_checksums_twice
-- The index alone tells which are there several times; then it counts whose they are.
SELECT twice.checksum FROM (SELECT checksum FROM media_assets WHERE checksum > :after GROUP BY checksum HAVING COUNT(*) > 1)
     AS twice
WHERE (SELECT COUNT(*) FROM media_assets AS m WHERE m.checksum = twice.checksum AND {seen}) > 1
ORDER BY twice.checksum LIMIT :limit

-- name: asset_by_checksum
SELECT {columns} FROM media_assets AS m WHERE m.checksum = :checksum AND {seen} ORDER BY m.seq LIMIT :limit
