/* The durable queue: every change of state, who may make it, in which order jobs come. */
#include "base/text.h"
#include "base/time.h"
#include "place.h"
#include "store/sqlite.h"
#include "test.h"
#include "work/queue.h"

static struct error err;

enum what { CLAIM, SUCCEED, CANCELLED, FAIL, AGAIN, CANCEL, REVIVE, HOLD, UNHOLD, PRIORITY, WHAT_COUNT };

struct step {
    enum what what;
    const char *owner; /* of the lease */
    struct error why;
    struct arena *mem;
    struct job job;
    bool found;
    int64_t delay_ms, wait_us, priority;
};

static const struct queue_pick all = { .outside_kinds = "" };

static bool claim_first(struct tx *tx, struct step *s, struct error *e)
{
    struct list jobs;
    if (!queue_due(tx, e) || !queue_first(tx, &all, 1, s->mem, &jobs, e) ||
        !queue_wait_us(tx, &s->wait_us, e))
        return false;
    s->found = jobs.count == 1;
    if (s->found) s->job = *(const struct job *)jobs.items;
    return !s->found || queue_claim(tx, s->owner, &s->job, e);
}

static bool body(struct tx *tx, void *with, struct error *e)
{
    struct step *const s = with;
    const struct evidence evidence = {
        .attempt = s->job.attempt, .cause = "worker_crashed", .signal = 9, .status = INT_NONE,
        .stage = "render"
    };
    switch (s->what) {
    case CLAIM:
        return claim_first(tx, s, e);
    case SUCCEED:
        return queue_succeed(tx, &s->job, e);
    case CANCELLED:
        return queue_cancelled(tx, &s->job, e);
    case FAIL:
        return queue_fail(tx, &s->job, &s->why, &evidence, e);
    case AGAIN:
        return queue_again(tx, &s->job, s->delay_ms, &s->why, &evidence, e);
    case CANCEL:
        return queue_cancel(tx, s->job.id, &s->found, e);
    case REVIVE:
        return queue_revive(tx, &s->job, s->priority, e);
    case HOLD:
        return queue_hold(tx, &s->job, e);
    case UNHOLD:
        return queue_unhold(tx, &s->job, e);
    case PRIORITY:
        return queue_set_priority(tx, &s->job, s->priority, e);
    case WHAT_COUNT:
        break;
    }
    return false;
}

static bool take(struct place *p, struct step *step, enum what what)
{
    step->what = what;
    return db_write(p->db, body, step, &err);
}

static bool put_body(struct tx *tx, void *with, struct error *e) { return queue_put(tx, with, e); }

static bool put_for(struct place *p, const char *id, const char *owner, int64_t priority)
{
    struct queue_order order = {
        .id = id, .kind = "kind", .owner_id = owner, .priority = priority, .attempts_max = 3
    };
    return db_write(p->db, put_body, &order, &err);
}

static bool put(struct place *p, const char *id) { return put_for(p, id, "mira", 0); }

static struct step claimed(struct place *p, struct arena *mem, const char *owner)
{
    struct step s = { .owner = owner, .mem = mem };
    if (!take(p, &s, CLAIM)) s.found = false;
    fail(&s.why, CAUSE_CRASHED, "it died");
    return s;
}

/* What a step from outside needs: the job as it stands. */
static struct step about(struct place *p, struct arena *mem, const char *id)
{
    struct step s = { .mem = mem, .owner = "me" };
    fail(&s.why, CAUSE_CRASHED, "it died");
    if (!queue_get(p->db, id, mem, &s.job, &err)) s.job = (struct job){ .id = id, .state = "gone" };
    return s;
}

static const char *state(struct place *p, struct arena *mem, const char *id)
{
    return about(p, mem, id).job.state;
}

/* The ids in the order they are claimed, each with a space behind. */
static const char *order_of_claims(struct place *p, struct arena *mem, int count)
{
    AUTO(buf) struct buf text = BUF(1 << 16);
    for (int i = 0; i < count; i++) {
        const struct step s = claimed(p, mem, "me");
        buf_printf(&text, "%s ", s.found ? s.job.id : "none");
    }
    return arena_text(mem, buf_str(&text));
}

