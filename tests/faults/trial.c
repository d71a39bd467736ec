#include "trial.h"

#include "base/log.h"
#include "base/time.h"
#include "consistency.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE = 3, POINTS_USUAL = 3, POINTS_SQLITE_MEMORY = 300, ATTEMPTS = 3, PATIENCE_S = 60 };

static const char out_of_memory[] = "umam: out of memory"; /* what base/arena.c says before it aborts */

/* One run, shared with the processes that do it. */
struct run {
    struct point_hit hit;
    _Atomic bool answered; /* the act failed with an error */
    char fault[512];       /* what is wrong, "" when nothing */
};

/* A place in which one run at a time goes on. */
struct lane {
    struct run *run;
    char data[256], log[256];
    struct point_plan plan;
    pid_t pid; /* 0: free */
    bool again; /* the process after a crash */
};

/* ---- inside a run ---- */

#define WRONG(...) (snprintf(run->fault, sizeof run->fault, __VA_ARGS__), false)

static bool is_done(const struct scene *scene, const char *data) { return store_ask(data, scene->done) == 1; }

/* A retry finds the work done already, or does it. */
static bool attempt_again(const struct scene *scene, struct world *world, const char *data, struct run *run)
{
    struct error err = { 0 };
    for (int i = 0; i < ATTEMPTS; i++) {
        const bool closed = scene->opens && !world->lib.db;
        if ((!scene->opens || closed) && scene->act(world, &err) && !is_done(scene, data))
            return WRONG("a retry said it succeeded and did nothing");
        if (is_done(scene, data)) return true;
    }
    return WRONG("a retry without faults fails: %s", err.text);
}

static bool clean(const struct error *err, struct run *run)
{
    if (err->cause == CAUSE_NONE || !err->text[0]) return WRONG("it failed without a reason");
    if (err->cause == CAUSE_INTERNAL || err->cause == CAUSE_INVALID || cause_http_status(err->cause) == 401)
        return WRONG("the reason is wrong: %s (%s)", err->text, cause_code(err->cause));
    return true;
}

static bool check_restart(const struct scene *scene, struct world *world, const char *data, struct run *run)
{
    struct error err = { 0 };
    world_close(world);
    if (!world_open(world, data, scene->jobs, &err)) return WRONG("it does not open again: %s", err.text);
    const bool idle = !scene->jobs || scene->endless || world_await_jobs(world, &err);
    world_close(world);
    if (!idle) return WRONG("after the restart: %s", err.text);
    if (!is_done(scene, data)) return WRONG("the restart undid it");
    char why[400];
    return consistent(data, why, sizeof why) || WRONG("%s", why);
}

static bool act_once(const struct scene *scene, struct world *world, const struct lane *lane, struct run *run)
{
    struct error err = { 0 };
    points_plan(&lane->plan, &run->hit);
    const bool good = scene->act(world, &err);
    points_rest();
    if (good) return is_done(scene, lane->data) || WRONG("it said it succeeded and did nothing");
    run->answered = true;
    return clean(&err, run) && attempt_again(scene, world, lane->data, run);
}

/* After a crash the same folder is opened by another process. */
static bool come_back(const struct scene *scene, struct world *world, const char *data, struct run *run)
{
    struct error err = { 0 };
    if (!world_open(world, data, scene->jobs, &err))
        return WRONG("it does not open after the crash: %s", err.text);
    return is_done(scene, data) || attempt_again(scene, world, data, run);
}

static bool go(const struct scene *scene, const struct lane *lane)
{
    struct run *const run = lane->run;
    struct world world = { .lib = { .blobs = { .folder = -1 } } };
    struct error err = { 0 };
    snprintf(world.data, sizeof world.data, "%s", lane->data);
    points_hurry = true;
    log_setup(LOG_LEVEL_ERROR, false);
    if (lane->again)
        return come_back(scene, &world, lane->data, run) && check_restart(scene, &world, lane->data, run);
    if (!scene->opens && !world_open(&world, lane->data, scene->jobs, &err))
        return WRONG("setting: %s", err.text);
    if (scene->ready && !scene->ready(&world, &err)) return WRONG("setting: %s", err.text);
    return act_once(scene, &world, lane, run) && check_restart(scene, &world, lane->data, run);
}

/* ---- around it ---- */

