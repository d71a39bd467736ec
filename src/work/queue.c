#include "work/queue.h"

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

const char *const queue_state_names[] = { "queued", "running",   "waiting", "succeeded",
                                          "failed", "cancelled", NULL };

static const struct field job_fields[] = {
    TEXT(struct job, id, .doc = "Same as the row it works for."),
    TEXT(struct job, kind, .doc = "Which kind of work."),
    TEXT(struct job, owner_id, .doc = "Who asked for it."),
    ENUM(struct job, state, queue_state_names, .doc = "Where it stands."),
    INT(struct job, priority, .doc = "Higher runs first."),
    INT(struct job, attempt, .doc = "Claims so far."),
    INT(struct job, attempts_max, .doc = "Claims allowed."),
    INT(struct job, crashes, .doc = "Claims that killed the worker."),
    TIME(struct job, run_after, .nullable = true, .doc = "Not before."),
    TEXT(struct job, lease_owner, .nullable = true, .doc = "Which server runs it."),
    TIME(struct job, lease_until, .nullable = true, .doc = "Until when unless renewed."),
    REAL(struct job, progress, .doc = "0..1."),
    TEXT(struct job, stage, .nullable = true, .doc = "What it is doing."),
    TEXT(struct job, cause, .nullable = true, .doc = "Why the last attempt ended."),
    TEXT(struct job, error, .nullable = true, .doc = "The same as a sentence."),
    JSON(struct job, input, .nullable = true, .doc = "What the kind needs beyond its row."),
    INT(struct job, cancel_requested, .doc = "1 when it should stop."),
    TIME(struct job, created_at, .doc = "When it was added."),
    TIME(struct job, started_at, .nullable = true, .doc = "When it was first claimed."),
    TIME(struct job, finished_at, .nullable = true, .doc = "When it ended."),
    TIME(struct job, updated_at, .doc = "When it last changed."),
    { 0 },
};
const struct shape job_shape = SHAPE("QueueJob", struct job, job_fields);

bool queue_put(struct tx *tx, const char *id, const char *kind, const char *owner_id, int64_t attempts_max,
               struct error *err)
{
    const int64_t now = time_now();
    return tx_run(tx, SQL_JOB_ENQUEUE,
                  ARGS(db_text("id", id), db_text("kind", kind), db_text("owner_id", owner_id),
                       db_int("priority", 0), db_int("attempts_max", attempts_max), db_int("run_after", now),
                       db_text("input", NULL), db_int("created_at", now)),
                  NULL, err);
}

bool queue_claim(struct tx *tx, const char *lease_owner, struct arena *mem, struct job *out, bool *found_out,
                 struct error *err)
{
    const int64_t now = time_now();
    return tx_find(tx, SQL_JOB_CLAIM,
                   ARGS(db_text("lease_owner", lease_owner), db_int("now", now),
                        db_int("lease_until", now + (int64_t)QUEUE_LEASE_S * SECOND)),
                   mem, &job_shape, out, found_out, err);
}

/* A guarded statement about a running job changed one row, or the job is no longer ours. */
static bool held(int64_t changed, struct error *err)
{
    return changed == 1 || fail(err, CAUSE_CONFLICT, "the job is no longer run by this server");
}

static bool finish(struct tx *tx, const struct job *job, const char *state, const struct error *why,
                   struct error *err)
{
    int64_t changed = 0;
    return tx_run(tx, SQL_JOB_FINISH,
                  ARGS(db_text("id", job->id), db_text("lease_owner", job->lease_owner),
                       db_int("attempt", job->attempt), db_text("state", state),
                       db_text("cause", why ? cause_code(why->cause) : NULL),
                       db_text("error", why ? why->text : NULL), db_int("now", time_now())),
                  &changed, err) &&
           held(changed, err);
}

bool queue_succeed(struct tx *tx, const struct job *job, struct error *err)
{
    return finish(tx, job, "succeeded", NULL, err);
}

bool queue_cancelled(struct tx *tx, const struct job *job, const struct error *why, struct error *err)
{
    return finish(tx, job, "cancelled", why, err);
}

bool queue_fail(struct tx *tx, const struct job *job, const struct error *why, struct error *err)
{
    return finish(tx, job, "failed", why, err);
}