TEST(jobs_are_claimed_once_in_order_and_finished_by_their_owner)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a") && put(&p, "b"));
    struct step first = claimed(&p, &mem, "me"), second = claimed(&p, &mem, "me"),
                none = claimed(&p, &mem, "me");
    CHECK(first.found && second.found && !none.found);
    CHECK_TEXT(first.job.id, "a");
    CHECK_TEXT(first.job.state, "running");
    CHECK_INT(first.job.attempt, 1);
    struct step thief = first;
    thief.job.lease_owner = "somebody else";
    CHECK(!take(&p, &thief, SUCCEED) && err.cause == CAUSE_CONFLICT);
    CHECK_OK(take(&p, &first, SUCCEED));
    CHECK(!take(&p, &first, SUCCEED)); /* never twice */
    CHECK_TEXT(state(&p, &mem, "a"), "succeeded");
}

TEST(a_job_put_back_waits_for_its_time_and_keeps_the_reason)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    struct step s = claimed(&p, &mem, "me");
    s.delay_ms = 60000;
    CHECK_OK(take(&p, &s, AGAIN));
    const struct step none = claimed(&p, &mem, "me");
    CHECK(!none.found);
    CHECK(none.wait_us > 50 * SECOND && none.wait_us <= 60 * SECOND);
    const struct job job = about(&p, &mem, "a").job;
    CHECK_TEXT(job.error, "it died");
    CHECK_TEXT(job.cause, "worker_crashed");
    CHECK_INT(job.crashes, 1);
    CHECK_INT(job.evidence.count, 1);
    CHECK_TEXT(((const struct evidence *)job.evidence.items)->stage, "render");
    CHECK_INT(((const struct evidence *)job.evidence.items)->signal, 9);
}

TEST(evidence_keeps_the_last_attempts)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    for (int i = 0; i < QUEUE_EVIDENCE_MAX + 5; i++) {
        struct step s = claimed(&p, &mem, "me");
        CHECK(s.found && take(&p, &s, AGAIN));
    }
    const struct job job = about(&p, &mem, "a").job;
    const struct evidence *const items = job.evidence.items;
    CHECK_INT(job.evidence.count, QUEUE_EVIDENCE_MAX);
    CHECK_INT(items[0].attempt, 6);
    CHECK_INT(items[QUEUE_EVIDENCE_MAX - 1].attempt, QUEUE_EVIDENCE_MAX + 5);
}

TEST(an_interruption_costs_no_attempt)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    for (int i = 0; i < 10; i++) {
        struct step s = claimed(&p, &mem, "me");
        CHECK(s.found);
        CHECK_INT(s.job.attempt, 1);
        fail(&s.why, CAUSE_INTERRUPTED, "the server stopped");
        CHECK_OK(take(&p, &s, AGAIN));
    }
}

/* ---- states ---- */

/* Brings a new job called `id` into a state. */
static bool bring(struct place *p, struct arena *mem, const char *id, const char *to)
{
    if (!put(p, id)) return false;
    struct step s = about(p, mem, id);
    if (text_is(to, "queued")) return true;
    if (text_is(to, "held")) return take(p, &s, HOLD);
    s = claimed(p, mem, "me");
    if (!s.found || !text_is(s.job.id, id)) return false;
    if (text_is(to, "running")) return true;
    return take(p, &s, text_is(to, "succeeded") ? SUCCEED : text_is(to, "failed") ? FAIL : CANCELLED);
}

/* Every step from every state: the allowed ones lead where they should, the others are conflicts and change
 * nothing. */
