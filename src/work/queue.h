/* The durable queue: one row per job in table `jobs`, one guarded statement per change of state.
 *
 *   queued -> running -> succeeded | failed | cancelled
 *               |  ^
 *               v  |  (an error worth retrying, or the server ended: queued again, later)
 *             queued
 *
 * A running job carries a lease (owner, attempt, time). Only that run may change it; when the lease has run
 * out another server may claim it. `attempt` counts claims, but not those a stopping or killed server cut
 * short. `crashes` counts claims that killed the worker; a job that reaches QUEUE_CRASHES_MAX is parked as
 * failed with what is known. */
#pragma once

#include "store/db.h"

enum {
    QUEUE_LEASE_S = 60,
    QUEUE_CRASHES_MAX = 3,
    QUEUE_BACKOFF_FIRST_MS = 1000, /* doubles with each attempt, +-25 % */
    QUEUE_BACKOFF_MAX_MS = 300 * 1000,
};

extern const char *const queue_state_names[]; /* NULL-terminated */

struct job {
    const char *id, *kind, *owner_id, *state;
    int64_t priority, attempt, attempts_max, crashes;
    int64_t run_after, lease_until;
    const char *lease_owner;
    double progress;
    const char *stage, *cause, *error;
    const struct json *input;
    int64_t cancel_requested;
    int64_t created_at, started_at, finished_at, updated_at;
};

extern const struct shape job_shape;

/* Adds a job. `id` is the id of the row it works for. */
bool queue_put(struct tx *tx, const char *id, const char *kind, const char *owner_id, int64_t attempts_max,
               struct error *err) MUST_USE;

/* The best job that may run now, leased to `lease_owner`; `*found_out` says whether there was one. */
bool queue_claim(struct tx *tx, const char *lease_owner, struct arena *mem, struct job *out, bool *found_out,
                 struct error *err) MUST_USE;

/* Ends a running job of this owner; CONFLICT when it is no longer his. */
bool queue_succeed(struct tx *tx, const struct job *job, struct error *err) MUST_USE;
bool queue_cancelled(struct tx *tx, const struct job *job, const struct error *why,
                     struct error *err) MUST_USE;
bool queue_fail(struct tx *tx, const struct job *job, const struct error *why, struct error *err) MUST_USE;

/* Puts a running job back, to run again not before `delay_ms`. */
bool queue_again(struct tx *tx, const struct job *job, int64_t delay_ms, const struct error *why,
                 struct error *err) MUST_USE;

/* Whether a job that failed with `why` gets another attempt, and after which pause. */
bool queue_may_retry(const struct job *job, const struct error *why, int64_t *delay_ms_out);

/* A failed or cancelled job starts over with fresh counters; CONFLICT in any other state. */
bool queue_revive(struct tx *tx, const char *id, struct error *err) MUST_USE;

/* Cancels a queued job at once (`*ended_out`), or asks the owner of a running one to stop.
 * CONFLICT when it has ended already. */
bool queue_cancel(struct tx *tx, const char *id, bool *ended_out, struct error *err) MUST_USE;

/* Renews the leases of all running jobs of this owner. */
bool queue_renew(struct db *db, const char *lease_owner, struct error *err) MUST_USE;

/* At start-up: nobody else can be running, so leases of other owners end now. */
bool queue_recover(struct db *db, const char *lease_owner, int64_t *count_out, struct error *err) MUST_USE;

bool queue_get(struct db *db, const char *id, struct arena *mem, struct job *out, struct error *err) MUST_USE;

/* Microseconds until the next queued job may run, at most `most_us`. */
int64_t queue_wait_us(struct db *db, int64_t most_us);
