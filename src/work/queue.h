/* The durable queue: one row per job in table `jobs`, one guarded statement per change of state.
 *
 *   queued -> running -> succeeded | failed | cancelled
 *               |  ^
 *               v  |  (an error worth retrying, or the server ended: queued again, later)
 *             queued
 *
 * Every change names the state it expects; where the job does not stand there any more it is CONFLICT and
 * nothing changes. A running job carries a lease (owner, attempt, time): only that run may change it, and
 * when the lease has run out another server may put it back. `attempt` counts claims, but not those a
 * stopping or killed server cut short. `crashes` counts claims that killed the worker; a job that reaches
 * QUEUE_CRASHES_MAX is parked as failed with its evidence. So is one whose evidence names QUEUE_ABANDONED_MAX
 * attempts that ended with the server or the zygote: it may be what kills them. The first of these is tried
 * again at once, the next after growing pauses.
 *
 * Jobs run by priority, within one priority by turns of their owners (store/sql/jobs.sql), so that nobody
 * waits behind another's thousand jobs. A held job stays queued and is passed over.
 *
 * Times in rows are wall clock. A clock put back stalls nothing: a time to run further away than any back-off
 * counts as due. */
#pragma once

#include "store/db.h"

enum {
    QUEUE_LEASE_S = 60,
    QUEUE_CRASHES_MAX = 3,
    QUEUE_ABANDONED_MAX = 5, /* fewer than the starts deploy/umam.service allows in a row */
    QUEUE_BACKOFF_FIRST_MS = 1000, /* doubles with each attempt, +-25 % */
    QUEUE_BACKOFF_MAX_MS = 300 * 1000,
    QUEUE_EVIDENCE_MAX = 20, /* attempts kept */
    QUEUE_PRIORITY_MIN = -100,
    QUEUE_PRIORITY_MAX = 100,
    QUEUE_PRIORITY_OPEN = 0, /* the highest for who does not administer */
};

extern const char *const queue_state_names[]; /* NULL-terminated */

/* What is known of one attempt that did not succeed. */
struct evidence {
    int64_t attempt;
    const char *cause, *error;
    int64_t began_at, ended_at;
    const char *stage; /* what the job was doing last */
    double progress;
    const char *task;       /* of the worker; NULL: none had been started */
    int64_t signal, status; /* that ended its process; INT_NONE: it ended by itself, or none did */
    const char *limit;      /* it ran into: "processor time", "wall clock"; NULL: none known */
    const char *input;      /* of the task: the start of its JSON */
};

extern const struct shape evidence_shape;

struct job {
    const char *id, *kind, *owner_id, *state;
    bool held, cancel_requested;
    int64_t priority, turn, attempt, attempts_max, crashes;
    int64_t run_after; /* 0: now */
    int64_t lease_until, claimed_at;
    const char *lease_owner;
    const char *cause, *error;
    const struct json *input;
    struct list evidence; /* of struct evidence, oldest first */
    int64_t created_at, started_at, finished_at, updated_at;
    /* Not in the row; see listing.h. */
    int64_t position;
    double progress, eta_s;
    const char *title, *stage, *url;
};

extern const struct shape job_shape; /* the row */

struct queue_order {
    const char *id; /* of the row it works for */
    const char *kind, *owner_id;
    int64_t priority, attempts_max;
    const char *input; /* JSON text of what the kind needs beyond its row, or NULL */
};

bool queue_put(struct tx *tx, const struct queue_order *order, struct error *err) MUST_USE;

/* Ends back-offs that are over: call it before claiming. */
bool queue_due(struct tx *tx, struct error *err) MUST_USE;

/* Some of the kinds: those that work outside (supervisor.h), or the others. */
struct queue_pick {
    const char *outside_kinds; /* their names, with a space before and behind each; "": none does */
    bool outside;
    int64_t each; /* how many of them one owner may have running; 0: any number */
};

/* The jobs that run next, best first, `most` at most. */
bool queue_first(struct tx *tx, const struct queue_pick *pick, int64_t most, struct arena *mem,
                 struct list *out, struct error *err) MUST_USE;

/* One of them becomes running, leased to `lease_owner`; `job` is as the row then is. */
bool queue_claim(struct tx *tx, const char *lease_owner, struct job *job, struct error *err) MUST_USE;

/* Whether one of them may run now. */
bool queue_ready(struct tx *tx, const struct queue_pick *pick, bool *out, struct error *err) MUST_USE;

/* Microseconds until the next back-off is over; INT64_MAX when nothing backs off. */
bool queue_wait_us(struct tx *tx, int64_t *out, struct error *err) MUST_USE;

/* Ends a running job of this owner; CONFLICT when it is no longer his. */
bool queue_succeed(struct tx *tx, const struct job *job, struct error *err) MUST_USE;
bool queue_cancelled(struct tx *tx, const struct job *job, struct error *err) MUST_USE;
bool queue_fail(struct tx *tx, const struct job *job, const struct error *why,
                const struct evidence *evidence, struct error *err) MUST_USE;

/* Puts a running job back, to run again not before `delay_ms`. CONFLICT also when its cancel was asked. */
bool queue_again(struct tx *tx, const struct job *job, int64_t delay_ms, const struct error *why,
                 const struct evidence *evidence, struct error *err) MUST_USE;

/* Whether a job that failed with `why` gets another attempt, and after which pause. */
bool queue_may_retry(const struct job *job, const struct error *why, int64_t *delay_ms_out);

/* Running jobs of other owners whose lease is over at `now`; INT64_MAX takes all, at start-up, when nobody
 * else can be running. */
bool queue_abandoned(struct db *db, const char *lease_owner, int64_t now, struct arena *mem, struct list *out,
                     struct error *err) MUST_USE;

/* A failed or cancelled job starts over with fresh counters, and with its priority unless that is above
 * `priority_most`, what whoever asks may give. */
bool queue_revive(struct tx *tx, const struct job *job, int64_t priority_most, struct error *err) MUST_USE;

/* Cancels a queued job at once (`*ended_out`), or asks the owner of a running one to stop. */
bool queue_cancel(struct tx *tx, const char *id, bool *ended_out, struct error *err) MUST_USE;

/* Only of queued jobs. Resumed and moved ones go to the end of their owner's line. */
bool queue_hold(struct tx *tx, const struct job *job, struct error *err) MUST_USE;
bool queue_unhold(struct tx *tx, const struct job *job, struct error *err) MUST_USE;
bool queue_set_priority(struct tx *tx, const struct job *job, int64_t priority, struct error *err) MUST_USE;

/* Renews the leases of all running jobs of this owner. */
bool queue_renew(struct db *db, const char *lease_owner, struct error *err) MUST_USE;

/* The whole queue: while it is paused nobody should claim. */
bool queue_paused(struct db *db, bool *out, struct error *err) MUST_USE;
bool queue_set_paused(struct tx *tx, bool paused, const char *by, struct error *err) MUST_USE;

bool queue_get(struct db *db, const char *id, struct arena *mem, struct job *out, struct error *err) MUST_USE;
bool queue_get_in(struct tx *tx, const char *id, struct arena *mem, struct job *out,
                  struct error *err) MUST_USE;
