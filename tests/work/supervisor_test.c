/* Jobs of a toy kind through real threads and a real database; no worker program is needed. */
#include "base/text.h"
#include "base/time.h"
#include "place.h"
#include "test.h"
#include "work/crew.h"

#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

static struct error err;

/* What the toy kind does is told by the owner's name. */
struct toy {
    atomic_int runs, started, succeeded, failed, cancelled, requeued, revived, settled;
    atomic_bool hold, hold_outside;
};

static bool toy_started(struct tx *tx, struct job_run *run, struct error *e)
{
    (void)tx;
    ((struct toy *)run->app)->started++;
    return !text_is(run->job->owner_id, "misfit") || fail(e, CAUSE_CONFLICT, "its rows do not fit");
}

static bool toy_run(struct job_run *run, struct error *e)
{
    struct toy *const toy = run->app;
    const char *const what = run->job->owner_id;
    toy->runs++;
    work_tell(run, 0.5, "half", 1);
    while (toy->hold || (toy->hold_outside && text_is(run->job->kind, "outside"))) {
        struct pollfd wait = { .fd = run->cancel_fd, .events = POLLIN };
        if (poll(&wait, 1, 20) > 0) return fail(e, CAUSE_CANCELLED, "the task was cancelled");
    }
    if (text_is(what, "broken")) return fail(e, CAUSE_BAD_MEDIA, "it is broken");
    if (text_is(what, "deadly")) {
        run->trace = (struct worker_trace){ "render", 9, INT_NONE, "wall clock", "{\"x\":1}" };
        return fail(e, CAUSE_CRASHED, "it died");
    }
    if (text_is(what, "flaky") && run->job->attempt < 2) return fail(e, CAUSE_CRASHED, "it died");
    return true;
}

static struct toy *the_toy;

static bool toy_succeeded(struct tx *tx, struct job_run *run, struct error *e)
{
    (void)tx;
    ((struct toy *)run->app)->succeeded++;
    return !text_is(run->job->owner_id, "unstorable") || fail(e, CAUSE_CONFLICT, "the row is not wanted");
}

static bool toy_failed(struct tx *tx, const char *id, const struct error *why, struct error *e)
{
    (void)tx, (void)id, (void)why, (void)e;
    the_toy->failed++;
    return true;
}

static bool toy_requeued(struct tx *tx, const char *id, const struct error *why, struct error *e)
{
    (void)tx, (void)why;
    the_toy->requeued++;
    return !text_is(id, "gone") || fail(e, CAUSE_CONFLICT, "its row is gone");
}

static bool toy_cancelled(struct tx *tx, const char *id, struct error *e)
{
    (void)tx, (void)id, (void)e;
    the_toy->cancelled++;
    return true;
}

static bool toy_revived(struct tx *tx, const char *id, struct error *e)
{
    (void)tx, (void)id, (void)e;
    the_toy->revived++;
    return true;
}

static void toy_settled(struct job_run *run, bool stored)
{
    ((struct toy *)run->app)->settled += stored ? 1 : 100;
}

#define TOY_HOOKS                                                                                            \
    .attempts_max = 4, .started = toy_started, .run = toy_run, .succeeded = toy_succeeded,                   \
    .requeued = toy_requeued, .failed = toy_failed, .cancelled = toy_cancelled, .revived = toy_revived,      \
    .settled = toy_settled
static const struct job_kind toy_kind = { .name = "toy", TOY_HOOKS },
                             quick_kind = { .name = "quick", .batch = 16, TOY_HOOKS },
                             outside_kind = { .name = "outside", .outside = true, TOY_HOOKS };
static const struct job_kind *const kinds[] = { &toy_kind, &quick_kind, &outside_kind, NULL };

struct scene {
    struct place place;
    struct work *work;
    struct toy toy;
};

static void scene_cleanup(struct scene *scene)
{
    scene->toy.hold = scene->toy.hold_outside = false;
    work_close(scene->work);
    place_cleanup(&scene->place);
}

static bool scene_open_work(struct scene *scene)
{
    the_toy = &scene->toy;
    const struct work_config config = {
        .db = scene->place.db, .kinds = kinds, .app = &scene->toy, .slots = 2
    };
    return work_open(&config, &scene->work, &err);
}

static bool scene_open(struct scene *scene)
{
    return place_open(&scene->place, &err) && scene_open_work(scene);
}

