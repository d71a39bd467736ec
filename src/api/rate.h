/* Who did what how often, in bounded memory: one table of 16384 slots for rates and for penalties.
 *
 * A slot is found by a keyed hash that nobody outside can compute. When the slots a key may use are taken,
 * the coolest one makes room: the one that would be forgotten first. Somebody who is limited is the hottest,
 * so he cannot shake off his limit by making new names; and under a flood of names a new one inherits the
 * debt of the slot it takes (the space-saving sketch of Metwally, Agrawal and El Abbadi, 2005), so that names
 * never buy more than the table counts. Every call locks one of 1024 shards. Times are monotonic
 * microseconds. */
#pragma once

#include "base/error.h"

struct rate;

/* `count` at once, then as fast as `count` per `period_us` comes back. count 0: no limit. */
struct rate_limit {
    int64_t count, period_us;
};

/* `free` failures cost nothing, the next one second, then twice as much each time up to `most_us`. All are
 * forgotten PENALTY_MEMORY_US after the last delay. */
struct rate_penalty {
    int64_t free, most_us;
};

enum { PENALTY_MEMORY_US = 900 * 1000 * 1000 };

bool rate_open(struct rate **out, struct error *err) MUST_USE;
void rate_close(struct rate *rate); /* NULL is fine */

/* "60/60": count/seconds, "0" for no limit. */
bool rate_limit_parse(const char *text, struct rate_limit *out) MUST_USE;

/* Takes one; false with the time until there is one again. */
bool rate_take(struct rate *rate, const char *kind, const char *who, const struct rate_limit *limit,
               int64_t now_us, int64_t *wait_us_out) MUST_USE;

/* Counts a failure before it is known, so that many attempts at once are many failures; false, and nothing
 * counted, with the time to wait. */
bool penalty_begin(struct rate *rate, const char *kind, const char *who, const struct rate_penalty *penalty,
                   int64_t now_us, int64_t *wait_us_out) MUST_USE;

/* It was no failure: takes back the one, or all of them. */
void penalty_undo(struct rate *rate, const char *kind, const char *who, int64_t now_us);
void penalty_forgive(struct rate *rate, const char *kind, const char *who, int64_t now_us);
