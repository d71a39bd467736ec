/* Life of the crew: recovery, threads, the keeper of leases and back-offs. */
#include "work/crew.h"

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RENEW_EVERY_US = 15 * 1000 * 1000 };

void crew_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t duration_us)
{
    const int64_t until = time_mono() + duration_us;
    const struct timespec at = { until / SECOND, until % SECOND * 1000 };
    pthread_cond_timedwait(cond, lock, &at);
}

bool crew_stopping(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    const bool stopping = work->stopping;
    pthread_mutex_unlock(&work->lock);
    return stopping;
}

const struct job_kind *work_kind(const struct work *work, const char *name)
{
    for (int i = 0; work->config.kinds[i]; i++)
        if (text_is(work->config.kinds[i]->name, name)) return work->config.kinds[i];
    return NULL;
}

const struct job_kind *crew_kind(const struct work *work, const char *name)
{
    static const struct job_kind unknown = { .name = "unknown" };
    const struct job_kind *const kind = work_kind(work, name);
    return kind ? kind : &unknown;
}

struct worker *work_worker(struct work *work) { return work->config.worker; }

/* ---- what others left running ---- */

/* One job whose holder is gone. */
struct recovery {
    struct work *work;
    const struct job *job;
    const char *text;
    struct error refusal;
};

/* Ends the attempt as its holder would have, had it seen its own end. */
static bool recover_body(struct tx *tx, void *with, struct error *err)
{
    const struct recovery *const recovery = with;
    const struct job *const job = recovery->job;
    struct load load = { .job = *job, .kind = crew_kind(recovery->work, job->kind) };
    fail(&load.why, CAUSE_ABANDONED, "%s", recovery->text);
    return load_end(tx, &load, err);
}

static bool park_body(struct tx *tx, void *with, struct error *err)
{
    const struct recovery *const recovery = with;
    struct load load = { .job = *recovery->job, .why = recovery->refusal };
    return load_refuse(tx, &load, err);
}

/* A job whose own rows do not fit is parked: it must not keep the server from starting. CONFLICT there:
 * somebody else was faster. */
static bool recover_one(struct recovery *recovery, struct error *err)
{
    struct db *const db = recovery->work->config.db;
    const char *const id = recovery->job->id;
    if (db_write(db, recover_body, recovery, err)) return true;
    if (cause_worth_retrying(err->cause)) return false;
    recovery->refusal = *err;
    if (db_write(db, park_body, recovery, err))
        log_error("job cannot go on", LOG_TEXT("job", id), LOG_TEXT("error", recovery->refusal.text));
    else if (cause_worth_retrying(err->cause))
        return false;
    else if (err->cause != CAUSE_CONFLICT)
        log_error("job stays as it was left", LOG_TEXT("job", id), LOG_TEXT("error", err->text));
    return true;
}

/* Those whose lease was over `before`. */
static bool recover(struct work *work, int64_t before, const char *text, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct list jobs;
    if (!queue_abandoned(work->config.db, work->lease_owner, before, &mem, &jobs, err)) return false;
    const struct job *const job = jobs.items;
    for (size_t i = 0; i < jobs.count; i++)
        if (!recover_one(&(struct recovery){ .work = work, .job = &job[i], .text = text }, err)) return false;
    if (jobs.count) log_info("jobs of a server that ended recovered", LOG_INT("count", jobs.count));
    return true;
}

/* Nobody else can be running while this server has the database. */
static bool recover_all(struct work *work, struct error *err)
{
    return recover(work, INT64_MAX, "the server ended while the job ran", err);
}

static bool recover_lost(struct work *work, struct error *err)
{
    return recover(work, time_now(), "the server that ran the job does not answer any more", err);
}

/* ---- the keeper ---- */

static void keep_leases(struct work *work)
{
    struct error err;
    if (!queue_renew(work->config.db, work->lease_owner, &err) || !recover_lost(work, &err))
        log_error("leases could not be renewed", LOG_TEXT("error", err.text));
}

/* Renews leases, and wakes a slot when a back-off is over. */
static void *keeper_main(void *with)
{
    struct work *const work = with;
    int64_t renew_at = time_mono() + RENEW_EVERY_US;
    pthread_mutex_lock(&work->lock);
    while (!work->stopping) {
        const int64_t now = time_mono();
        const bool renew = now >= renew_at, due = now >= work->due_at;
        if (due) work->due_at = INT64_MAX;
        if (renew) renew_at = now + RENEW_EVERY_US;
        if (!due && !renew) {
            crew_wait(&work->keep, &work->lock, (renew_at < work->due_at ? renew_at : work->due_at) - now);
            continue;
        }
        pthread_mutex_unlock(&work->lock);
        if (renew) keep_leases(work);
        work_wake(work);
        pthread_mutex_lock(&work->lock);
    }
    pthread_mutex_unlock(&work->lock);
    return NULL;
}