struct order {
    struct work *work;
    struct queue_order order;
};

static bool order_body(struct tx *tx, void *with, struct error *e)
{
    const struct order *const o = with;
    return work_put(o->work, tx, &o->order, e);
}

static bool order_of(struct scene *scene, const char *id, const char *kind, const char *owner)
{
    struct order o = { scene->work, { .id = id, .kind = kind, .owner_id = owner } };
    const bool good = db_write(scene->place.db, order_body, &o, &err);
    work_wake(scene->work);
    return good;
}

static bool order(struct scene *scene, const char *id, const char *owner)
{
    return order_of(scene, id, "toy", owner);
}

/* Waits until the job stands in this state, at most ten seconds. */
static bool reaches(struct scene *scene, const char *id, const char *state)
{
    uint64_t seen = 0;
    for (int64_t end = time_mono() + 10 * SECOND; time_mono() < end;) {
        AUTO(arena) struct arena mem = { 0 };
        struct job job;
        if (queue_get(scene->place.db, id, &mem, &job, &err) && text_is(job.state, state)) return true;
        work_watch(scene->work, &seen, 50);
    }
    return false;
}

TEST(a_job_runs_by_itself_and_its_rows_change_with_the_queue)
{
    AUTO(scene) struct scene s = { 0 };
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "mira"));
    CHECK(reaches(&s, "a", "succeeded"));
    CHECK(s.toy.runs == 1 && s.toy.started == 1 && s.toy.succeeded == 1 && !s.toy.failed);
    for (int i = 0; i < 500 && !s.toy.settled; i++) time_sleep(10 * MS);
    CHECK_INT(s.toy.settled, 1);
}

TEST(a_hundred_jobs_each_run_once)
{
    AUTO(scene) struct scene s = { 0 };
    char id[16];
    CHECK_OK(scene_open(&s));
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "j%d", i);
        CHECK(order(&s, id, "mira"));
    }
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "j%d", i);
        CHECK(reaches(&s, id, "succeeded"));
    }
    CHECK_INT(s.toy.runs, 100);
}

static bool await_count(atomic_int *count, int wanted)
{
    for (int i = 0; i < 1000 && *count < wanted; i++) time_sleep(10 * MS);
    return *count == wanted;
}

TEST(what_waits_for_others_keeps_no_processor_and_no_other_owner_waiting)
{
    AUTO(scene) struct scene s = { 0 };
    char id[16];
    s.toy.hold_outside = true;
    CHECK_OK(scene_open(&s));
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "slow-%d", i);
        CHECK_OK(order_of(&s, id, "outside", "ann"));
    }
    CHECK(await_count(&s.toy.runs, WORK_OUTSIDE_EACH));
    CHECK_OK(order_of(&s, "slow-bob", "outside", "bob"));
    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "toy-%d", i);
        CHECK_OK(order_of(&s, id, "toy", "bob"));
    }
    CHECK(await_count(&s.toy.settled, 5));
    CHECK(await_count(&s.toy.runs, WORK_OUTSIDE_EACH + 1 + 5));
    s.toy.hold_outside = false;
    CHECK(await_count(&s.toy.settled, 11));
}

TEST(what_cannot_succeed_fails_at_once_and_what_may_is_tried_again)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(scene) struct scene s = { 0 };
    struct job job;
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "broken") && reaches(&s, "a", "failed"));
    CHECK(s.toy.runs == 1 && s.toy.failed == 1);
    CHECK_OK(queue_get(s.place.db, "a", &mem, &job, &err));
    CHECK_TEXT(job.error, "it is broken");
    CHECK(order(&s, "b", "flaky") && reaches(&s, "b", "succeeded"));
    CHECK(s.toy.runs == 3 && s.toy.requeued == 1);
}

TEST(a_result_that_cannot_be_stored_is_a_failure)
{
    AUTO(scene) struct scene s = { 0 };
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "unstorable") && reaches(&s, "a", "failed"));
    CHECK_INT(s.toy.failed, 1);
    for (int i = 0; i < 500 && !s.toy.settled; i++) time_sleep(10 * MS);
    CHECK_INT(s.toy.settled, 100); /* told that it is not stored */
}

