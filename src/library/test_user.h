/* The four accounts that clients of the replaced system try things with. Their passwords are known to
 * everybody, so they are made only on request and never in production. */
#pragma once

#include "library/user.h"

struct test_user {
    const char *username, *password, *email, *display_name;
    struct texts roles;
};

extern const struct test_user test_users[];
extern const size_t test_users_count;

/* Makes those whose name is free; `made[i]` says whether test_users[i] was. */
bool test_users_seed(struct library *lib, struct arena *mem, bool *made, struct error *err) MUST_USE;

bool test_users_list(struct library *lib, struct arena *mem, struct list *out, struct error *err) MUST_USE;

/* Removes them, but switches off those to whose names something belongs; `(*gone_out)[i]` says whether the
 * i-th of `users_out` is gone. CONFLICT when nobody could administer any more. */
bool test_users_purge(struct library *lib, struct arena *mem, struct list *users_out, const bool **gone_out,
                      struct error *err) MUST_USE;
