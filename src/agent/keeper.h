/* The keeper: one thread of the server that looks after what is stored, at the lowest priority. What it does
 * is told by whoever asks it, never in the way of requests and jobs. */
#pragma once

#include "library/check.h"

struct keeper;

extern const char *const check_state_names[]; /* none, running, done, failed */

/* The last check that somebody asked for since the server started. */
struct check_status {
    const char *state;
    double progress; /* 0..1 */
    const char *started_by;
    int64_t started_at, finished_at;
    const char *error;                 /* why it failed */
    const struct check_report *report; /* NULL until it is done */
};
extern const struct shape check_status_shape;

struct keeper_config {
    struct library *lib;
    struct generation *gen; /* for repairs */
    int64_t trash_days;    /* in quarantine before a purge */
    int64_t failed_days;   /* before what failed goes to quarantine; 0: never */
    int64_t scrub_minutes; /* a day */
};

bool keeper_open(const struct keeper_config *config, struct keeper **out, struct error *err) MUST_USE;

/* What it does is interrupted; accepts NULL. */
void keeper_close(struct keeper *keeper);

/* Starts a check; `repair`: and has missing derived files made again after it. CONFLICT while one runs. */
bool keeper_check(struct keeper *keeper, bool repair, const char *by, struct error *err) MUST_USE;

struct check_status keeper_check_status(struct keeper *keeper, struct arena *mem);