TEST(each_step_is_allowed_from_its_states_alone)
{
    static const char *const states[] = { "queued", "held", "running", "succeeded", "failed", "cancelled" };
    static const char *const leads[WHAT_COUNT][6] = {
        /*               queued       held         running      succeeded failed    cancelled */
        [SUCCEED] = { NULL, NULL, "succeeded", NULL, NULL, NULL },
        [CANCELLED] = { NULL, NULL, "cancelled", NULL, NULL, NULL },
        [FAIL] = { NULL, NULL, "failed", NULL, NULL, NULL },
        [AGAIN] = { NULL, NULL, "queued", NULL, NULL, NULL },
        [CANCEL] = { "cancelled", "cancelled", "running", NULL, NULL, NULL },
        [REVIVE] = { NULL, NULL, NULL, NULL, "queued", "queued" },
        [HOLD] = { "queued", NULL, NULL, NULL, NULL, NULL },
        [UNHOLD] = { NULL, "queued", NULL, NULL, NULL, NULL },
        [PRIORITY] = { "queued", "queued", NULL, NULL, NULL, NULL },
    };
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    for (int what = SUCCEED; what < WHAT_COUNT; what++)
        for (size_t from = 0; from < COUNT_OF(states); from++) {
            const char *const id = arena_printf(&mem, "%d-%zu", what, from);
            CHECK_MSG(bring(&p, &mem, id, states[from]), "to %s: %s", states[from], err.text);
            struct step s = about(&p, &mem, id);
            if (!s.job.lease_owner) s.job.lease_owner = "me";
            const char *const before = s.job.state;
            const bool done = take(&p, &s, (enum what)what);
            const char *const wanted = leads[what][from];
            CHECK_MSG(done == (wanted != NULL), "step %d from %s: %s", what, states[from], err.text);
            CHECK(done || err.cause == CAUSE_CONFLICT);
            CHECK_TEXT(state(&p, &mem, id), wanted ? wanted : before);
            if (text_is(state(&p, &mem, id), "queued")) CHECK(take(&p, &s, CANCEL)); /* out of the way */
        }
}

TEST(what_a_dead_server_held_is_seen_as_abandoned)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a") && claimed(&p, &mem, "dead").found);
    CHECK(put(&p, "b") && claimed(&p, &mem, "alive").found);
    struct list jobs;
    const struct db_args at_once = ARGS(db_text("lease_owner", "alive"), db_int("now", INT64_MAX)),
                         in_time = ARGS(db_text("lease_owner", "alive"), db_int("now", time_now()));
    CHECK_OK(db_list(p.db, SQL_JOB_ABANDONED, at_once, &mem, &job_shape, &jobs, &err));
    CHECK_INT(jobs.count, 1);
    CHECK_TEXT(((const struct job *)jobs.items)->id, "a"); /* its own stay */
    CHECK_OK(db_list(p.db, SQL_JOB_ABANDONED, in_time, &mem, &job_shape, &jobs, &err));
    CHECK_INT(jobs.count, 0); /* the lease is still good */
}

TEST(a_cancelled_run_is_not_queued_again)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    struct step s = claimed(&p, &mem, "me");
    CHECK_OK(take(&p, &s, CANCEL));
    CHECK(!s.found); /* asked, not ended */
    CHECK(about(&p, &mem, "a").job.cancel_requested);
    CHECK(!take(&p, &s, AGAIN) && err.cause == CAUSE_CONFLICT);
    CHECK_OK(take(&p, &s, CANCELLED));
    CHECK_OK(take(&p, &s, REVIVE));
    CHECK_INT(claimed(&p, &mem, "me").job.attempt, 1); /* fresh counters */
}

/* Priority of a job after it was cancelled and revived by somebody who may give `most`. */
static int64_t revived(struct place *p, struct arena *mem, const char *id, int64_t most)
{
    struct step s = about(p, mem, id);
    s.priority = most;
    return take(p, &s, CANCEL) && take(p, &s, REVIVE) ? about(p, mem, id).job.priority : INT64_MIN;
}