static void launch(const struct scene *scene, struct lane *lane)
{
    fflush(NULL);
    lane->pid = fork();
    if (lane->pid < 0) abort();
    if (lane->pid > 0) return;
    const int log = open(lane->log, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(log, STDERR_FILENO);
    close(log);
    alarm(PATIENCE_S);
    exit(go(scene, lane) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void begin(const struct scene *scene, const char *template, struct lane *lane, struct point_plan plan)
{
    lane->plan = plan;
    lane->again = false;
    memset(lane->run, 0, sizeof *lane->run);
    tree_remove(lane->data);
    if (!tree_copy(template, lane->data)) abort();
    launch(scene, lane);
}

static void read_log(const struct lane *lane, char *out, size_t size)
{
    const int fd = open(lane->log, O_RDONLY);
    const ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);
    out[got > 0 ? got : 0] = '\0';
    if (fd >= 0) close(fd);
}

static void tell_failure(const struct scene *scene, const struct lane *lane, int status, const char *log)
{
    const struct point_plan *const plan = &lane->plan;
    fprintf(stderr, "%s: %s%s%s at pass %lld, %s (+0x%llx)%s: ", scene->name, point_mode_names[plan->mode],
            plan->set == POINT_CALLS ? "" : " of memory", plan->sticky ? " from there on" : "",
            (long long)plan->pass, lane->run->hit.call, (unsigned long long)lane->run->hit.at,
            lane->again ? ", coming back" : "");
    if (lane->run->fault[0])
        fprintf(stderr, "%s\n", lane->run->fault);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        fprintf(stderr, "it hangs\n");
    else
        fprintf(stderr, "it ends with %s %d\n%s\n", WIFSIGNALED(status) ? "signal" : "status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), log);
}

/* True when the lane is free; false when the run goes on in another process. */
static bool note_end(const struct scene *scene, struct lane *lane, int status, struct tally *tally)
{
    char log[4000];
    const bool crashed = WIFEXITED(status) && WEXITSTATUS(status) == POINT_CRASHED;
    read_log(lane, log, sizeof log);
    const bool ended = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(log, out_of_memory);
    if (!lane->again && (crashed || ended)) {
        tally->crashes += crashed;
        tally->ended += ended;
        lane->again = true;
        launch(scene, lane);
        return false;
    }
    lane->pid = 0;
    tally->runs++;
    if (lane->run->hit.struck) {
        tally->faults++;
        tally->by_kind[lane->run->hit.kind]++;
        tally->answered += lane->run->answered;
        tally->absorbed += !lane->run->answered && !lane->again;
    }
    if (status) {
        tally->failures++;
        tell_failure(scene, lane, status, log);
    }
    return true;
}

static struct lane *await_free(const struct scene *scene, struct lane *lanes, struct tally *tally)
{
    for (;;) {
        int status;
        for (int i = 0; i < AT_ONCE; i++)
            if (!lanes[i].pid) return &lanes[i];
        const pid_t pid = wait(&status);
        for (int i = 0; i < AT_ONCE; i++)
            if (lanes[i].pid == pid && note_end(scene, &lanes[i], status, tally)) return &lanes[i];
    }
}

static void await_all(const struct scene *scene, struct lane *lanes, struct tally *tally)
{
    int status;
    pid_t pid;
    while ((pid = wait(&status)) > 0)
        for (int i = 0; i < AT_ONCE; i++)
            if (lanes[i].pid == pid) note_end(scene, &lanes[i], status, tally);
}

/* How many points of a series the act passes. */
static int64_t count_points(const struct scene *scene, const char *template, struct lane *lanes,
                            struct point_plan plan, struct tally *tally)
{
    plan.pass = 0;
    struct lane *const lane = await_free(scene, lanes, tally);
    begin(scene, template, lane, plan);
    await_all(scene, lanes, tally);
    return lane->run->hit.passes;
}

static void run_series(const struct scene *scene, const char *template, struct lane *lanes,
                       struct point_plan plan, bool thorough, struct tally *tally)
{
    const int64_t count = count_points(scene, template, lanes, plan, tally);
    const int64_t all = plan.set == POINT_MEMORY_SQLITE ? POINTS_SQLITE_MEMORY : count;
    const int64_t most = thorough ? all : POINTS_USUAL;
    const int64_t chosen = count < most ? count : most;
    for (int64_t i = 0; i < chosen; i++) {
        plan.pass = 1 + i * count / chosen;
        begin(scene, template, await_free(scene, lanes, tally), plan);
    }
    await_all(scene, lanes, tally);
}

/* ---- a scene ---- */

/* In a process of its own: threads and SQLite do not survive a fork. */
static bool make_template(const struct scene *scene, const char *path)
{
    int status;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        struct world world = { 0 };
        struct error err = { 0 };
        points_hurry = true;
        log_setup(LOG_LEVEL_ERROR, false);
        const bool good =
            !scene->prepare || (world_open(&world, path, true, &err) && scene->prepare(&world, &err));
        if (good && scene->prepare) world_close(&world);
        if (!good) fprintf(stderr, "%s: setting: %s\n", scene->name, err.text);
        exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

void trial_run(const struct scene *scene, const char *base, bool thorough, struct tally *tally)
{
    static const struct point_plan series[] = {
        { .mode = POINT_ERROR },
        { .mode = POINT_ERROR, .sticky = true },
        { .mode = POINT_FULL },
        { .mode = POINT_FULL, .sticky = true },
        { .mode = POINT_CRASH },
        { .mode = POINT_READONLY, .sticky = true },
        { .mode = POINT_SHORT },
        { .mode = POINT_INTERRUPT },
        { .mode = POINT_ERROR, .set = POINT_MEMORY_OURS },
        { .mode = POINT_ERROR, .set = POINT_MEMORY_SQLITE },
    };
    char template[256];
    struct lane lanes[AT_ONCE] = { 0 };
    struct run *const runs =
        mmap(NULL, sizeof *runs * AT_ONCE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (runs == MAP_FAILED) abort();
    snprintf(template, sizeof template, "%s/%s", base, scene->name);
    mkdir(template, 0700);
    for (int i = 0; i < AT_ONCE; i++) {
        lanes[i].run = &runs[i];
        snprintf(lanes[i].data, sizeof lanes[i].data, "%s/%s.%d", base, scene->name, i);
        snprintf(lanes[i].log, sizeof lanes[i].log, "%s/log.%d", base, i);
    }
    if (make_template(scene, template))
        for (size_t i = 0; i < COUNT_OF(series); i++)
            run_series(scene, template, lanes, series[i], thorough, tally);
    else
        tally->failures++;
    munmap(runs, sizeof *runs * AT_ONCE);
}