TEST(a_running_job_shows_progress_and_is_cancelled_within_a_second)
{
    AUTO(scene) struct scene s = { 0 };
    struct work_progress progress = { 0 };
    s.toy.hold = true;
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "mira") && reaches(&s, "a", "running"));
    for (int i = 0; i < 500 && !(work_progress(s.work, "a", &progress) && progress.progress > 0); i++)
        time_sleep(10 * MS);
    CHECK_NEAR(progress.progress, 0.5, 0);
    CHECK_TEXT(progress.stage, "half");
    const int64_t began = time_mono();
    CHECK_OK(work_cancel(s.work, "a", &err));
    CHECK(reaches(&s, "a", "cancelled"));
    CHECK(time_mono() - began < SECOND);
    CHECK_INT(s.toy.cancelled, 1);
    CHECK(!work_cancel(s.work, "a", &err) && err.cause == CAUSE_CONFLICT);
    CHECK(!work_progress(s.work, "a", &progress));
    s.toy.hold = false;
    CHECK_OK(work_retry(s.work, "a", 0, &err));
    CHECK(reaches(&s, "a", "succeeded"));
    CHECK_INT(s.toy.revived, 1);
}

TEST(a_stop_interrupts_jobs_and_the_next_start_finishes_them)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(scene) struct scene s = { 0 };
    struct job job;
    s.toy.hold = true;
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "mira") && reaches(&s, "a", "running"));
    work_close(s.work);
    s.work = NULL;
    CHECK_OK(queue_get(s.place.db, "a", &mem, &job, &err));
    CHECK_TEXT(job.state, "queued");
    CHECK_TEXT(job.cause, "interrupted");
    CHECK_INT(job.attempt, 0);
    s.toy.hold = false;
    CHECK_OK(scene_open_work(&s));
    CHECK(reaches(&s, "a", "succeeded"));
}

static struct job job_now(struct scene *scene, struct arena *mem, const char *id)
{
    struct job job;
    return queue_get(scene->place.db, id, mem, &job, &err) ? job : (struct job){ .state = "gone" };
}

/* ---- cancel, wherever a job stands ---- */

static bool cancelled_in_time(struct scene *scene, const char *id)
{
    const int64_t began = time_mono();
    return work_cancel(scene->work, id, &err) && reaches(scene, id, "cancelled") &&
           time_mono() - began < SECOND;
}

TEST(a_queued_a_paused_and_a_backing_off_job_are_cancelled_at_once)
{
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "off", "deadly") && reaches(&s, "off", "queued"));
    for (int i = 0; i < 500 && !job_now(&s, &mem, "off").run_after; i++) time_sleep(5 * MS);
    CHECK(job_now(&s, &mem, "off").run_after > 0); /* backs off */
    CHECK(cancelled_in_time(&s, "off"));
    s.toy.hold = true;
    CHECK(order(&s, "1", "mira") && order(&s, "2", "mira"));
    CHECK(reaches(&s, "1", "running") && reaches(&s, "2", "running"));
    CHECK(order(&s, "a", "mira") && order(&s, "b", "mira"));
    CHECK_OK(work_pause(s.work, "b", &err));
    CHECK(cancelled_in_time(&s, "a") && cancelled_in_time(&s, "b"));
    CHECK(cancelled_in_time(&s, "1") && cancelled_in_time(&s, "2"));
    CHECK_INT(s.toy.cancelled, 5);
}

/* A cancel right behind the wake-up meets the job before, in and after its claim, and while it starts. */
TEST(a_cancel_meets_a_job_between_claim_and_run)
{
    AUTO(scene) struct scene s = { 0 };
    char id[16];
    s.toy.hold = true;
    CHECK_OK(scene_open(&s));
    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof id, "j%d", i);
        CHECK(order_of(&s, id, i % 2 ? "toy" : "quick", "mira"));
        time_sleep(i % 20 * 20);
        CHECK_MSG(cancelled_in_time(&s, id), "job %s: %s", id, err.text);
    }
    CHECK_INT(s.toy.cancelled, 200);
}

TEST(a_cancel_while_the_job_dies_is_not_slept_through)
{
    AUTO(scene) struct scene s = { 0 };
    char id[16];
    CHECK_OK(scene_open(&s));
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "j%d", i);
        CHECK(order(&s, id, "deadly"));
        time_sleep(i * 20);
        CHECK_MSG(cancelled_in_time(&s, id), "job %s: %s", id, err.text);
    }
}

