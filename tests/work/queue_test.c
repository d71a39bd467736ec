/* The durable queue: every change of state, and who may make it. */
#include "base/text.h"
#include "base/time.h"
#include "place.h"
#include "test.h"
#include "work/queue.h"

static struct error err;

struct step {
    enum { PUT, CLAIM, SUCCEED, FAIL, AGAIN, CANCEL, REVIVE } what;
    const char *id, *owner;
    struct error why;
    struct arena *mem;
    struct job job;
    bool found;
    int64_t delay_ms;
};

static bool body(struct tx *tx, void *with, struct error *e)
{
    struct step *const s = with;
    switch (s->what) {
    case PUT:
        return queue_put(tx, s->id, "kind", "mira", 3, e);
    case CLAIM:
        return queue_claim(tx, s->owner, s->mem, &s->job, &s->found, e);
    case SUCCEED:
        return queue_succeed(tx, &s->job, e);
    case FAIL:
        return queue_fail(tx, &s->job, &s->why, e);
    case AGAIN:
        return queue_again(tx, &s->job, s->delay_ms, &s->why, e);
    case CANCEL:
        return queue_cancel(tx, s->id, &s->found, e);
    case REVIVE:
        return queue_revive(tx, s->id, e);
    }
    return false;
}

static bool put(struct place *p, const char *id)
{
    return db_write(p->db, body, &(struct step){ .what = PUT, .id = id }, &err);
}

static struct step claimed(struct place *p, struct arena *mem, const char *owner)
{
    struct step s = { .what = CLAIM, .owner = owner, .mem = mem };
    if (!db_write(p->db, body, &s, &err)) s.found = false;
    return s;
}

static const char *state(struct place *p, struct arena *mem, const char *id)
{
    struct job job;
    return queue_get(p->db, id, mem, &job, &err) ? job.state : "gone";
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
    thief.what = SUCCEED;
    thief.job.lease_owner = "somebody else";
    CHECK(!db_write(p.db, body, &thief, &err) && err.cause == CAUSE_CONFLICT);
    first.what = SUCCEED;
    CHECK_OK(db_write(p.db, body, &first, &err));
    CHECK(!db_write(p.db, body, &first, &err)); /* never twice */
    CHECK_TEXT(state(&p, &mem, "a"), "succeeded");
}

TEST(a_job_put_back_waits_for_its_time_and_keeps_the_reason)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    struct job job;
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    struct step s = claimed(&p, &mem, "me");
    s.what = AGAIN;
    s.delay_ms = 60000;
    fail(&s.why, CAUSE_CRASHED, "it died");
    CHECK_OK(db_write(p.db, body, &s, &err));
    CHECK(!claimed(&p, &mem, "me").found);
    CHECK_OK(queue_get(p.db, "a", &mem, &job, &err));
    CHECK_TEXT(job.error, "it died");
    CHECK_TEXT(job.cause, "worker_crashed");
    CHECK_INT(job.crashes, 1);
    const int64_t wait = queue_wait_us(p.db, INT64_MAX);
    CHECK(wait > 50 * SECOND && wait <= 60 * SECOND);
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
        s.what = AGAIN;
        fail(&s.why, CAUSE_INTERRUPTED, "the server stopped");
        CHECK_OK(db_write(p.db, body, &s, &err));
    }
}

TEST(what_a_dead_server_held_is_free_for_the_next)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    int64_t count = 0;
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a") && put(&p, "b"));
    CHECK(claimed(&p, &mem, "dead").found);
    CHECK_OK(queue_recover(p.db, "alive", &count, &err));
    CHECK_INT(count, 1);
    CHECK(claimed(&p, &mem, "alive").found && claimed(&p, &mem, "alive").found &&
          !claimed(&p, &mem, "alive").found);
    CHECK_OK(queue_recover(p.db, "alive", &count, &err));
    CHECK_INT(count, 0); /* its own stay */
}

TEST(cancel_ends_a_queued_job_and_asks_a_running_one)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    struct job job;
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    struct step running = claimed(&p, &mem, "me");
    CHECK(running.found && put(&p, "b"));
    struct step cancel = { .what = CANCEL, .id = "b" };
    CHECK_OK(db_write(p.db, body, &cancel, &err));
    CHECK(cancel.found);
    CHECK_TEXT(state(&p, &mem, "b"), "cancelled");
    cancel = (struct step){ .what = CANCEL, .id = "a" };
    CHECK_OK(db_write(p.db, body, &cancel, &err));
    CHECK(!cancel.found);
    CHECK_OK(queue_get(p.db, "a", &mem, &job, &err));
    CHECK(job.cancel_requested && text_is(job.state, "running"));
    running.what = SUCCEED;
    CHECK_OK(db_write(p.db, body, &running, &err));
    CHECK(!db_write(p.db, body, &cancel, &err) && err.cause == CAUSE_CONFLICT);
}

TEST(only_failed_and_cancelled_jobs_are_revived_with_fresh_counters)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    struct step revive = { .what = REVIVE, .id = "a" };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    CHECK(!db_write(p.db, body, &revive, &err) && err.cause == CAUSE_CONFLICT);
    struct step s = claimed(&p, &mem, "me");
    s.what = FAIL;
    fail(&s.why, CAUSE_BAD_MEDIA, "broken");
    CHECK_OK(db_write(p.db, body, &s, &err));
    CHECK_TEXT(state(&p, &mem, "a"), "failed");
    CHECK_OK(db_write(p.db, body, &revive, &err));
    CHECK_INT(claimed(&p, &mem, "me").job.attempt, 1);
}

TEST(retries_back_off_and_end)
{
    struct job job = { .attempts_max = 4 };
    struct error crash = { .cause = CAUSE_CRASHED }, broken = { .cause = CAUSE_BAD_MEDIA };
    int64_t delay = 0;
    for (job.attempt = 1; job.attempt < 4; job.attempt++) {
        const int64_t middle = QUEUE_BACKOFF_FIRST_MS << (job.attempt - 1);
        CHECK(queue_may_retry(&job, &crash, &delay));
        CHECK(delay >= middle * 3 / 4 && delay <= middle * 5 / 4);
    }
    CHECK(!queue_may_retry(&job, &crash, &delay)); /* attempts used up */
    job.attempt = 1;
    CHECK(!queue_may_retry(&job, &broken, &delay)); /* would fail again */
    job.crashes = QUEUE_CRASHES_MAX - 1;
    CHECK(!queue_may_retry(&job, &crash, &delay)); /* poison */
}

TEST(a_lease_that_ran_out_is_taken_over)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p, &err));
    CHECK(put(&p, "a"));
    struct step old = claimed(&p, &mem, "slow");
    CHECK_OK(db_run(p.db, SQL_JOB_RENEW_ALL,
                    ARGS(db_text("lease_owner", "slow"), db_int("lease_until", 1), db_int("now", 1)), NULL,
                    &err));
    struct step taken = claimed(&p, &mem, "quick");
    CHECK(taken.found);
    CHECK_INT(taken.job.crashes, 1);
    old.what = SUCCEED;
    CHECK(!db_write(p.db, body, &old, &err)); /* too late */
}

TEST_MAIN
