#include "work/queue.h"

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

#include <string.h>

const char *const queue_state_names[] = { "queued", "running",   "waiting", "succeeded",
                                          "failed", "cancelled", NULL };

static const struct field evidence_fields[] = {
    INT(struct evidence, attempt, .doc = "Which attempt."),
    TEXT(struct evidence, cause, .nullable = true, .doc = "Why it ended, as a code."),
    TEXT(struct evidence, error, .nullable = true, .doc = "The same as a sentence."),
    TIME(struct evidence, began_at, .nullable = true, .doc = "When it began."),
    TIME(struct evidence, ended_at, .nullable = true, .doc = "When it ended."),
    TEXT(struct evidence, stage, .nullable = true, .doc = "What the job was doing last."),
    REAL(struct evidence, progress, .nullable = true, .doc = "How far it was, 0..1."),
    TEXT(struct evidence, task, .nullable = true, .doc = "The worker's task at that time."),
    INT(struct evidence, signal, .nullable = true, .doc = "Signal that ended the worker's process."),
    INT(struct evidence, status, .nullable = true, .doc = "Exit status of the worker's process."),
    TEXT(struct evidence, limit, .nullable = true, .doc = "Limit of the task that was reached."),
    TEXT(struct evidence, input, .nullable = true, .doc = "What the task was given; the start of its JSON."),
    { 0 },
};
const struct shape evidence_shape = SHAPE("JobAttempt", struct evidence, evidence_fields);

static const struct field job_fields[] = {
    TEXT(struct job, id, .doc = "Same as the row it works for."),
    TEXT(struct job, kind, .doc = "Which kind of work."),
    TEXT(struct job, owner_id, .doc = "Who asked for it."),
    ENUM(struct job, state, queue_state_names, .doc = "Where it stands."),
    BOOL(struct job, held, .doc = "Whether it is passed over until resumed."),
    INT(struct job, priority, .doc = "Higher runs first."),
    INT(struct job, turn, .doc = "Its place between owners; lower runs first."),
    INT(struct job, attempt, .doc = "Claims so far."),
    INT(struct job, attempts_max, .doc = "Claims allowed."),
    INT(struct job, crashes, .doc = "Claims that killed the worker."),
    TIME(struct job, run_after, .nullable = true, .doc = "Not before."),
    TEXT(struct job, lease_owner, .nullable = true, .doc = "Which server runs it."),
    TIME(struct job, lease_until, .nullable = true, .doc = "Until when unless renewed."),
    TIME(struct job, claimed_at, .nullable = true, .doc = "When the last attempt began."),
    TEXT(struct job, cause, .nullable = true, .doc = "Why the last attempt ended."),
    TEXT(struct job, error, .nullable = true, .doc = "The same as a sentence."),
    JSON(struct job, input, .nullable = true, .doc = "What the kind needs beyond its row."),
    LIST(struct job, evidence, &evidence_shape, .nullable = true, .doc = "Attempts that did not succeed."),
    BOOL(struct job, cancel_requested, .doc = "Whether it should stop."),
    TIME(struct job, created_at, .doc = "When it was added."),
    TIME(struct job, started_at, .nullable = true, .doc = "When it was first claimed."),
    TIME(struct job, finished_at, .nullable = true, .doc = "When it ended."),
    TIME(struct job, updated_at, .doc = "When it last changed."),
    { 0 },
};
const struct shape job_shape = SHAPE("QueueJob", struct job, job_fields);

/* A guarded statement changed its one row, or the job does not stand where it should. */
static bool guarded(int64_t changed, struct error *err, const char *otherwise)
{
    return changed == 1 || fail(err, CAUSE_CONFLICT, "%s", otherwise);
}

/* ---- into the queue ---- */

/* The end of an owner's line. */
static bool next_turn(struct tx *tx, const char *owner_id, int64_t priority, int64_t *out, struct error *err)
{
    return tx_count(tx, SQL_JOB_TURN, ARGS(db_text("owner_id", owner_id), db_int("priority", priority)), out,
                    err);
}