/* As a cancel does that was slow to look for the run it was meant for. */
TEST(a_cancel_meant_for_an_earlier_run_does_not_end_the_next)
{
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    int at = -1;
    s.toy.hold = true;
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "mira"));
    for (int i = 0; i < 500 && !s.toy.runs; i++) time_sleep(10 * MS);
    pthread_mutex_lock(&s.work->lock);
    struct slot *const slot = crew_find(s.work, "a", &at);
    if (slot) slot->cancelled[at] = slot->signalled = true;
    const bool signalled = slot && write(slot->cancel_fd, &(uint64_t){ 1 }, sizeof(uint64_t)) > 0;
    pthread_mutex_unlock(&s.work->lock);
    CHECK(signalled);
    for (int i = 0; i < 500 && s.toy.runs < 2; i++) time_sleep(10 * MS);
    CHECK_INT(s.toy.runs, 2);
    s.toy.hold = false;
    CHECK(reaches(&s, "a", "succeeded"));
    CHECK(!s.toy.cancelled && job_now(&s, &mem, "a").attempt == 1);
}

TEST(a_job_of_a_batch_is_cancelled_before_its_turn)
{
    AUTO(scene) struct scene s = { 0 };
    char id[16];
    CHECK_OK(scene_open(&s));
    CHECK_OK(work_pause_all(s.work, true, "admin", &err));
    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof id, "j%d", i);
        CHECK(order_of(&s, id, "quick", "mira"));
    }
    s.toy.hold = true;
    CHECK_OK(work_pause_all(s.work, false, "admin", &err));
    CHECK(reaches(&s, "j15", "running") && reaches(&s, "j31", "running"));
    CHECK_OK(work_cancel(s.work, "j15", &err) && work_cancel(s.work, "j30", &err));
    s.toy.hold = false;
    CHECK(reaches(&s, "j15", "cancelled") && reaches(&s, "j30", "cancelled") &&
          reaches(&s, "j39", "succeeded"));
    CHECK(reaches(&s, "j14", "succeeded") && reaches(&s, "j31", "succeeded"));
    CHECK_INT(s.toy.runs, 38);
}

/* The job is as a killed server leaves it. */
static bool claim_of_the_dead(struct scene *scene, const char *id)
{
    const int64_t now = time_now();
    return db_run(scene->place.db, SQL_JOB_CLAIM,
                  ARGS(db_text("id", id), db_text("lease_owner", "dead"), db_int("now", now),
                       db_int("lease_until", now + SECOND)),
                  NULL, &err);
}

/* Stops the crew with these jobs queued, in a paused queue. */
static bool leave_queued(struct scene *scene, const char *const *ids)
{
    bool good = scene_open(scene) && work_pause_all(scene->work, true, "admin", &err);
    for (; good && *ids; ids++) good = order(scene, *ids, "mira");
    work_close(scene->work);
    scene->work = NULL;
    return good;
}

TEST(a_job_whose_rows_are_gone_does_not_keep_the_server_from_starting)
{
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    CHECK_OK(leave_queued(&s, (const char *[]){ "a", "gone", "z", NULL }));
    CHECK_OK(claim_of_the_dead(&s, "a") && claim_of_the_dead(&s, "gone") && claim_of_the_dead(&s, "z"));
    CHECK_OK(scene_open_work(&s));
    CHECK_TEXT(job_now(&s, &mem, "a").state, "queued");
    CHECK_TEXT(job_now(&s, &mem, "z").state, "queued");
    CHECK_TEXT(job_now(&s, &mem, "gone").state, "failed");
    CHECK_TEXT(job_now(&s, &mem, "gone").error, "its row is gone");
}

TEST(a_job_that_is_there_whenever_the_server_dies_is_parked)
{
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    CHECK_OK(leave_queued(&s, (const char *[]){ "a", NULL }));
    for (int i = 1; i <= QUEUE_ABANDONED_MAX; i++) {
        CHECK_OK(db_run(s.place.db, SQL_JOB_DUE, ARGS(db_int("now", INT64_MAX), db_int("far", INT64_MAX)),
                        NULL, &err));
        CHECK_OK(claim_of_the_dead(&s, "a"));
        CHECK_OK(scene_open_work(&s));
        const struct job job = job_now(&s, &mem, "a");
        CHECK_TEXT(job.state, i < QUEUE_ABANDONED_MAX ? "queued" : "failed");
        CHECK_INT(job.evidence.count, i);
        CHECK(job.attempt == (i == QUEUE_ABANDONED_MAX) && job.crashes == 0);
        if (i < QUEUE_ABANDONED_MAX) work_close(s.work);
    }
    CHECK_TEXT(job_now(&s, &mem, "a").cause, "abandoned");
    CHECK_INT(s.toy.failed, 1);
    CHECK_OK(work_retry(s.work, "a", 0, &err) && work_pause_all(s.work, false, "admin", &err));
    CHECK(reaches(&s, "a", "succeeded"));
}

