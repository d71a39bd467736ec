/* Accounts: who may log in, with which roles. Passwords are argon2id hashes. */
#pragma once

#include "library/library.h"

struct user {
    const char *id, *username, *email, *display_name;
    const char *password_hash; /* NULL: cannot log in */
    struct texts roles;
    bool is_active, is_test_user;
    int64_t created_at, last_login;
};

struct register_in {
    const char *username, *password, *email, *display_name;
    bool is_test_user; /* never from a request */
    bool stranger;     /* likewise: nobody vouches for who registers here */
};

struct login_in {
    const char *username, *password;
};

struct password_in {
    const char *current_password, *new_password;
    bool keep_api_keys;
};

struct users_query {
    int64_t limit, offset;
    const char *cursor;
};

extern const struct shape users_query_shape, user_row_shape, register_in_shape, login_in_shape,
    password_in_shape;

/* CONFLICT words of the contract when name or address is taken, by capitals alone too. INVALID for a word
 * that is no role. A stranger gets no name under which something stands already (a foreign subject's things,
 * a deleted account), and none of the house's own. */
bool user_register(struct library *lib, struct arena *mem, const struct register_in *in,
                   const struct texts *roles, struct user *out, struct error *err) MUST_USE;

/* UNAUTHENTICATED "Invalid username or password" for any reason, always after the same work. */
bool user_login(struct library *lib, struct arena *mem, const struct login_in *in, struct user *out,
                struct error *err) MUST_USE;

/* NOT_FOUND "User not found". */
bool user_get(struct library *lib, struct arena *mem, const char *username, struct user *out,
              struct error *err) MUST_USE;
bool user_find(struct library *lib, struct arena *mem, const char *username, struct user *out,
               bool *found_out, struct error *err) MUST_USE;

/* A page, oldest first; `*next_out` is the cursor of the page after it, NULL when there is none. */
bool user_list(struct library *lib, struct arena *mem, const struct users_query *query, struct list *out,
               const char **next_out, struct error *err) MUST_USE;

/* Also ends every session of the user, every token made before now and, unless they are kept, its API keys:
 * whoever knew the old password may have made them. `*keys_out` says how many were revoked. */
bool user_set_password(struct library *lib, struct arena *mem, const char *username, const char *password,
                       bool keep_api_keys, int64_t *keys_out, struct error *err) MUST_USE;

/* The same for somebody who has to know the present one: FORBIDDEN otherwise, after the same work as a login.
 * CONFLICT when another change came between looking at it and replacing it. */
bool user_change_password(struct library *lib, struct arena *mem, const char *username,
                          const struct password_in *in, struct user *out, int64_t *keys_out,
                          struct error *err) MUST_USE;

/* Ends every session of the user and every token made before now. */
bool user_end_sessions(struct library *lib, struct arena *mem, const char *username,
                       struct error *err) MUST_USE;

/* What an administrator changes of an account; NULL: as it is. */
struct user_change {
    const struct texts *roles;
    const bool *is_active;
    const char *display_name, *email;
};

/* Switching off ends every session and every token made before now for good. API keys are refused while the
 * account is off and work again afterwards: they are revoked one by one. CONFLICT for an address that another
 * account has, and when nobody could administer any more afterwards. */
bool user_change(struct library *lib, struct arena *mem, const char *username,
                 const struct user_change *change, struct user *out, struct error *err) MUST_USE;

/* Removes an account to whose name nothing belongs: whoever took the name later would own it. CONFLICT
 * otherwise, and for the last administrator. */
bool user_drop(struct library *lib, struct arena *mem, const char *username, struct error *err) MUST_USE;

/* The same inside a transaction, but an account to whose name something belongs is switched off; `*gone_out`
 * says which of both. */
bool user_purge(struct tx *tx, const struct user *user, bool *gone_out, struct error *err) MUST_USE;

/* On an empty users table: makes the administrator `admin` with the given password. When it is NULL, with a
 * random one, which only `*password_out` ever shows; else that is NULL, as when there are users already. */
bool user_first_admin(struct library *lib, struct arena *mem, const char *given, const char **password_out,
                      struct error *err) MUST_USE;