bool queue_put(struct tx *tx, const struct queue_order *order, struct error *err)
{
    int64_t turn = 0;
    return next_turn(tx, order->owner_id, order->priority, &turn, err) &&
           tx_run(tx, SQL_JOB_ENQUEUE,
                  ARGS(db_text("id", order->id), db_text("kind", order->kind),
                       db_text("owner_id", order->owner_id), db_int("priority", order->priority),
                       db_int("turn", turn), db_int("attempts_max", order->attempts_max),
                       db_text("input", order->input), db_int("now", time_now())),
                  NULL, err);
}

bool queue_revive(struct tx *tx, const struct job *job, int64_t priority_most, struct error *err)
{
    const int64_t priority = job->priority < priority_most ? job->priority : priority_most;
    int64_t changed = 0, turn = 0;
    return next_turn(tx, job->owner_id, priority, &turn, err) &&
           tx_run(tx, SQL_JOB_REVIVE,
                  ARGS(db_text("id", job->id), db_int("priority", priority), db_int("turn", turn),
                       db_int("now", time_now())),
                  &changed, err) &&
           guarded(changed, err, "only a failed or cancelled job can be retried");
}

/* ---- out of it ---- */

bool queue_due(struct tx *tx, struct error *err)
{
    const int64_t now = time_now(), longest = (int64_t)QUEUE_BACKOFF_MAX_MS * 5 / 4 * MS;
    int64_t next = 0;
    if (!tx_count(tx, SQL_JOB_NEXT_AT, NO_ARGS, &next, err)) return false;
    return !next || /* nobody backs off: nearly always */
           tx_run(tx, SQL_JOB_DUE, ARGS(db_int("now", now), db_int("far", now + longest)), NULL, err);
}

bool queue_first(struct tx *tx, const struct queue_pick *pick, int64_t most, struct arena *mem,
                 struct list *out, struct error *err)
{
    return tx_list(tx, SQL_JOB_FIRST,
                   ARGS(db_text("outside_kinds", pick->outside_kinds), db_int("outside", pick->outside),
                        db_int("each", pick->each), db_int("limit", most)),
                   mem, &job_shape, out, err);
}

bool queue_claim(struct tx *tx, const char *lease_owner, struct job *job, struct error *err)
{
    const int64_t now = time_now(), until = now + (int64_t)QUEUE_LEASE_S * SECOND;
    int64_t changed = 0;
    if (!tx_run(tx, SQL_JOB_CLAIM,
                ARGS(db_text("id", job->id), db_text("lease_owner", lease_owner), db_int("now", now),
                     db_int("lease_until", until)),
                &changed, err) ||
        !guarded(changed, err, "the job is not next in the queue any more"))
        return false;
    job->state = "running";
    job->attempt++;
    job->lease_owner = lease_owner;
    job->lease_until = until;
    job->claimed_at = job->updated_at = now;
    job->cause = job->error = NULL;
    if (!job->started_at) job->started_at = now;
    return true;
}

bool queue_ready(struct tx *tx, const struct queue_pick *pick, bool *out, struct error *err)
{
    int64_t ready = 0;
    const struct db_args args =
        ARGS(db_text("outside_kinds", pick->outside_kinds), db_int("outside", pick->outside),
             db_int("each", pick->each));
    if (!tx_count(tx, SQL_JOB_READY, args, &ready, err)) return false;
    *out = ready;
    return true;
}

bool queue_wait_us(struct tx *tx, int64_t *out, struct error *err)
{
    int64_t next = 0;
    if (!tx_count(tx, SQL_JOB_NEXT_AT, NO_ARGS, &next, err)) return false;
    const int64_t wait = next - time_now();
    *out = !next ? INT64_MAX : wait < 0 ? 0 : wait;
    return true;
}

/* ---- the end of an attempt ---- */

/* The evidence of a job with one more entry, as a shape can write it. */
static struct job with_evidence(const struct job *job, const struct evidence *added, struct arena *mem)
{
    struct job more = *job;
    if (!added) return more;
    const size_t kept =
        job->evidence.count < QUEUE_EVIDENCE_MAX ? job->evidence.count : QUEUE_EVIDENCE_MAX - 1;
    struct evidence *const items = arena_array(mem, kept + 1, sizeof *items);
    const struct evidence *const old = job->evidence.items;
    if (kept) memcpy(items, old + (job->evidence.count - kept), kept * sizeof *items);
    items[kept] = *added;
    more.evidence = (struct list){ items, kept + 1 };
    return more;
}

