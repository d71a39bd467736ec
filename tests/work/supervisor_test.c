/* Jobs of a toy kind through real threads and a real database; no worker program is needed. */
#include "base/text.h"
#include "base/time.h"
#include "place.h"
#include "test.h"
#include "work/supervisor.h"

#include <poll.h>
#include <stdatomic.h>

static struct error err;

/* What the toy kind does is told by the owner's name. */
struct toy {
    atomic_int runs, started, succeeded, failed, cancelled, requeued;
    atomic_bool hold;
};

static bool toy_started(struct tx *tx, struct job_run *run, struct error *e)
{
    (void)tx;
    (void)e;
    ((struct toy *)run->app)->started++;
    return true;
}

static bool toy_run(struct job_run *run, struct error *e)
{
    struct toy *const toy = run->app;
    const char *const what = run->job->owner_id;
    toy->runs++;
    work_tell(run, 0.5, "half", 1);
    while (toy->hold) {
        struct pollfd wait = { .fd = run->cancel_fd, .events = POLLIN };
        if (poll(&wait, 1, 20) > 0) return fail(e, CAUSE_CANCELLED, "the task was cancelled");
    }
    if (text_is(what, "broken")) return fail(e, CAUSE_BAD_MEDIA, "it is broken");
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
    (void)tx, (void)id, (void)why, (void)e;
    the_toy->requeued++;
    return true;
}

static bool toy_cancelled(struct tx *tx, const char *id, struct error *e)
{
    (void)tx, (void)id, (void)e;
    the_toy->cancelled++;
    return true;
}

static const struct job_kind toy_kind = { "toy",        3,          toy_started,  toy_run, toy_succeeded,
                                          toy_requeued, toy_failed, toy_cancelled };
static const struct job_kind *const kinds[] = { &toy_kind, NULL };

struct scene {
    struct place place;
    struct work *work;
    struct toy toy;
};

static void scene_cleanup(struct scene *scene)
{
    scene->toy.hold = false;
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
    const char *id, *owner;
};

static bool order_body(struct tx *tx, void *with, struct error *e)
{
    const struct order *const o = with;
    return work_put(o->work, tx, o->id, "toy", o->owner, e);
}

static bool order(struct scene *scene, const char *id, const char *owner)
{
    struct order o = { scene->work, id, owner };
    const bool good = db_write(scene->place.db, order_body, &o, &err);
    work_wake(scene->work);
    return good;
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
    CHECK_OK(work_retry(s.work, "a", NULL, &err));
    CHECK(reaches(&s, "a", "succeeded"));
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

TEST_MAIN
