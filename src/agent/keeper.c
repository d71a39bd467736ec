#include "agent/keeper.h"

#include "agent/repair.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "library/scrub.h"
#include "library/trash.h"

#include <linux/ioprio.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

const char *const check_state_names[] = { "none", "running", "done", "failed", NULL };
enum { NONE, RUNNING, DONE, FAILED };

static const struct field status_fields[] = {
    ENUM(struct check_status, state, check_state_names, .doc = "How far the last check is."),
    REAL(struct check_status, progress, .doc = "0 to 1."),
    TEXT(struct check_status, started_by, .nullable = true, .doc = "Who asked for it."),
    TIME(struct check_status, started_at, .nullable = true, .doc = "When it began."),
    TIME(struct check_status, finished_at, .nullable = true, .doc = "When it ended."),
    TEXT(struct check_status, error, .nullable = true, .doc = "Why it could not come to its end."),
    OBJECT(struct check_status, report, struct check_report, &check_report_shape, .nullable = true,
           .doc = "What it found."),
    { 0 },
};
const struct shape check_status_shape = SHAPE("CheckStatus", struct check_status, status_fields);

static const int64_t DAY_US = 24 * 3600 * (int64_t)SECOND, ROUND_US = 600 * SECOND;
enum { SCRUB_AGAIN_DAYS = 7 }; /* a file is not read more often */

struct keeper {
    struct keeper_config config;
    pthread_t thread;
    int64_t scrub_us; /* that the scrub may take now; the thread's own */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    bool stopping;
    bool repair;               /* what the check was asked for */
    struct check_status check; /* its texts and report are in check_mem */
    struct arena check_mem;
};

static bool goes_on(void *with)
{
    struct keeper *const keeper = with;
    pthread_mutex_lock(&keeper->lock);
    const bool stop = keeper->stopping;
    pthread_mutex_unlock(&keeper->lock);
    return !stop;
}

/* On the monotonic clock, for a duration at most. The lock is held. */
static void keeper_wait(struct keeper *keeper, int64_t duration_us)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t ns = until.tv_nsec + duration_us % SECOND * 1000;
    until.tv_sec += duration_us / SECOND + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&keeper->work, &keeper->lock, &until);
}

/* ---- what is due by itself ---- */

static void purge(struct keeper *keeper)
{
    AUTO(arena) struct arena mem = { 0 };
    const int64_t before = time_now() - keeper->config.trash_days * DAY_US;
    struct trash_purge report;
    struct error why;
    if (!trash_purge(keeper->config.lib, &mem, before, "(keeper)", goes_on, keeper, &report, &why)) {
        if (why.cause != CAUSE_INTERRUPTED) log_warn("purge failed", LOG_TEXT("error", why.text));
    } else if (report.purged) {
        log_info("purged", LOG_INT("assets", report.purged), LOG_INT("bytes", report.purged_bytes));
    }
}

static void retire_failed(struct keeper *keeper)
{
    const int64_t days = keeper->config.failed_days, now = time_now();
    int64_t retired = 0;
    struct error why;
    if (!days) return;
    if (!db_run(keeper->config.lib->db, SQL_RETENTION_FAILED,
                ARGS(db_int("now", now), db_int("before", now - days * DAY_US),
                     db_text("trashed_by", "(keeper)"),
                     db_text("trash_reason", "its analysis failed long ago (UMAM_FAILED_DAYS)")),
                &retired, &why))
        log_warn("retention failed", LOG_TEXT("error", why.text));
    else if (retired)
        log_info("failed assets to quarantine", LOG_INT("assets", retired));
}

static void tell_fault(void *with, const char *asset_id, const char *fault)
{
    (void)with;
    log_error("stored file damaged", LOG_TEXT("asset", asset_id), LOG_TEXT("fault", fault));
}

/* The day's minutes in equal parts; what a large file took too much is missing in the next ones. */
static void scrub(struct keeper *keeper)
{
    const struct scrub_watch watch = { goes_on, tell_fault, keeper };
    const int64_t part = keeper->config.scrub_minutes * 60 * SECOND / (DAY_US / ROUND_US);
    int64_t spent = 0, looked = 0;
    struct error why;
    if (!part) return;
    keeper->scrub_us += part;
    if (keeper->scrub_us > part) keeper->scrub_us = part;
    if (keeper->scrub_us <= 0) return;
    if (!scrub_run(keeper->config.lib, time_now() - SCRUB_AGAIN_DAYS * DAY_US, keeper->scrub_us, &watch,
                   &spent, &looked, &why))
        log_warn("scrub failed", LOG_TEXT("error", why.text));
    keeper->scrub_us -= spent;
    if (looked) log_info("scrubbed", LOG_INT("assets", looked), LOG_INT("ms", spent / MS));
}

static void run_round(struct keeper *keeper)
{
    arrivals_sweep(&keeper->config.lib->arrivals);
    retire_failed(keeper);
    purge(keeper);
    scrub(keeper);
}

/* ---- checks that were asked for ---- */

static bool tell_check(void *with, double progress, const char *stage)
{
    (void)stage;
    struct keeper *const keeper = with;
    pthread_mutex_lock(&keeper->lock);
    keeper->check.progress = progress;
    const bool stop = keeper->stopping;
    pthread_mutex_unlock(&keeper->lock);
    return !stop;
}

