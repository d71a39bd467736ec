#include "work/supervisor.h"

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    SLOTS_MAX = 64,
    IDLE_WAIT_US = 1000 * 1000,
    LOST_WAIT_US = 50 * 1000,
    RENEW_EVERY_US = 15 * 1000 * 1000
};

/* One thread of work and what is known of its job. Guarded by work->lock. */
struct slot {
    pthread_t thread;
    struct work *work;
    char job_id[64]; /* "": idle */
    int cancel_fd;   /* an eventfd for the whole life of the slot */
    bool cancelled;  /* somebody asked; else a stop is an interruption */
    struct work_progress progress;
};

struct work {
    struct work_config config;
    char lease_owner[40];
    pthread_mutex_t lock;
    pthread_cond_t wake;    /* something may be claimed */
    pthread_cond_t changed; /* something about a job changed */
    uint64_t changes;       /* counts the latter */
    uint64_t wakes;         /* counts the former */
    bool stopping;
    struct slot slots[SLOTS_MAX];
    int slot_count, started;
    pthread_t renewer;
};

static void changed(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    work->changes++;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

/* pthread_cond_timedwait on the monotonic clock, for a duration. The lock is held. */
static void wait_for(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t duration_us)
{
    const int64_t until = time_mono() + duration_us;
    const struct timespec at = { until / SECOND, until % SECOND * 1000 };
    pthread_cond_timedwait(cond, lock, &at);
}

static bool is_stopping(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    const bool stopping = work->stopping;
    pthread_mutex_unlock(&work->lock);
    return stopping;
}

static const struct job_kind *kind_of(const struct work *work, const char *name)
{
    for (int i = 0; work->config.kinds[i]; i++)
        if (text_is(work->config.kinds[i]->name, name)) return work->config.kinds[i];
    return NULL;
}

/* ---- claiming ---- */

struct claim {
    struct work *work;
    struct job_run *run;
    struct job *job;
    bool found;
};

static bool claim_body(struct tx *tx, void *with, struct error *err)
{
    struct claim *const claim = with;
    if (!queue_claim(tx, claim->work->lease_owner, claim->run->mem, claim->job, &claim->found, err))
        return false;
    const struct job_kind *const kind = claim->found ? kind_of(claim->work, claim->job->kind) : NULL;
    return !kind || !kind->started || kind->started(tx, claim->run, err);
}

/* ---- ending ---- */

struct ending {
    struct job_run *run;
    const struct job_kind *kind;
    const struct error *why; /* NULL: succeeded */
    const char *outcome;     /* for the log */
};

static bool end_failed(struct tx *tx, struct ending *end, struct error *err)
{
    const struct job *const job = end->run->job;
    int64_t delay_ms = 0;
    if (end->why->cause == CAUSE_CANCELLED) {
        end->outcome = "cancelled";
        return queue_cancelled(tx, job, end->why, err) &&
               (!end->kind->cancelled || end->kind->cancelled(tx, job->id, err));
    }
    if (queue_may_retry(job, end->why, &delay_ms)) {
        end->outcome = "queued again";
        return queue_again(tx, job, delay_ms, end->why, err) &&
               (!end->kind->requeued || end->kind->requeued(tx, job->id, end->why, err));
    }
    end->outcome = "failed";
    return queue_fail(tx, job, end->why, err) &&
           (!end->kind->failed || end->kind->failed(tx, job->id, end->why, err));
}

static bool end_body(struct tx *tx, void *with, struct error *err)
{
    struct ending *const end = with;
    if (end->why) return end_failed(tx, end, err);
    end->outcome = "succeeded";
    return queue_succeed(tx, end->run->job, err) &&
           (!end->kind->succeeded || end->kind->succeeded(tx, end->run, err));
}

/* A full or busy disk may come back, and the work is done already: tries until it is stored or the server
 * stops. */
static bool store_outcome(struct job_run *run, struct ending *end, struct error *err)
{
    while (!db_write(run->work->config.db, end_body, end, err)) {
        if (!cause_worth_retrying(err->cause) || is_stopping(run->work)) return false;
        log_warn("job outcome not stored yet", LOG_TEXT("job", run->job->id), LOG_TEXT("error", err->text));
        time_sleep(SECOND);
    }
    return true;
}

static void end_job(struct job_run *run, const struct job_kind *kind, const struct error *why, int64_t began)
{
    struct ending end = { run, kind, why, "" };
    struct error err = { 0 }, unstorable;
    bool done = store_outcome(run, &end, &err);
    if (!done && !why) { /* the result cannot be stored: that is the job's failure now */
        unstorable = err;
        end.why = &unstorable;
        done = store_outcome(run, &end, &err);
    }
    if (done && !why && kind->settled) kind->settled(run, !end.why);
    if (!done) /* the next start of the server queues it again */
        log_error("job outcome not stored", LOG_TEXT("job", run->job->id), LOG_TEXT("error", err.text));
    else
        log_at(text_is(end.outcome, "failed") ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "job ended",
               LOG_TEXT("job", run->job->id), LOG_TEXT("kind", kind->name), LOG_TEXT("outcome", end.outcome),
               LOG_INT("attempt", run->job->attempt), LOG_INT("ms", (time_mono() - began) / MS),
               LOG_TEXT("error", end.why ? end.why->text : ""));
}

/* ---- a slot ---- */

static void slot_take(struct slot *slot, const char *job_id)
{
    struct work *const work = slot->work;
    uint64_t drained;
    pthread_mutex_lock(&work->lock);
    const bool stopping = work->stopping;
    slot->cancelled = false;
    if (!stopping && read(slot->cancel_fd, &drained, sizeof drained) < 0)
        drained = 0; /* not signalled: fine */
    slot->progress = (struct work_progress){ 0 };
    strncpy(slot->job_id, job_id, sizeof slot->job_id - 1);
    pthread_mutex_unlock(&work->lock);
}

static bool slot_was_cancelled(struct slot *slot)
{
    pthread_mutex_lock(&slot->work->lock);
    const bool cancelled = slot->cancelled;
    pthread_mutex_unlock(&slot->work->lock);
    return cancelled;
}

static void slot_leave(struct slot *slot)
{
    pthread_mutex_lock(&slot->work->lock);
    memset(slot->job_id, 0, sizeof slot->job_id);
    pthread_mutex_unlock(&slot->work->lock);
}

/* A cancel may have come between the claim and this slot showing the job as its own. */
static bool cancel_was_asked(const struct job_run *run)
{
    struct job now;
    struct error err;
    return queue_get(run->work->config.db, run->job->id, run->mem, &now, &err) && now.cancel_requested;
}

/* Runs one claimed job to its end. */
static void run_job(struct slot *slot, struct job_run *run)
{
    const struct job_kind *const kind = kind_of(slot->work, run->job->kind);
    const struct job_kind unknown = { .name = run->job->kind };
    const int64_t began = time_mono();
    struct error err = { 0 };
    bool good = false;
    slot_take(slot, run->job->id);
    changed(slot->work);
    const bool asked = cancel_was_asked(run);
    if (!kind)
        fail(&err, CAUSE_INTERNAL, "this version of umam does not know jobs of kind '%s'", run->job->kind);
    else if (asked)
        fail(&err, CAUSE_CANCELLED, "the job was cancelled");
    else
        good = kind->run(run, &err);
    const bool cancelled = slot_was_cancelled(slot) || asked;
    if (!good && cancelled)
        fail(&err, CAUSE_CANCELLED, "the job was cancelled");
    else if (!good && err.cause == CAUSE_CANCELLED)
        fail(&err, CAUSE_INTERRUPTED, "the server stopped while the job ran");
    end_job(run, kind ? kind : &unknown, good ? NULL : &err, began);
    slot_leave(slot);
    changed(slot->work);
}

/* Claims and runs one job; false when there was none. */
static bool slot_turn(struct slot *slot)
{
    AUTO(arena) struct arena mem = { 0 };
    struct work *const work = slot->work;
    struct job job = { 0 };
    struct job_run run = {
        .work = work, .job = &job, .mem = &mem, .app = work->config.app, .cancel_fd = slot->cancel_fd
    };
    struct claim claim = { .work = work, .run = &run, .job = &job };
    struct error err;
    if (!db_write(work->config.db, claim_body, &claim, &err)) {
        log_error("no job could be claimed", LOG_TEXT("error", err.text));
        time_sleep(SECOND);
        return false;
    }
    if (claim.found) run_job(slot, &run);
    return claim.found;
}

static void *slot_main(void *with)
{
    struct slot *const slot = with;
    struct work *const work = slot->work;
    for (;;) {
        pthread_mutex_lock(&work->lock);
        const bool stopping = work->stopping;
        const uint64_t wakes = work->wakes;
        pthread_mutex_unlock(&work->lock);
        if (stopping) return NULL;
        const int64_t wait_us = queue_wait_us(work->config.db, IDLE_WAIT_US); /* looking costs no write */
        if (wait_us == 0 && slot_turn(slot)) continue;
        pthread_mutex_lock(&work->lock);
        if (!work->stopping && work->wakes == wakes)
            wait_for(&work->wake, &work->lock, wait_us > LOST_WAIT_US ? wait_us : LOST_WAIT_US);
        pthread_mutex_unlock(&work->lock);
    }
}

static void *renewer_main(void *with)
{
    struct work *const work = with;
    pthread_mutex_lock(&work->lock);
    int64_t next = time_mono() + RENEW_EVERY_US;
    while (!work->stopping) {
        wait_for(&work->wake, &work->lock, IDLE_WAIT_US);
        if (work->stopping || time_mono() < next) continue;
        next = time_mono() + RENEW_EVERY_US;
        pthread_mutex_unlock(&work->lock);
        struct error err;
        if (!queue_renew(work->config.db, work->lease_owner, &err))
            log_error("leases could not be renewed", LOG_TEXT("error", err.text));
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

static bool start_threads(struct work *work, struct error *err)
{
    for (; work->started < work->slot_count; work->started++) {
        struct slot *const slot = &work->slots[work->started];
        slot->work = work;
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
    struct work *const work = calloc(1, sizeof *work);
    if (!work) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to run jobs");
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    work->config = *config;
    work->slot_count = config->slots > 0 ? config->slots : processors > 0 ? (int)processors : 1;
    if (work->slot_count > SLOTS_MAX) work->slot_count = SLOTS_MAX;
    memcpy(work->lease_owner, id_new().text, sizeof(struct id));
    pthread_mutex_init(&work->lock, NULL);
    init_cond(&work->wake);
    init_cond(&work->changed);
    int64_t recovered = 0;
    const bool good = queue_recover(config->db, work->lease_owner, &recovered, err) &&
                      (pthread_create(&work->renewer, NULL, renewer_main, work) == 0 ||
                       fail(err, CAUSE_UNAVAILABLE, "the thread that renews leases could not be started"));
    if (!good) {
        free(work);
        return false;
    }
    if (recovered) log_info("interrupted jobs queued again", LOG_INT("count", recovered));
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
    pthread_cond_broadcast(&work->wake);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
    for (int i = 0; i < work->started; i++) {
        pthread_join(work->slots[i].thread, NULL);
        close(work->slots[i].cancel_fd);
    }
    pthread_join(work->renewer, NULL);
    pthread_cond_destroy(&work->wake);
    pthread_cond_destroy(&work->changed);
    pthread_mutex_destroy(&work->lock);
    free(work);
}

struct worker *work_worker(struct work *work) { return work->config.worker; }

/* ---- asking for work ---- */

bool work_put(struct work *work, struct tx *tx, const char *id, const char *kind, const char *owner_id,
              struct error *err)
{
    const struct job_kind *const row = kind_of(work, kind);
    assert(row);
    return queue_put(tx, id, kind, owner_id, row->attempts_max, err);
}

void work_wake(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    work->wakes++;
    work->changes++;
    pthread_cond_broadcast(&work->wake);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

struct change {
    struct work *work;
    const char *id;
    bool (*also)(struct tx *, const char *, struct error *);
    bool ended;
};

static bool cancel_body(struct tx *tx, void *with, struct error *err)
{
    struct change *const change = with;
    AUTO(arena) struct arena mem = { 0 };
    struct job job;
    bool found = false;
    if (!queue_cancel(tx, change->id, &change->ended, err) ||
        !tx_find(tx, SQL_JOB_GET, ARGS(db_text("id", change->id)), &mem, &job_shape, &job, &found, err))
        return false;
    const struct job_kind *const kind = found ? kind_of(change->work, job.kind) : NULL;
    return !change->ended || !kind || !kind->cancelled || kind->cancelled(tx, change->id, err);
}

bool work_cancel(struct work *work, const char *id, struct error *err)
{
    struct change change = { .work = work, .id = id };
    if (!db_write(work->config.db, cancel_body, &change, err)) return false;
    pthread_mutex_lock(&work->lock);
    for (int i = 0; i < work->slot_count; i++) {
        struct slot *const slot = &work->slots[i];
        if (!text_is(slot->job_id, id)) continue;
        slot->cancelled = true;
        if (write(slot->cancel_fd, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0) continue; /* signalled already */
    }
    pthread_mutex_unlock(&work->lock);
    changed(work);
    return true;
}

static bool retry_body(struct tx *tx, void *with, struct error *err)
{
    struct change *const change = with;
    return queue_revive(tx, change->id, err) && (!change->also || change->also(tx, change->id, err));
}

bool work_retry(struct work *work, const char *id, bool (*also)(struct tx *, const char *, struct error *),
                struct error *err)
{
    struct change change = { .work = work, .id = id, .also = also };
    if (!db_write(work->config.db, retry_body, &change, err)) return false;
    work_wake(work);
    return true;
}

/* ---- watching ---- */

static struct slot *slot_of(struct work *work, const char *id)
{
    for (int i = 0; i < work->slot_count; i++)
        if (work->slots[i].job_id[0] && text_is(work->slots[i].job_id, id)) return &work->slots[i];
    return NULL;
}

void work_tell(struct job_run *run, double progress, const char *stage, double eta_s)
{
    struct work *const work = run->work;
    pthread_mutex_lock(&work->lock);
    struct slot *const slot = slot_of(work, run->job->id);
    if (slot) {
        slot->progress.progress = progress < 0 ? 0 : progress > 1 ? 1 : progress;
        slot->progress.eta_s = eta_s;
        AUTO(arena) struct arena mem = { 0 };
        snprintf(slot->progress.stage, sizeof slot->progress.stage, "%s",
                 text_cut(&mem, stage, sizeof slot->progress.stage - 1));
    }
    work->changes++;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

bool work_progress(struct work *work, const char *id, struct work_progress *out)
{
    pthread_mutex_lock(&work->lock);
    const struct slot *const slot = slot_of(work, id);
    if (slot) *out = slot->progress;
    pthread_mutex_unlock(&work->lock);
    return slot != NULL;
}

void work_watch(struct work *work, uint64_t *seen, int wait_ms)
{
    pthread_mutex_lock(&work->lock);
    if (work->changes == *seen && !work->stopping)
        wait_for(&work->changed, &work->lock, (int64_t)wait_ms * MS);
    *seen = work->changes;
    pthread_mutex_unlock(&work->lock);
}

void work_load(struct work *work, int *running_out, int *slots_out)
{
    pthread_mutex_lock(&work->lock);
    *running_out = 0;
    for (int i = 0; i < work->slot_count; i++) *running_out += work->slots[i].job_id[0] != '\0';
    *slots_out = work->slot_count;
    pthread_mutex_unlock(&work->lock);
}
