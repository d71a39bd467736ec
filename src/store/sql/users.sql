-- People who can log in.

-- fragment: columns
id, username, email, display_name, password_hash, roles, is_active, is_test_user, created_at, last_login

-- name: user_insert
INSERT INTO users ({columns})
VALUES (:id, :username, :email, :display_name, :password_hash, :roles, :is_active, :is_test_user, :created_at,
        :last_login)

-- name: user_by_username
SELECT {columns} FROM users WHERE username = :username

-- name: user_list
SELECT {columns} FROM users ORDER BY created_at, id LIMIT :limit OFFSET :offset

-- name: user_count
SELECT COUNT(*) AS total FROM users

-- name: user_set_password
UPDATE users SET password_hash = :password_hash WHERE id = :id

-- name: user_set_last_login
UPDATE users SET last_login = :last_login WHERE id = :id

-- name: user_set_active
UPDATE users SET is_active = :is_active WHERE id = :id

-- name: user_set_roles
UPDATE users SET roles = :roles WHERE id = :id

-- name: user_delete
DELETE FROM users WHERE id = :id