/* ---- life ---- */

static void init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void form_teams(struct work *work)
{
    AUTO(buf) struct buf names = BUF(sizeof work->outside_kinds);
    for (const struct job_kind *const *kind = work->config.kinds; *kind; kind++)
        if ((*kind)->outside) buf_printf(&names, " %s ", (*kind)->name);
    assert(!names.full);
    memcpy(work->outside_kinds, buf_str(&names), names.size + 1);
    for (int outside = 0; outside < 2; outside++)
        work->teams[outside] = (struct team){ .pick = { .outside_kinds = work->outside_kinds,
                                                        .outside = outside,
                                                        .each = outside ? WORK_OUTSIDE_EACH : 0 },
                                              .maybe = true };
}

static struct work *work_new(const struct work_config *config)
{
    struct work *const work = calloc(1, sizeof *work);
    if (!work) return NULL;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    work->config = *config;
    work->inside_count = config->slots ? config->slots : processors > 0 ? (int)processors : 1;
    if (work->inside_count < 0) work->inside_count = 0; /* WORK_NO_SLOTS */
    if (work->inside_count > SLOTS_MAX) work->inside_count = SLOTS_MAX;
    form_teams(work);
    work->slot_count = work->inside_count;
    if (work->inside_count && *work->outside_kinds) work->slot_count += WORK_OUTSIDE_SLOTS;
    work->due_at = INT64_MAX;
    memcpy(work->lease_owner, id_new().text, sizeof(struct id));
    pthread_mutex_init(&work->pausing, NULL);
    pthread_mutex_init(&work->lock, NULL);
    for (size_t i = 0; i < COUNT_OF(work->teams); i++) init_cond(&work->teams[i].wake);
    init_cond(&work->keep);
    init_cond(&work->changed);
    return work;
}

static bool start_threads(struct work *work, struct error *err)
{
    for (; work->started < work->slot_count; work->started++) {
        struct slot *const slot = &work->slots[work->started];
        slot->work = work;
        slot->team = &work->teams[work->started >= work->inside_count];
        slot->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (slot->cancel_fd < 0 || pthread_create(&slot->thread, NULL, slot_main, slot) != 0) {
            fd_cleanup(&slot->cancel_fd);
            return fail(err, CAUSE_UNAVAILABLE, "the threads that run jobs could not be started");
        }
    }
    return true;
}

bool work_open(const struct work_config *config, struct work **out, struct error *err)
{
    struct work *const work = work_new(config);
    if (!work) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to run jobs");
    const bool good = queue_paused(config->db, &work->paused, err) && recover_all(work, err) &&
                      (pthread_create(&work->keeper, NULL, keeper_main, work) == 0 ||
                       fail(err, CAUSE_UNAVAILABLE, "the thread that renews leases could not be started"));
    if (!good) {
        free(work);
        return false;
    }
    if (work->paused && work->slot_count) log_warn("the queue is paused: no job starts until it is resumed");
    if (!start_threads(work, err)) {
        work_close(work);
        return false;
    }
    *out = work;
    return true;
}

void work_close(struct work *work)
{
    if (!work) return;
    pthread_mutex_lock(&work->lock);
    work->stopping = true;
    for (int i = 0; i < work->started; i++)
        if (write(work->slots[i].cancel_fd, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0)
            continue; /* signalled already */
    for (size_t i = 0; i < COUNT_OF(work->teams); i++) pthread_cond_broadcast(&work->teams[i].wake);
    pthread_cond_broadcast(&work->keep);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
    for (int i = 0; i < work->started; i++) {
        pthread_join(work->slots[i].thread, NULL);
        close(work->slots[i].cancel_fd);
    }
    pthread_join(work->keeper, NULL);
    for (size_t i = 0; i < COUNT_OF(work->teams); i++) pthread_cond_destroy(&work->teams[i].wake);
    pthread_cond_destroy(&work->keep);
    pthread_cond_destroy(&work->changed);
    pthread_mutex_destroy(&work->lock);
    pthread_mutex_destroy(&work->pausing);
    free(work);
}
