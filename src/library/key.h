/* API keys: what programs log in with. A key acts for the account that made it, with the permissions that its
 * scopes and the account's roles have in common. Its text is shown once; only a hash is kept. */
#pragma once

#include "library/user.h"

enum { KEYS_PER_USER_MAX = 100 };

struct key {
    const char *id, *user_id, *username, *name;
    const char *hint; /* its first characters, to tell keys apart */
    struct texts scopes;
    int64_t created_at, expires_at, last_used_at; /* 0: never */
};

struct key_in {
    const char *name;
    struct texts scopes;
    int64_t expires_at;     /* 0: never */
    const char *session_id; /* never from a request: the login that makes it; NULL: the operator */
};

struct keys_query {
    int64_t limit, offset;
    const char *cursor;
};

extern const struct shape key_row_shape, key_in_shape, keys_query_shape;

/* True for text that looks like a key, so that it is not taken for a token. */
bool key_is(const char *text);

/* `may` is the set of permissions that whoever makes the key has himself. INVALID for a scope that is no
 * permission or a time that is past; FORBIDDEN for a scope beyond `may`; UNAUTHENTICATED when the login has
 * ended, by a new password perhaps, which no key may outlast unseen; CONFLICT when the account has the most
 * keys there may be.
 * `*text_out` is the key itself. */
bool key_create(struct library *lib, struct arena *mem, const struct user *user, unsigned may,
                const struct key_in *in, struct key *out, const char **text_out, struct error *err) MUST_USE;

/* A page of the keys of this user, of all when NULL; oldest first. */
bool key_list(struct library *lib, struct arena *mem, const char *user_id, const struct keys_query *query,
              struct list *out, const char **next_out, struct error *err) MUST_USE;

/* Ends a key of this user, of anybody when NULL; NOT_FOUND when there is none. */
bool key_drop(struct library *lib, struct arena *mem, const char *id, const char *user_id,
              struct error *err) MUST_USE;

/* Inside the transaction that gives the reason: ends all keys of the user. `*count_out` says how many. */
bool key_drop_all(struct tx *tx, const char *user_id, int64_t *count_out, struct error *err) MUST_USE;

struct key_admission {
    const char *id, *username;
    struct texts roles; /* of the account */
    unsigned scopes;    /* a set of enum permission */
    int64_t expires_at; /* 0: never */
};

/* Who comes with this key: UNAUTHENTICATED when it is unknown, has run out, or its account is switched off.
 * Marks its use once a minute, without waiting for the disk. */
bool key_admit(struct library *lib, struct arena *mem, const char *text, struct key_admission *out,
               struct error *err) MUST_USE;
