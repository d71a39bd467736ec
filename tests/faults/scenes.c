/* Fault injection: the core scenes, each with every call into the system, every allocation and every SQL step
 * failing once, in turn. `scenes STUB [WORDS]` tries an even sample, `scenes STUB all [WORDS]` everything.
 *
 * Small allocations from arenas end the process by design (base/arena.h): that counts as a crash, after which
 * nothing may be missing. */
#include "trial.h"

#include "agent/repair.h"
#include "base/text.h"
#include "base/time.h"
#include "consistency.h"
#include "library/trash.h"
#include "library/universe.h"
#include "library/user.h"
#include "store/migrate.h"
#include "store/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char universe_id[] = "11111111-1111-4111-8111-111111111111";

/* ---- people and universes ---- */

static bool register_ann(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    static const char *roles[] = { "creator" };
    const struct register_in in = { .username = "ann", .password = "a long password" };
    struct user user;
    return user_register(&world->lib, &mem, &in, &(struct texts){ roles, 1 }, &user, err);
}

static bool log_in(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct login_in in = { .username = "ann", .password = "a long password" };
    struct user user;
    return user_login(&world->lib, &mem, &in, &user, err);
}

static bool create_universe(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct universe_in in = { .id = universe_id, .name = "world" };
    struct universe universe;
    return universe_create(&world->lib, &mem, &world_actor, &in, &universe, err);
}

static bool drop_universe(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    return universe_drop(&world->lib, &mem, &world_actor, universe_id, err);
}

/* ---- opening ---- */

static bool open_all(struct world *world, struct error *err)
{
    char data[256];
    snprintf(data, sizeof data, "%s", world->data);
    return world_open(world, data, true, err);
}

/* A server that was killed: a clip that runs, a file without a row, a deletion under way. */
static bool leave_work(struct world *world, struct error *err)
{
    AUTO(fd) int fd = -1;
    if (!world_upload(world, err) || !world_start_job(world, "mock", err) || !world_await_jobs(world, err) ||
        !world_start_job(world, "local", err) || !world_await_running(world, err) ||
        !blob_draft(&world->lib.blobs, &fd, err))
        return false;
    char clip[256];
    store_ask_text(world->data, "SELECT local_path FROM video_jobs WHERE status = 'completed'", clip,
                   sizeof clip);
    if (!blob_keep(&world->lib.blobs, &(struct blob){ "images/stray.png", fd }, 1, err) ||
        !blob_condemn(&world->lib.blobs, &(struct blob){ clip, -1 }, 1, err))
        return false;
    _exit(EXIT_SUCCESS);
}

static bool one_step_back(struct world *world, struct error *err)
{
    char path[300];
    if (!create_universe(world, err)) return false;
    snprintf(path, sizeof path, "%s/umam.db", world->data);
    world_close(world);
    return migrate_down(path, migrations_count - 1, err);
}

static bool open_library(struct world *world, struct error *err)
{
    char data[256];
    snprintf(data, sizeof data, "%s", world->data);
    return world_open(world, data, false, err);
}

/* ---- jobs ---- */

/* The one there is. */
static void job_id(const struct world *world, char out[40])
{
    points_aside = true;
    store_ask_text(world->data, "SELECT id FROM video_jobs", out, 40);
    points_aside = false;
}

static bool ended_well(struct world *world, struct error *err)
{
    char why[256];
    if (!world_await_jobs(world, err)) return false;
    points_aside = true;
    store_ask_text(world->data, "SELECT error_message FROM video_jobs WHERE status = 'failed'", why,
                   sizeof why);
    const bool good =
        store_ask(world->data, "SELECT COUNT(*) FROM video_jobs WHERE status = 'completed'") > 0;
    points_aside = false;
    return good || fail(err, CAUSE_UNAVAILABLE, "the job failed: %s", why);
}

static bool make_clip(struct world *world, struct error *err)
{
    return world_start_job(world, "mock", err) && ended_well(world, err);
}

static bool start_endless(struct world *world, struct error *err)
{
    return world_start_job(world, "local", err) && world_await_running(world, err);
}

static bool cancel(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct video_job job;
    char id[40];
    job_id(world, id);
    return generation_cancel(&world->gen, &mem, &world_actor, id, &job, err) && world_await_jobs(world, err);
}

static bool cancelled_clip(struct world *world, struct error *err)
{
    return start_endless(world, err) && cancel(world, err) &&
           store_ask(world->data, "UPDATE video_jobs SET provider = 'mock'") == 0;
}

static bool retry(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct video_job job;
    char id[40];
    job_id(world, id);
    if (!video_job_get(&world->lib, &mem, &world_actor, id, &job, err)) return false;
    const bool under_way = text_is(job.status, "pending") || text_is(job.status, "processing");
    return (under_way || generation_retry(&world->gen, &mem, &world_actor, id, &job, err)) &&
           ended_well(world, err);
}

static bool drop_job(struct world *world, struct error *err)
{
    char id[40];
    job_id(world, id);
    return video_job_drop(&world->lib, &world_actor, id, NULL, err);
}

static bool dropped_job(struct world *world, struct error *err)
{
    return make_clip(world, err) && drop_job(world, err);
}

static bool purge(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct trash_purge done;
    const int64_t before = time_now() + 3600 * (int64_t)SECOND; /* clocks may go back a little */
    return trash_purge(&world->lib, &mem, before, "ann", NULL, NULL, &done, err);
}

/* ---- files that are looked at ---- */

static bool looked_at(struct world *world, struct error *err)
{
    char why[256];
    points_aside = true;
    store_ask_text(world->data, "SELECT status_reason FROM media_assets WHERE status = 'failed'", why,
                   sizeof why);
    points_aside = false;
    return !why[0] || fail(err, CAUSE_UNAVAILABLE, "the look failed: %s", why);
}

