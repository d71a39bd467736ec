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
};

struct login_in {
    const char *username, *password;
};

extern const struct shape user_row_shape, register_in_shape, login_in_shape;

/* CONFLICT words of the contract when name or address is taken. INVALID for a word that is no role. */
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

bool user_list(struct library *lib, struct arena *mem, struct list *out, struct error *err) MUST_USE;

bool user_set_password(struct library *lib, struct arena *mem, const char *username, const char *password,
                       struct error *err) MUST_USE;
bool user_set_active(struct library *lib, const char *username, bool active, struct error *err) MUST_USE;
bool user_set_roles(struct library *lib, struct arena *mem, const char *username, const struct texts *roles,
                    struct error *err) MUST_USE;

/* On an empty users table: makes the administrator `admin` with a random password, which only `*password_out`
 * ever shows. NULL when there are users already. */
bool user_first_admin(struct library *lib, struct arena *mem, const char **password_out,
                      struct error *err) MUST_USE;
