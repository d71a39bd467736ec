/* Acquaintances: the networks an account logged in from lately. Guessing its password from elsewhere does not
 * slow its owner down there (api/throttle.h). Kept with the account and deleted with it. */
#pragma once

#include "library/library.h"

enum {
    ACQUAINTANCES_MAX = 16,
    ACQUAINTANCE_DAYS = 30
}; /* per account, the oldest make room; since the last login */

/* Inside the transaction of a login: the account was used from this network just now. */
bool acquaintance_put(struct tx *tx, const char *user_id, const char *network, struct error *err) MUST_USE;

/* Whether an account of this name logged in from there within the time; false for a name nobody has. */
bool acquaintance_find(struct library *lib, const char *username, const char *network, bool *out,
                       struct error *err) MUST_USE;