TEST(a_revived_job_keeps_no_higher_priority_than_may_be_given)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put_for(&p, "high", "mira", 7) && put_for(&p, "low", "mira", -3) &&
          put_for(&p, "plain", "mira", 0));
    CHECK_INT(revived(&p, &mem, "high", QUEUE_PRIORITY_MAX), 7);
    CHECK_INT(revived(&p, &mem, "high", QUEUE_PRIORITY_OPEN), 0);
    CHECK_INT(revived(&p, &mem, "low", QUEUE_PRIORITY_OPEN), -3);
    CHECK_TEXT(order_of_claims(&p, &mem, 3), "plain high low "); /* at the end of the line of its priority */
}

TEST(attempts_that_ended_with_the_server_are_few)
{
    struct evidence past[QUEUE_ABANDONED_MAX];
    struct job job = { .attempts_max = 1, .attempt = 1, .started_at = 10, .evidence = { past, 0 } };
    const struct error gone = { .cause = CAUSE_ABANDONED }, stop = { .cause = CAUSE_INTERRUPTED };
    int64_t delay = -1;
    for (size_t i = 0; i < QUEUE_ABANDONED_MAX; i++)
        past[i] = (struct evidence){ .cause = cause_code(CAUSE_ABANDONED), .began_at = 10 };
    CHECK(queue_may_retry(&job, &gone, &delay) && delay == 0); /* the first is tried again at once */
    for (job.evidence.count = 1; job.evidence.count + 1 < QUEUE_ABANDONED_MAX; job.evidence.count++) {
        const int64_t middle = QUEUE_BACKOFF_FIRST_MS << (job.evidence.count - 1);
        CHECK(queue_may_retry(&job, &gone, &delay));
        CHECK(delay >= middle * 3 / 4 && delay <= middle * 5 / 4);
    }
    CHECK(!queue_may_retry(&job, &gone, &delay));
    CHECK(queue_may_retry(&job, &stop, &delay) && delay == 0);
    past[0].cause = cause_code(CAUSE_INTERRUPTED);
    CHECK(queue_may_retry(&job, &gone, &delay));
    past[0].cause = cause_code(CAUSE_ABANDONED);
    job.started_at = 11; /* somebody asked for it again since */
    CHECK(queue_may_retry(&job, &gone, &delay) && delay == 0);
}

TEST(retries_back_off_and_end)
{
    struct job job = { .attempts_max = 4 };
    struct error crash = { .cause = CAUSE_CRASHED }, broken = { .cause = CAUSE_BAD_MEDIA };
    int64_t delay = 0, least = INT64_MAX, most = 0;
    for (job.attempt = 1; job.attempt < 4; job.attempt++) {
        const int64_t middle = QUEUE_BACKOFF_FIRST_MS << (job.attempt - 1);
        CHECK(queue_may_retry(&job, &crash, &delay));
        CHECK(delay >= middle * 3 / 4 && delay <= middle * 5 / 4);
    }
    CHECK(!queue_may_retry(&job, &crash, &delay)); /* attempts used up */
    job.attempt = 1;
    for (int i = 0; i < 100; i++) { /* many at once do not come back at once */
        CHECK(queue_may_retry(&job, &crash, &delay));
        if (delay < least) least = delay;
        if (delay > most) most = delay;
    }
    CHECK(most - least > QUEUE_BACKOFF_FIRST_MS / 4);
    CHECK(!queue_may_retry(&job, &broken, &delay)); /* would fail again */
    job.crashes = QUEUE_CRASHES_MAX - 1;
    CHECK(!queue_may_retry(&job, &crash, &delay)); /* poison */
    job = (struct job){ .attempts_max = 1000, .attempt = 500 };
    const struct error full = { .cause = CAUSE_NO_SPACE };
    CHECK(queue_may_retry(&job, &full, &delay) && delay <= (int64_t)QUEUE_BACKOFF_MAX_MS * 5 / 4);
}

/* The causes table alone says what is worth another attempt. */
TEST(every_cause_is_retried_as_its_row_says)
{
    const struct job job = { .attempts_max = 4, .attempt = 1 };
    for (int cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
        const struct error why = { .cause = (enum cause)cause };
        int64_t delay = -1;
        CHECK_INT(queue_may_retry(&job, &why, &delay), cause_worth_retrying(why.cause));
    }
}

