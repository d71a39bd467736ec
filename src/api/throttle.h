/* Guessing passwords gets slower with every miss, whatever the rate limits are set to.
 *
 * Misses are counted by account name, whether or not it exists, and by network. An attempt counts as a miss
 * before its password is looked at, so a hundred at once are a hundred misses. From a network the account is
 * acquainted with (library/acquaintance.h) only misses from there count: an attacker elsewhere cannot lock
 * the owner out. The pause never exceeds a minute. */
#pragma once

#include "api/http.h"
#include "api/rate.h"

struct throttle {
    struct rate *misses;
};

bool throttle_open(struct throttle *out, struct error *err) MUST_USE;
void throttle_close(struct throttle *throttle); /* the zero value is fine */

/* What the miss of one attempt is counted under, from its beginning to its end: a login that succeeds
 * meanwhile changes it for later ones only. Lives as long as the request. */
struct throttle_attempt {
    const char *account_kind, *account, *network;
    bool acquainted;
};

/* TOO_MANY with the time to wait while `name` or the network of the request has to pause. */
bool throttle_begin(const struct throttle *throttle, const struct request *rq, const char *name,
                    bool acquainted, struct throttle_attempt *out, struct error *err) MUST_USE;

/* How it went: CAUSE_NONE for the right password, UNAUTHENTICATED for a wrong one; anything else does not
 * count. */
void throttle_end(const struct throttle *throttle, const struct throttle_attempt *attempt, enum cause cause);