static bool take(struct world *world, struct error *err)
{
    return world_take(world, err) && looked_at(world, err);
}

static bool look_again(struct world *world, struct error *err)
{
    char id[40], poster[256];
    points_aside = true;
    store_ask_text(world->data, "SELECT asset_id FROM derivatives", id, sizeof id);
    store_ask_text(world->data, "SELECT name FROM derivatives", poster, sizeof poster);
    points_aside = false;
    struct check_fault fault = { check_kind_names[CHECK_DERIVATIVE], poster, id, "" };
    struct check_report report = { .faults = { .items = &fault, .count = 1 } };
    return repair_derivatives(&world->gen, &report, err) && world_await_jobs(world, err) &&
           looked_at(world, err);
}

/* ---- copies ---- */

static bool back_up(struct world *world, struct error *err)
{
    char path[300];
    snprintf(path, sizeof path, "%s/copy.db", world->data);
    return db_backup(world->lib.db, path, err);
}

/* ---- all of them ---- */

static char up_to_date[80]; /* of "update", set at the start */

static const struct scene scenes[] = {
    { .name = "first-start",
      .opens = true,
      .jobs = true,
      .act = open_all,
      .done = "SELECT COUNT(*) = 1 FROM users" },
    { .name = "restart",
      .opens = true,
      .endless = true,
      .jobs = true,
      .prepare = leave_work,
      .act = open_all,
      .done = "SELECT COUNT(*) = 1 FROM jobs WHERE state IN ('queued', 'running')" },
    { .name = "update", .opens = true, .prepare = one_step_back, .act = open_library, .done = up_to_date },
    { .name = "register",
      .prepare = create_universe,
      .act = register_ann,
      .done = "SELECT COUNT(*) = 1 FROM users WHERE username = 'ann'" },
    { .name = "login",
      .prepare = register_ann,
      .act = log_in,
      .done = "SELECT last_login IS NOT NULL FROM users WHERE username = 'ann'" },
    { .name = "universe",
      .prepare = world_upload,
      .act = create_universe,
      .done = "SELECT COUNT(*) = 1 FROM universes" },
    { .name = "drop-universe",
      .prepare = create_universe,
      .act = drop_universe,
      .done = "SELECT COUNT(*) = 0 FROM universes" },
    { .name = "upload",
      .prepare = create_universe,
      .act = world_upload,
      .done = "SELECT COUNT(*) = 1 FROM media_assets" },
    { .name = "clip",
      .jobs = true,
      .prepare = create_universe,
      .act = make_clip,
      .done = "SELECT COUNT(*) > 0 FROM video_jobs WHERE status = 'completed'" },
    { .name = "cancel",
      .jobs = true,
      .prepare = create_universe,
      .ready = start_endless,
      .act = cancel,
      .done = "SELECT COUNT(*) = 1 FROM video_jobs WHERE status = 'cancelled'" },
    { .name = "retry",
      .jobs = true,
      .prepare = cancelled_clip,
      .act = retry,
      .done = "SELECT COUNT(*) = 1 FROM video_jobs WHERE status = 'completed'" },
    { .name = "drop-job",
      .prepare = make_clip,
      .act = drop_job,
      .done = "SELECT COUNT(*) = 0 FROM video_jobs" },
    { .name = "twin",
      .jobs = true,
      .prepare = take,
      .act = take,
      .done = "SELECT COUNT(*) > 1 FROM media_assets WHERE status = 'ready'" },
    { .name = "look-again",
      .jobs = true,
      .prepare = take,
      .act = look_again,
      .done = "SELECT COUNT(*) = 1 FROM media_assets WHERE status = 'ready'" },
    { .name = "purge",
      .prepare = dropped_job,
      .act = purge,
      .done = "SELECT COUNT(*) = 0 FROM media_assets WHERE trashed_at IS NOT NULL" },
    { .name = "backup", .prepare = make_clip, .act = back_up, .done = "SELECT COUNT(*) > 0 FROM users" },
};

static void print_tally(const struct tally *tally)
{
    printf("%d faults injected in %d runs: %d answered with an error, %d absorbed, %d crashes, %d ended by "
           "design\n",
           tally->faults, tally->runs, tally->answered, tally->absorbed, tally->crashes, tally->ended);
    for (int i = 0; i < POINT_KINDS; i++)
        printf("%s%s %d", i ? ", " : "", point_kind_names[i], tally->by_kind[i]);
    puts("");
}

static bool chosen(const char *name, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strstr(name, argv[i])) return true;
    return argc == 0;
}

int main(int argc, char **argv)
{
    char base[64];
    struct tally total = { 0 };
    int passed = 0, failed = 0;
    if (argc < 2) return EXIT_FAILURE;
    world_worker_program = argv[1];
    snprintf(up_to_date, sizeof up_to_date, "SELECT COUNT(*) = %d FROM schema_migrations", migrations_count);
    const bool thorough = argc > 2 && text_is(argv[2], "all");
    argc -= 2 + thorough;
    argv += 2 + thorough;
    snprintf(base, sizeof base, "%s/umam-faults-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(base)) return EXIT_FAILURE;
    for (size_t i = 0; i < COUNT_OF(scenes); i++) {
        if (!chosen(scenes[i].name, argc, argv)) continue;
        const int64_t began = time_mono();
        const struct tally before = total;
        trial_run(&scenes[i], base, thorough, &total);
        const bool good = total.failures == before.failures;
        printf("%s %s: %d faults (%.1f s)\n", good ? "ok" : "FAILED", scenes[i].name,
               total.faults - before.faults, (double)(time_mono() - began) / SECOND);
        fflush(stdout);
        good ? passed++ : failed++;
    }
    tree_remove(base);
    print_tally(&total);
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
