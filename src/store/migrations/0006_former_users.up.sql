-- Names whose account was deleted: its tokens stay refused, and nobody registers the name for himself.
CREATE TABLE former_users (
    username TEXT NOT NULL PRIMARY KEY,
    tokens_after BIGINT NOT NULL
    , CONSTRAINT former_users_times CHECK (typeof(tokens_after) = 'integer') --@sqlite
);
