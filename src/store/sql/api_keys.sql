-- Keys for programs.

-- fragment: columns
k.id, k.user_id, u.username, k.name, k.hint, k.scopes, k.created_at, k.expires_at, k.last_used_at

-- name: api_key_insert
INSERT INTO api_keys (id, user_id, name, hint, hash, scopes, created_at, expires_at)
VALUES (:id, :user_id, :name, :hint, :hash, :scopes, :created_at, :expires_at)

-- name: api_key_list
-- Of one user, or of all when user_id is null; oldest first, what comes after (:after_at, :after_id).
SELECT {columns} FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE (CAST(:user_id AS TEXT) IS NULL OR k.user_id = :user_id) AND (k.created_at, k.id) > (:after_at, :after_id)
ORDER BY k.created_at, k.id LIMIT :limit OFFSET :offset

-- name: api_key_count
SELECT COUNT(*) AS total FROM api_keys WHERE user_id = :user_id

-- name: api_key_delete
-- Of one user, or of anybody when user_id is null.
DELETE FROM api_keys WHERE id = :id AND (CAST(:user_id AS TEXT) IS NULL OR user_id = :user_id)

-- name: api_key_delete_of_user
DELETE FROM api_keys WHERE user_id = :user_id

-- name: api_key_used
UPDATE api_keys SET last_used_at = :now WHERE id = :id

-- name: api_key_admission
SELECT k.id, k.scopes, k.expires_at, k.last_used_at, u.username, u.roles, u.is_active
FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.hash = :hash