static void end_check(struct keeper *keeper, const struct check_report *report, const struct error *why)
{
    pthread_mutex_lock(&keeper->lock);
    struct check_status *const check = &keeper->check;
    check->state = check_state_names[report ? DONE : FAILED];
    check->finished_at = time_now();
    check->progress = 1;
    if (report) {
        struct check_report *const kept = arena_new(&keeper->check_mem, struct check_report);
        *kept = check_copy(&keeper->check_mem, report);
        check->report = kept;
    } else {
        check->error = arena_text(&keeper->check_mem, why->text);
    }
    pthread_mutex_unlock(&keeper->lock);
}

static void run_check(struct keeper *keeper)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct check_watch watch = { tell_check, keeper };
    struct check_report report;
    struct error why;
    const bool done = check_run(keeper->config.lib, &mem, &watch, &report, &why) &&
                      (!keeper->repair || repair_derivatives(keeper->config.gen, &report, &why));
    end_check(keeper, done ? &report : NULL, &why);
    if (!done && why.cause != CAUSE_INTERRUPTED) log_error("check failed", LOG_TEXT("error", why.text));
    if (done && !report.healthy)
        log_warn("check found faults", LOG_INT("missing", report.counts[CHECK_MISSING]),
                 LOG_INT("changed", report.counts[CHECK_CHANGED] + report.counts[CHECK_TRUNCATED]),
                 LOG_INT("untracked", report.counts[CHECK_UNTRACKED]));
}

bool keeper_check(struct keeper *keeper, bool repair, const char *by, struct error *err)
{
    pthread_mutex_lock(&keeper->lock);
    const bool free_now = !text_is(keeper->check.state, check_state_names[RUNNING]);
    if (free_now) {
        arena_clear(&keeper->check_mem);
        keeper->repair = repair;
        keeper->check = (struct check_status){ .state = check_state_names[RUNNING],
                                               .started_by = arena_text(&keeper->check_mem, by),
                                               .started_at = time_now() };
        pthread_cond_signal(&keeper->work);
    }
    pthread_mutex_unlock(&keeper->lock);
    return free_now ||
           fail(err, CAUSE_CONFLICT, "a check runs already; GET /api/storage/check tells how far it is");
}

struct check_status keeper_check_status(struct keeper *keeper, struct arena *mem)
{
    pthread_mutex_lock(&keeper->lock);
    struct check_status status = keeper->check;
    status.started_by = arena_text(mem, status.started_by);
    status.error = arena_text(mem, status.error);
    if (status.report) {
        struct check_report *const copy = arena_new(mem, struct check_report);
        *copy = check_copy(mem, status.report);
        status.report = copy;
    }
    pthread_mutex_unlock(&keeper->lock);
    return status;
}

/* ---- the thread ---- */

static bool has_check(const struct keeper *keeper)
{
    return text_is(keeper->check.state, check_state_names[RUNNING]);
}

/* Until a check is asked for or the next round is due; false: the end. */
static bool await(struct keeper *keeper, int64_t due_at)
{
    pthread_mutex_lock(&keeper->lock);
    for (int64_t left; !keeper->stopping && !has_check(keeper) && (left = due_at - time_mono()) > 0;)
        keeper_wait(keeper, left);
    const bool stop = keeper->stopping;
    pthread_mutex_unlock(&keeper->lock);
    return !stop;
}

static bool check_asked(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    const bool asked = has_check(keeper);
    pthread_mutex_unlock(&keeper->lock);
    return asked;
}

static void *keep(void *with)
{
    enum { LEAST_URGENT = 19 };
    struct keeper *const keeper = with;
    setpriority(PRIO_PROCESS, (id_t)gettid(), LEAST_URGENT);
    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
            IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)); /* where it may */
    for (int64_t due_at = time_mono(); await(keeper, due_at);) {
        if (check_asked(keeper)) {
            run_check(keeper);
        } else {
            run_round(keeper);
            due_at = time_mono() + ROUND_US;
        }
    }
    return NULL;
}

bool keeper_open(const struct keeper_config *config, struct keeper **out, struct error *err)
{
    struct keeper *const keeper = calloc(1, sizeof *keeper);
    if (!keeper) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to start; try again later");
    keeper->config = *config;
    keeper->check.state = check_state_names[NONE];
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    const int code = pthread_create(&keeper->thread, NULL, keep, keeper);
    if (code != 0) {
        free(keeper);
        return fail_errno(err, code, "the thread that looks after the files could not be started");
    }
    *out = keeper;
    return true;
}

void keeper_close(struct keeper *keeper)
{
    if (!keeper) return;
    pthread_mutex_lock(&keeper->lock);
    keeper->stopping = true;
    pthread_cond_signal(&keeper->work);
    pthread_mutex_unlock(&keeper->lock);
    pthread_join(keeper->thread, NULL);
    pthread_cond_destroy(&keeper->work);
    pthread_mutex_destroy(&keeper->lock);
    arena_clear(&keeper->check_mem);
    free(keeper);
}