/* A change of a running job that only its holder may make. Everything not given comes from the job. */
static bool end_attempt(struct tx *tx, enum sql sql, const struct job *job, const struct error *why,
                        const struct evidence *evidence, const struct db_value *own, size_t own_count,
                        struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct job more = with_evidence(job, evidence, &mem);
    struct db_value values[8] = { db_text("cause", why ? cause_code(why->cause) : NULL),
                                  db_text("error", why ? why->text : NULL),
                                  db_int("crashed", why && why->cause == CAUSE_CRASHED),
                                  db_int("now", time_now()) };
    assert(own_count <= COUNT_OF(values) - 4);
    memcpy(values + 4, own, own_count * sizeof *own);
    int64_t changed = 0;
    return tx_run(tx, sql,
                  (struct db_args){
                      .values = values, .count = 4 + own_count, .shape = &job_shape, .object = &more },
                  &changed, err) &&
           guarded(changed, err, "the job is no longer run by this server");
}

static bool finish(struct tx *tx, const struct job *job, const char *state, const struct error *why,
                   const struct evidence *evidence, struct error *err)
{
    const struct db_value own[] = { db_text("state", state) };
    return end_attempt(tx, SQL_JOB_FINISH, job, why, evidence, own, COUNT_OF(own), err);
}

bool queue_succeed(struct tx *tx, const struct job *job, struct error *err)
{
    return finish(tx, job, "succeeded", NULL, NULL, err);
}

bool queue_cancelled(struct tx *tx, const struct job *job, struct error *err)
{
    struct error why;
    fail(&why, CAUSE_CANCELLED, "the job was cancelled");
    return finish(tx, job, "cancelled", &why, NULL, err);
}

bool queue_fail(struct tx *tx, const struct job *job, const struct error *why,
                const struct evidence *evidence, struct error *err)
{
    return finish(tx, job, "failed", why, evidence, err);
}

static bool is_uncounted(const struct error *why)
{
    return why->cause == CAUSE_INTERRUPTED || why->cause == CAUSE_ABANDONED;
}

bool queue_again(struct tx *tx, const struct job *job, int64_t delay_ms, const struct error *why,
                 const struct evidence *evidence, struct error *err)
{
    const struct db_value own[] = { db_int("run_after", delay_ms ? time_now() + delay_ms * MS : 0),
                                    db_int("uncounted", is_uncounted(why)) };
    return end_attempt(tx, SQL_JOB_REQUEUE, job, why, evidence, own, COUNT_OF(own), err);
}

/* Before the `nth` retry; none before the 0th. */
static int64_t backoff(int64_t nth)
{
    int64_t delay = nth > 0 ? QUEUE_BACKOFF_FIRST_MS : 0;
    for (int64_t i = 1; i < nth && delay < QUEUE_BACKOFF_MAX_MS; i++) delay *= 2;
    if (delay > QUEUE_BACKOFF_MAX_MS) delay = QUEUE_BACKOFF_MAX_MS;
    uint16_t dice;
    random_bytes(&dice, sizeof dice);
    return delay * 3 / 4 + delay * dice / (2 * UINT16_MAX);
}

/* Attempts since somebody last asked for the job that ended with what ran it. */
static int64_t abandoned_so_far(const struct job *job)
{
    const struct evidence *const evidence = job->evidence.items;
    int64_t count = 0;
    for (size_t i = 0; i < job->evidence.count; i++)
        count += evidence[i].began_at >= job->started_at &&
                 text_is(evidence[i].cause, cause_code(CAUSE_ABANDONED));
    return count;
}

bool queue_may_retry(const struct job *job, const struct error *why, int64_t *delay_ms_out)
{
    const int64_t abandoned = why->cause == CAUSE_ABANDONED ? abandoned_so_far(job) : 0;
    *delay_ms_out = backoff(why->cause == CAUSE_ABANDONED ? abandoned : job->attempt);
    if (why->cause == CAUSE_INTERRUPTED) *delay_ms_out = 0; /* our own stop: not the job's fault */
    if (is_uncounted(why)) return abandoned + 1 < QUEUE_ABANDONED_MAX;
    return cause_worth_retrying(why->cause) && job->attempt < job->attempts_max &&
           job->crashes + (why->cause == CAUSE_CRASHED) < QUEUE_CRASHES_MAX;
}

