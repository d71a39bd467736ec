-- Logins, and whether a token is still good.

-- name: session_insert
INSERT INTO sessions (id, user_id, refresh_hash, remote, created_at, refreshed_at, expires_at)
VALUES (:id, :user_id, :refresh_hash, :remote, :now, :now, :expires_at)

-- name: session_get
SELECT id, user_id, refresh_hash, expires_at FROM sessions WHERE id = :id

-- name: session_count
SELECT COUNT(*) AS total FROM sessions WHERE id = :id

-- name: session_rotate
UPDATE sessions SET refresh_hash = :refresh_hash, refreshed_at = :now, expires_at = :expires_at WHERE id = :id

-- name: session_delete
DELETE FROM sessions WHERE id = :id

-- name: session_delete_of_user
DELETE FROM sessions WHERE user_id = :user_id

-- name: session_prune
-- What has run out, and of one user all but the latest.
DELETE FROM sessions
WHERE expires_at <= :now
   OR (user_id = :user_id AND id NOT IN (SELECT id FROM sessions WHERE user_id = :user_id
                                         ORDER BY refreshed_at DESC, id DESC LIMIT :most))

-- name: session_admission
-- All that decides on a token, in one read: the account it names and the session it came from, or what is left of an
-- account that was deleted.
SELECT u.id AS user_id, u.roles, u.is_active, u.created_at, u.tokens_after, s.id AS session_id
FROM users u LEFT JOIN sessions s ON s.id = :session_id AND s.user_id = u.id AND s.expires_at > :now
WHERE u.username = :username
UNION ALL
SELECT NULL, '[]', 1, 0, f.tokens_after, NULL
FROM former_users f
WHERE f.username = :username AND NOT EXISTS (SELECT 1 FROM users WHERE username = :username)
