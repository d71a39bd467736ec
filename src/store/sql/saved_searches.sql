-- Saved searches: what somebody looks for again and again.

-- fragment: columns
id, owner_id, name, query, created_at, updated_at

-- name: saved_search_insert
INSERT INTO saved_searches ({columns}) VALUES (:id, :owner_id, :name, :query, :created_at, :updated_at)

-- name: saved_search_get
SELECT {columns} FROM saved_searches WHERE id = :id

-- name: saved_search_count
SELECT COUNT(*) AS total FROM saved_searches WHERE owner_id = :owner_id

-- name: saved_search_list
-- Oldest first, what comes after (:after_at, :after_id). `all` takes a null owner_id.
--@variants whose: all = CAST(:owner_id AS TEXT) IS NULL | owned = owner_id = :owner_id
SELECT {columns} FROM saved_searches WHERE {whose} AND (created_at, id) > (:after_at, :after_id)
ORDER BY created_at, id LIMIT :limit OFFSET :offset

-- name: saved_search_update
-- Null leaves name or query as it is. For :updated_at and :now see universe_update.
UPDATE saved_searches
SET name = COALESCE(:name, name), query = COALESCE(:query, query),
    updated_at = CASE WHEN :now > updated_at THEN :now ELSE updated_at + 1 END
WHERE id = :id AND (CAST(:updated_at AS BIGINT) IS NULL OR updated_at = :updated_at)

-- name: saved_search_delete
DELETE FROM saved_searches WHERE id = :id