TEST(a_cancel_asked_of_a_dead_server_is_kept)
{
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    CHECK_OK(scene_open(&s));
    CHECK_OK(work_pause_all(s.work, true, "admin", &err));
    CHECK(order(&s, "a", "mira") && order(&s, "b", "mira"));
    work_close(s.work);
    s.work = NULL;
    CHECK_OK(claim_of_the_dead(&s, "a"));
    CHECK_OK(
        db_run(s.place.db, SQL_JOB_REQUEST_CANCEL, ARGS(db_text("id", "a"), db_int("now", 1)), NULL, &err));
    CHECK_OK(scene_open_work(&s));
    CHECK_TEXT(job_now(&s, &mem, "a").state, "cancelled"); /* though the queue is paused */
    CHECK_INT(s.toy.cancelled, 1);
    CHECK_TEXT(job_now(&s, &mem, "b").state, "queued");
}

/* ---- pause ---- */

TEST(a_paused_job_is_passed_over_until_it_is_resumed)
{
    AUTO(scene) struct scene s = { 0 };
    s.toy.hold = true;
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "1", "mira") && order(&s, "2", "mira"));
    CHECK(reaches(&s, "1", "running") && reaches(&s, "2", "running"));
    CHECK(!work_pause(s.work, "1", &err) && err.cause == CAUSE_CONFLICT);
    CHECK(order(&s, "a", "mira") && order(&s, "b", "mira"));
    CHECK_OK(work_pause(s.work, "a", &err));
    s.toy.hold = false;
    AUTO(arena) struct arena mem = { 0 };
    CHECK(reaches(&s, "b", "succeeded"));
    CHECK_TEXT(job_now(&s, &mem, "a").state, "queued");
    CHECK_OK(work_resume(s.work, "a", &err));
    CHECK(reaches(&s, "a", "succeeded"));
    CHECK(!work_resume(s.work, "a", &err) && err.cause == CAUSE_CONFLICT);
}

static void *admin_main(void *with)
{
    struct scene *const scene = with;
    struct error ignored;
    for (int i = 0; i < 100; i++)
        if (!work_pause_all(scene->work, i % 2 == 0, "admin", &ignored)) continue; /* the other was faster */
    return NULL;
}

TEST(two_admins_at_once_leave_table_and_memory_the_same)
{
    AUTO(scene) struct scene s = { 0 };
    CHECK_OK(scene_open(&s));
    for (int i = 0; i < 5; i++) {
        pthread_t admins[2];
        bool stored = false;
        for (int a = 0; a < 2; a++) CHECK(pthread_create(&admins[a], NULL, admin_main, &s) == 0);
        for (int a = 0; a < 2; a++) CHECK(pthread_join(admins[a], NULL) == 0);
        CHECK_OK(queue_paused(s.place.db, &stored, &err));
        CHECK(work_load(s.work).paused == stored);
    }
}

TEST(a_paused_queue_starts_nothing_and_lets_the_running_finish)
{
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    s.toy.hold = true;
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "mira") && reaches(&s, "a", "running"));
    CHECK_OK(work_pause_all(s.work, true, "admin", &err));
    CHECK(order(&s, "b", "mira"));
    s.toy.hold = false;
    CHECK(reaches(&s, "a", "succeeded"));
    time_sleep(50 * MS);
    CHECK_TEXT(job_now(&s, &mem, "b").state, "queued");
    CHECK(work_load(s.work).paused);
    work_close(s.work);
    s.work = NULL;
    CHECK_OK(scene_open_work(&s)); /* still paused */
    time_sleep(50 * MS);
    CHECK_TEXT(job_now(&s, &mem, "b").state, "queued");
    CHECK_OK(work_pause_all(s.work, false, "admin", &err));
    CHECK(reaches(&s, "b", "succeeded"));
}

