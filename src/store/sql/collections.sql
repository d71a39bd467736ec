-- Collections: assets that somebody put together, in an order.

-- fragment: columns
c.id, c.owner_id, c.name, c.description, c.created_at, c.updated_at,
(SELECT COUNT(*) FROM collection_assets AS m WHERE m.collection_id = c.id) AS asset_count

-- name: collection_insert
INSERT INTO collections (id, owner_id, name, description, created_at, updated_at)
VALUES (:id, :owner_id, :name, :description, :created_at, :updated_at)

-- name: collection_get
SELECT {columns} FROM collections AS c WHERE c.id = :id

-- name: collection_count
SELECT COUNT(*) AS total FROM collections WHERE owner_id = :owner_id

-- name: collection_list
-- Oldest first, what comes after (:after_at, :after_id). `all` takes a null owner_id.
--@variants whose: all = CAST(:owner_id AS TEXT) IS NULL | owned = c.owner_id = :owner_id
SELECT {columns} FROM collections AS c WHERE {whose} AND (c.created_at, c.id) > (:after_at, :after_id)
ORDER BY c.created_at, c.id LIMIT :limit OFFSET :offset

-- name: collection_update
-- Null leaves name or description as it is. For :updated_at and :now see universe_update.
UPDATE collections
SET name = COALESCE(:name, name), description = COALESCE(:description, description),
    updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END
WHERE id = :id AND (CAST(:updated_at AS BIGINT) IS NULL OR updated_at = :updated_at)

-- name: collection_delete
-- Its assets stay.
DELETE FROM collections WHERE id = :id

-- name: collection_clear
DELETE FROM collection_assets WHERE collection_id = :collection_id

-- name: collection_add
-- At the end; nothing happens when it is there.
INSERT INTO collection_assets (collection_id, asset_id, position)
VALUES (:collection_id, :asset_id,
        (SELECT COALESCE(MAX(position), 0) + 1 FROM collection_assets WHERE collection_id = :collection_id))
ON CONFLICT (collection_id, asset_id) DO NOTHING

-- name: collection_remove
DELETE FROM collection_assets WHERE collection_id = :collection_id AND asset_id = :asset_id

-- name: collection_assets
-- In their order, without those in quarantine and those of others, unless :owner_id is null.
SELECT m.seq, m.id, m.universe_id, m.element_id, m.owner_id, m.asset_type, m.status, m.title, m.description, m.rating,
       m.public_url, m.thumbnail_url, m.thumbhash, m.file_size, m.mime_type, m.duration, m.width, m.height, m.loudness,
       m.tempo, m.has_captions, m.provider, m.mood, m.camera_movement, m.tags, m.trashed_at, m.created_at, m.updated_at
FROM collection_assets AS c JOIN media_assets AS m ON m.id = c.asset_id
WHERE c.collection_id = :collection_id AND m.trashed_at IS NULL
  AND (CAST(:owner_id AS TEXT) IS NULL OR m.owner_id = :owner_id)
ORDER BY c.position LIMIT :limit OFFSET :offset