/* ---- order ---- */

TEST(priority_comes_first_then_turns_then_age)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put_for(&p, "low", "ann", -5) && put_for(&p, "a1", "ann", 0) && put_for(&p, "a2", "ann", 0) &&
          put_for(&p, "b1", "bob", 0) && put_for(&p, "high", "bob", 7));
    CHECK_TEXT(order_of_claims(&p, &mem, 6), "high a1 b1 a2 low none ");
}

TEST(a_thousand_jobs_of_one_owner_delay_another_by_one)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    char id[16];
    CHECK_OK(place_open(&p, &err));
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "a%04d", i);
        CHECK(put_for(&p, id, "ann", 0));
    }
    CHECK_TEXT(order_of_claims(&p, &mem, 2), "a0000 a0001 ");
    CHECK(put_for(&p, "b1", "bob", 0));
    CHECK_TEXT(order_of_claims(&p, &mem, 2), "a0002 b1 ");
    CHECK(put_for(&p, "b2", "bob", 0) && put_for(&p, "b3", "bob", 0) && put_for(&p, "c1", "cy", 0));
    CHECK_TEXT(order_of_claims(&p, &mem, 6), "a0003 b2 c1 a0004 b3 a0005 ");
}

/* Ten owners of very different appetite: whoever waits gets the same share. */
TEST(owners_share_the_slots_evenly)
{
    enum { OWNERS = 10, ROUNDS = 20 };
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    char id[16], owner[16];
    int got[OWNERS] = { 0 };
    CHECK_OK(place_open(&p, &err));
    for (int o = 0; o < OWNERS; o++)
        for (int i = 0; i < ROUNDS * (o + 1); i++) {
            snprintf(id, sizeof id, "%d-%d", o, i);
            snprintf(owner, sizeof owner, "owner%d", o);
            CHECK(put_for(&p, id, owner, 0));
        }
    for (int i = 0; i < OWNERS * ROUNDS; i++) {
        const struct step s = claimed(&p, &mem, "me");
        CHECK(s.found);
        got[atoi(s.job.id)]++;
    }
    for (int o = 0; o < OWNERS; o++) CHECK_INT(got[o], ROUNDS);
}

TEST(a_retry_keeps_its_place_and_a_resumed_job_goes_to_the_end)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a") && put(&p, "b") && put(&p, "c"));
    struct step s = claimed(&p, &mem, "me");
    CHECK_OK(take(&p, &s, AGAIN));
    CHECK_TEXT(order_of_claims(&p, &mem, 1), "a ");
    s = about(&p, &mem, "b");
    CHECK_OK(take(&p, &s, HOLD));
    CHECK_TEXT(order_of_claims(&p, &mem, 2), "c none ");
    CHECK(put(&p, "d"));
    CHECK_OK(take(&p, &s, UNHOLD));
    CHECK_TEXT(order_of_claims(&p, &mem, 3), "d b none ");
}

TEST(a_changed_priority_changes_the_order)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a") && put(&p, "b"));
    struct step s = about(&p, &mem, "b");
    s.priority = 10;
    CHECK_OK(take(&p, &s, PRIORITY));
    CHECK_TEXT(order_of_claims(&p, &mem, 2), "b a ");
    CHECK(put(&p, "c"));
    s = about(&p, &mem, "c");
    s.priority = QUEUE_PRIORITY_MAX + 1;
    CHECK(!take(&p, &s, PRIORITY) && err.cause == CAUSE_INVALID); /* the table has the last word */
}

/* ---- clocks ---- */

static void shift_cleanup(const int64_t *shifted) { time_shift(-*shifted); }

