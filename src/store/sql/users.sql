-- People who can log in.

-- fragment: columns
id, username, email, display_name, password_hash, roles, is_active, is_test_user, created_at, last_login

-- name: user_insert
-- What a former account of this name had ended stays so.
INSERT INTO users ({columns}, tokens_after)
VALUES (:id, :username, :email, :display_name, :password_hash, :roles, :is_active, :is_test_user, :created_at,
        :last_login, (SELECT tokens_after FROM former_users WHERE username = :username))

-- name: user_by_username
SELECT {columns} FROM users WHERE username = :username

-- name: user_by_id
SELECT {columns} FROM users WHERE id = :id

-- name: user_list
-- Oldest first, what comes after (:after_at, :after_id).
SELECT {columns} FROM users WHERE (created_at, id) > (:after_at, :after_id)
ORDER BY created_at, id LIMIT :limit OFFSET :offset

-- name: user_count
SELECT COUNT(*) AS total FROM users

-- name: user_set_password
-- Where :seen is not null, only while it is the one of now.
UPDATE users SET password_hash = :password_hash
WHERE id = :id AND (CAST(:seen AS TEXT) IS NULL OR password_hash = :seen)

-- name: user_unchanged
-- Whether the account may be used, with the password that was verified.
SELECT COUNT(*) AS total FROM users WHERE id = :id AND password_hash = :password_hash AND is_active = 1

-- name: user_end_tokens
UPDATE users SET tokens_after = :tokens_after WHERE id = :id

-- name: user_set_last_login
UPDATE users SET last_login = :last_login WHERE id = :id

-- name: user_update
-- Null leaves a column as it is.
UPDATE users
SET roles = COALESCE(:roles, roles), is_active = COALESCE(:is_active, is_active),
    display_name = COALESCE(:display_name, display_name), email = COALESCE(:email, email)
WHERE id = :id

-- name: user_email_taken
-- By another account than this.
SELECT COUNT(*) AS total FROM users WHERE email = :email AND id <> :id

-- name: user_admins
-- Who can still administer.
SELECT COUNT(*) AS total FROM users WHERE is_active = 1 AND roles LIKE '%"admin"%'

-- name: user_belongings
-- Whether anything belongs to this name.
SELECT (SELECT COUNT(*) FROM universes WHERE owner_id = :username)
     + (SELECT COUNT(*) FROM video_jobs WHERE owner_id = :username)
     + (SELECT COUNT(*) FROM media_assets WHERE owner_id = :username) AS total

-- name: user_alike
-- Accounts whose name differs from this one by capitals at most.
SELECT COUNT(*) AS total FROM users WHERE lower(username) = lower(:username)

-- name: user_name_claims
-- Whatever stands under this name and would fall to whoever registers it: things of a foreign subject, limits given to it,
-- an account of that name that was deleted.
SELECT (SELECT COUNT(*) FROM universes WHERE owner_id = :username)
     + (SELECT COUNT(*) FROM video_jobs WHERE owner_id = :username)
     + (SELECT COUNT(*) FROM media_assets WHERE owner_id = :username)
     + (SELECT COUNT(*) FROM quotas WHERE subject = :username)
     + (SELECT COUNT(*) FROM former_users WHERE username = :username) AS total

-- name: user_former_put
-- Before an account is deleted.
INSERT INTO former_users (username, tokens_after)
SELECT username, :tokens_after FROM users WHERE id = :id
ON CONFLICT (username) DO UPDATE SET tokens_after = excluded.tokens_after

-- name: user_delete
DELETE FROM users WHERE id = :id

-- name: user_test_list
SELECT {columns} FROM users WHERE is_test_user = 1 ORDER BY created_at, id