bool queue_abandoned(struct db *db, const char *lease_owner, int64_t now, struct arena *mem, struct list *out,
                     struct error *err)
{
    return db_list(db, SQL_JOB_ABANDONED, ARGS(db_text("lease_owner", lease_owner), db_int("now", now)), mem,
                   &job_shape, out, err);
}

/* ---- from outside ---- */

bool queue_cancel(struct tx *tx, const char *id, bool *ended_out, struct error *err)
{
    const struct db_args args = ARGS(db_text("id", id), db_int("now", time_now()));
    int64_t ended = 0, asked = 0;
    if (!tx_run(tx, SQL_JOB_CANCEL_QUEUED, args, &ended, err) ||
        (!ended && !tx_run(tx, SQL_JOB_REQUEST_CANCEL, args, &asked, err)))
        return false;
    if (!guarded(ended + asked, err, "the job has ended already")) return false;
    *ended_out = ended;
    return true;
}

bool queue_hold(struct tx *tx, const struct job *job, struct error *err)
{
    int64_t changed = 0;
    return tx_run(tx, SQL_JOB_HOLD, ARGS(db_text("id", job->id), db_int("now", time_now())), &changed, err) &&
           guarded(changed, err, "only a job that waits in the queue can be paused");
}

bool queue_unhold(struct tx *tx, const struct job *job, struct error *err)
{
    int64_t changed = 0, turn = 0;
    return next_turn(tx, job->owner_id, job->priority, &turn, err) &&
           tx_run(tx, SQL_JOB_UNHOLD,
                  ARGS(db_text("id", job->id), db_int("turn", turn), db_int("now", time_now())), &changed,
                  err) &&
           guarded(changed, err, "only a paused job can be resumed");
}

bool queue_set_priority(struct tx *tx, const struct job *job, int64_t priority, struct error *err)
{
    int64_t changed = 0, turn = 0;
    return next_turn(tx, job->owner_id, priority, &turn, err) &&
           tx_run(tx, SQL_JOB_SET_PRIORITY,
                  ARGS(db_text("id", job->id), db_int("priority", priority), db_int("turn", turn),
                       db_int("now", time_now())),
                  &changed, err) &&
           guarded(changed, err, "the priority can be changed while the job waits in the queue");
}

/* ---- all of it ---- */

bool queue_renew(struct db *db, const char *lease_owner, struct error *err)
{
    const int64_t now = time_now();
    return db_run(db, SQL_JOB_RENEW_ALL,
                  ARGS(db_text("lease_owner", lease_owner),
                       db_int("lease_until", now + (int64_t)QUEUE_LEASE_S * SECOND), db_int("now", now)),
                  NULL, err);
}

bool queue_paused(struct db *db, bool *out, struct error *err)
{
    int64_t paused = 0;
    if (!db_count(db, SQL_QUEUE_GET, NO_ARGS, &paused, err)) return false;
    *out = paused;
    return true;
}

bool queue_set_paused(struct tx *tx, bool paused, const char *by, struct error *err)
{
    int64_t changed = 0;
    return tx_run(tx, SQL_QUEUE_SET_PAUSED,
                  ARGS(db_int("paused", paused), db_text("by", by), db_int("now", time_now())), &changed,
                  err) &&
           guarded(changed, err, paused ? "the queue is paused already" : "the queue is not paused");
}

static bool known(bool found, struct error *err)
{
    return found || fail(err, CAUSE_NOT_FOUND, "Job not found");
}

bool queue_get(struct db *db, const char *id, struct arena *mem, struct job *out, struct error *err)
{
    bool found = false;
    return db_find(db, SQL_JOB_GET, ARGS(db_text("id", id)), mem, &job_shape, out, &found, err) &&
           known(found, err);
}

bool queue_get_in(struct tx *tx, const char *id, struct arena *mem, struct job *out, struct error *err)
{
    bool found = false;
    return tx_find(tx, SQL_JOB_GET, ARGS(db_text("id", id)), mem, &job_shape, out, &found, err) &&
           known(found, err);
}