TEST(a_clock_put_back_an_hour_stalls_no_back_off)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    AUTO(shift) int64_t shifted = 0;
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a") && put(&p, "b"));
    struct step s = claimed(&p, &mem, "me");
    s.delay_ms = 1000;
    CHECK_OK(take(&p, &s, AGAIN));
    CHECK_TEXT(order_of_claims(&p, &mem, 2), "b none ");
    time_shift(shifted = -3600LL * SECOND);
    CHECK_TEXT(order_of_claims(&p, &mem, 1), "a ");
    CHECK(put(&p, "c")); /* what comes after the jump runs as well */
    CHECK_TEXT(order_of_claims(&p, &mem, 1), "c ");
}

TEST(a_clock_put_forward_gives_nobody_a_job_that_is_held)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    AUTO(shift) int64_t shifted = 0;
    struct list jobs;
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    struct step s = claimed(&p, &mem, "me");
    time_shift(shifted = 24 * 3600LL * SECOND);
    CHECK_TEXT(order_of_claims(&p, &mem, 1), "none ");
    CHECK_OK(db_list(p.db, SQL_JOB_ABANDONED, ARGS(db_text("lease_owner", "me"), db_int("now", time_now())),
                     &mem, &job_shape, &jobs, &err));
    CHECK_INT(jobs.count, 0); /* a server does not take its own lease for lost */
    CHECK_OK(queue_renew(p.db, "me", &err));
    CHECK(about(&p, &mem, "a").job.lease_until > time_now());
    CHECK_OK(take(&p, &s, SUCCEED));
}

/* ---- the whole queue ---- */

static bool pause_body(struct tx *tx, void *with, struct error *e)
{
    return queue_set_paused(tx, *(bool *)with, "admin", e);
}

TEST(a_paused_queue_stays_paused_over_a_restart)
{
    AUTO(place) struct place p = { 0 };
    bool on = true, off = false, paused = true;
    CHECK_OK(place_open(&p, &err));
    CHECK_OK(queue_paused(p.db, &paused, &err));
    CHECK(!paused);
    CHECK(!db_write(p.db, pause_body, &off, &err) && err.cause == CAUSE_CONFLICT);
    CHECK_OK(db_write(p.db, pause_body, &on, &err));
    CHECK(!db_write(p.db, pause_body, &on, &err) && err.cause == CAUSE_CONFLICT);
    db_close(p.db);
    p.db = NULL;
    CHECK_OK(db_open(p.path, &p.db, &err));
    CHECK_OK(queue_paused(p.db, &paused, &err));
    CHECK(paused);
    CHECK_OK(db_write(p.db, pause_body, &off, &err));
}

static bool script(const char *path, const char *text)
{
    struct sqlite *lite = NULL;
    const bool good = sqlite_open(path, SQLITE_WRITING, &lite, &err) && sqlite_script(lite, text, &err);
    sqlite_close(lite);
    return good;
}

/* The quickest of many claims: what else the machine does is not the queue's. With 100 times as many jobs one
 * may take a few steps more, not 100 times as many. */
static double claim_us(int count)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    enum { CLAIMS = 200 };
    if (!place_open(&p, &err)) return -1;
    const char *const fill = arena_printf(
        &mem,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO jobs "
        "(id, kind, owner_id, turn, created_at, updated_at) SELECT 'j' || i, 'kind', 'o' || (i %% 7), i / 7, "
        "i, i FROM n",
        count);
    db_close(p.db);
    p.db = NULL;
    if (!script(p.path, fill) || !db_open(p.path, &p.db, &err)) return -1;
    if (!claimed(&p, &mem, "me").found) return -1;
    int64_t least = INT64_MAX;
    for (int i = 0; i < CLAIMS; i++) {
        const int64_t began = time_mono();
        if (!claimed(&p, &mem, "me").found) return -1;
        const int64_t took = time_mono() - began;
        if (took < least) least = took;
    }
    return (double)least;
}

TEST(a_claim_does_not_read_the_whole_queue)
{
    const double few = claim_us(1000), many = claim_us(100 * 1000);
    CHECK_MSG(few > 0 && many > 0, "%s", err.text);
    CHECK_MSG(many < few * 5 + 500, "%.0f us per claim with 1000 jobs, %.0f us with 100000", few, many);
}

TEST_MAIN