bool queue_again(struct tx *tx, const struct job *job, int64_t delay_ms, const struct error *why,
                 struct error *err)
{
    const int64_t now = time_now();
    int64_t changed = 0;
    return tx_run(tx, SQL_JOB_REQUEUE,
                  ARGS(db_text("id", job->id), db_text("lease_owner", job->lease_owner),
                       db_int("attempt", job->attempt), db_int("run_after", now + delay_ms * MS),
                       db_text("cause", cause_code(why->cause)), db_text("error", why->text),
                       db_int("crashed", why->cause == CAUSE_CRASHED),
                       db_int("uncounted", why->cause == CAUSE_INTERRUPTED), db_int("now", now)),
                  &changed, err) &&
           held(changed, err);
}

bool queue_may_retry(const struct job *job, const struct error *why, int64_t *delay_ms_out)
{
    if (why->cause == CAUSE_INTERRUPTED) { /* our own stop: not the job's fault */
        *delay_ms_out = 0;
        return true;
    }
    if (!cause_worth_retrying(why->cause) || job->attempt >= job->attempts_max) return false;
    if (job->crashes + (why->cause == CAUSE_CRASHED) >= QUEUE_CRASHES_MAX) return false;
    int64_t delay = QUEUE_BACKOFF_FIRST_MS;
    for (int64_t i = 1; i < job->attempt && delay < QUEUE_BACKOFF_MAX_MS; i++) delay *= 2;
    if (delay > QUEUE_BACKOFF_MAX_MS) delay = QUEUE_BACKOFF_MAX_MS;
    uint16_t dice;
    random_bytes(&dice, sizeof dice);
    *delay_ms_out = delay * 3 / 4 + delay * dice / (2 * UINT16_MAX);
    return true;
}

bool queue_revive(struct tx *tx, const char *id, struct error *err)
{
    int64_t changed = 0;
    if (!tx_run(tx, SQL_JOB_REVIVE, ARGS(db_text("id", id), db_int("now", time_now())), &changed, err))
        return false;
    return changed == 1 || fail(err, CAUSE_CONFLICT, "only a failed or cancelled job can be retried");
}

bool queue_cancel(struct tx *tx, const char *id, bool *ended_out, struct error *err)
{
    int64_t ended = 0, asked = 0;
    if (!tx_run(tx, SQL_JOB_CANCEL_QUEUED, ARGS(db_text("id", id), db_int("now", time_now())), &ended, err) ||
        (!ended && !tx_run(tx, SQL_JOB_REQUEST_CANCEL, ARGS(db_text("id", id), db_int("now", time_now())),
                           &asked, err)))
        return false;
    if (!ended && !asked) return fail(err, CAUSE_CONFLICT, "the job has ended already");
    *ended_out = ended;
    return true;
}

bool queue_renew(struct db *db, const char *lease_owner, struct error *err)
{
    const int64_t until = time_now() + (int64_t)QUEUE_LEASE_S * SECOND;
    return db_run(
        db, SQL_JOB_RENEW_ALL,
        ARGS(db_text("lease_owner", lease_owner), db_int("lease_until", until), db_int("now", time_now())),
        NULL, err);
}

bool queue_recover(struct db *db, const char *lease_owner, int64_t *count_out, struct error *err)
{
    return db_run(db, SQL_JOB_RELEASE, ARGS(db_text("lease_owner", lease_owner), db_int("now", time_now())),
                  count_out, err);
}

bool queue_get(struct db *db, const char *id, struct arena *mem, struct job *out, struct error *err)
{
    bool found = false;
    if (!db_find(db, SQL_JOB_GET, ARGS(db_text("id", id)), mem, &job_shape, out, &found, err)) return false;
    return found || fail(err, CAUSE_NOT_FOUND, "Job not found");
}

int64_t queue_wait_us(struct db *db, int64_t most_us)
{
    int64_t next = 0;
    struct error err;
    if (!db_count(db, SQL_JOB_NEXT_AT, NO_ARGS, &next, &err) || !next) return most_us;
    const int64_t wait = next - time_now();
    return wait < 0 ? 0 : wait > most_us ? most_us : wait;
}