/* ---- poison ---- */

TEST(poison_is_parked_with_its_evidence_and_can_be_tried_again)
{
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "deadly") && reaches(&s, "a", "failed"));
    const struct job job = job_now(&s, &mem, "a");
    CHECK_INT(job.crashes, QUEUE_CRASHES_MAX);
    CHECK_INT(job.evidence.count, QUEUE_CRASHES_MAX);
    CHECK_INT(s.toy.requeued, QUEUE_CRASHES_MAX - 1);
    for (int i = 0; i < QUEUE_CRASHES_MAX; i++) {
        const struct evidence *const e = (const struct evidence *)job.evidence.items + i;
        CHECK_INT(e->attempt, i + 1);
        CHECK_TEXT(e->cause, "worker_crashed");
        CHECK_TEXT(e->task, "render");
        CHECK_TEXT(e->limit, "wall clock");
        CHECK_TEXT(e->input, "{\"x\":1}");
        CHECK_TEXT(e->stage, "half");
        CHECK(e->signal == 9 && e->status == INT_NONE && e->progress == 0.5);
        CHECK(e->began_at && e->ended_at >= e->began_at);
    }
    CHECK_OK(work_retry(s.work, "a", 0, &err));
    CHECK_OK(work_cancel(s.work, "a", &err));
    CHECK(reaches(&s, "a", "cancelled"));
    CHECK(job_now(&s, &mem, "a").evidence.count >= QUEUE_CRASHES_MAX); /* what was known stays known */
}

TEST(a_job_whose_rows_do_not_fit_does_not_block_the_others)
{
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "misfit") && order(&s, "b", "mira"));
    CHECK(reaches(&s, "b", "succeeded") && reaches(&s, "a", "failed"));
    CHECK_TEXT(job_now(&s, &mem, "a").error, "its rows do not fit");
    CHECK_INT(job_now(&s, &mem, "a").evidence.count, 1);
}

/* ---- many, and clocks ---- */

TEST(a_thousand_quick_jobs_each_run_once)
{
    AUTO(scene) struct scene s = { 0 };
    char id[16];
    CHECK_OK(scene_open(&s));
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "j%d", i);
        CHECK(order_of(&s, id, "quick", i % 3 ? "mira" : "ann"));
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "j%d", i);
        CHECK(reaches(&s, id, "succeeded"));
    }
    CHECK_INT(s.toy.runs, 1000);
    for (int i = 0; i < 500 && work_load(s.work).ended_hour < 1000; i++)
        time_sleep(5 * MS); /* counted once stored */
    CHECK(work_load(s.work).ended_minute <= 1000 && work_load(s.work).ended_hour == 1000);
}

static void shift_cleanup(const int64_t *shifted) { time_shift(-*shifted); }

/* Back an hour, then forward two: what runs goes on, what waits runs, nothing runs twice. */
TEST(a_jumping_clock_stalls_nothing_and_runs_nothing_twice)
{
    AUTO(shift) int64_t shifted = 0;
    AUTO(scene) struct scene s = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    s.toy.hold = true;
    CHECK_OK(scene_open(&s));
    CHECK(order(&s, "a", "mira") && reaches(&s, "a", "running"));
    time_shift(shifted = -3600LL * SECOND);
    CHECK(order(&s, "b", "mira") && reaches(&s, "b", "running"));
    time_shift(2 * 3600LL * SECOND);
    shifted = 3600LL * SECOND;
    work_wake(s.work);
    time_sleep(50 * MS);
    CHECK_INT(job_now(&s, &mem, "a").attempt, 1);
    uint64_t seen = 0;
    const int64_t began = time_mono();
    work_watch(s.work, &seen, 10);
    work_watch(s.work, &seen, 10);
    CHECK(time_mono() - began < SECOND); /* watchers wait by the monotonic clock */
    s.toy.hold = false;
    CHECK(reaches(&s, "a", "succeeded") && reaches(&s, "b", "succeeded"));
    CHECK_INT(s.toy.runs, 2);
    CHECK(order(&s, "c", "flaky"));
    for (int i = 0; i < 500 && !job_now(&s, &mem, "c").run_after; i++) time_sleep(5 * MS);
    time_shift(-3600LL * SECOND);
    shifted = 0;
    CHECK(reaches(&s, "c", "succeeded")); /* its back-off is not an hour long now */
}

TEST_MAIN
