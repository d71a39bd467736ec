/* What comes from outside: new jobs, and changes of those there are. Each is one transaction with the rows of
 * the job's kind. */
#include "work/crew.h"

#include "base/log.h"
#include "library/quota.h"

#include <unistd.h>

static bool may_have_one_more(const struct work *work, const struct job_kind *kind, struct tx *tx,
                              const char *owner, struct error *err)
{
    return (kind && kind->uncounted) || quota_check_job(tx, work->config.quota, owner, err);
}

bool work_put(struct work *work, struct tx *tx, const struct queue_order *order, struct error *err)
{
    const struct job_kind *const kind = work_kind(work, order->kind);
    assert(kind);
    struct queue_order whole = *order;
    if (!whole.attempts_max) whole.attempts_max = kind->attempts_max;
    return may_have_one_more(work, kind, tx, order->owner_id, err) && queue_put(tx, &whole, err);
}

void work_wake(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    work->wakes++;
    work->changes++;
    for (size_t i = 0; i < COUNT_OF(work->teams); i++) {
        work->teams[i].maybe = true;
        pthread_cond_signal(&work->teams[i].wake); /* who finds more than it takes wakes the next */
    }
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

/* A change of one job. */
struct change {
    struct work *work;
    const char *id;
    bool (*apply)(struct tx *tx, struct change *change, const struct job *job, struct error *err);
    int64_t priority; /* the new one; of a retry the most it may have */
};

static bool change_body(struct tx *tx, void *with, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct change *const change = with;
    struct job job;
    return queue_get_in(tx, change->id, &mem, &job, err) && change->apply(tx, change, &job, err);
}

static bool change(struct work *work, struct change *change, struct error *err)
{
    change->work = work;
    if (!db_write(work->config.db, change_body, change, err)) return false;
    work_wake(work);
    return true;
}

static bool apply_cancel(struct tx *tx, struct change *change, const struct job *job, struct error *err)
{
    const struct job_kind *const kind = work_kind(change->work, job->kind);
    bool ended = false;
    return queue_cancel(tx, job->id, &ended, err) &&
           (!ended || !kind || !kind->cancelled || kind->cancelled(tx, job->id, err));
}

static bool apply_retry(struct tx *tx, struct change *change, const struct job *job, struct error *err)
{
    const struct job_kind *const kind = work_kind(change->work, job->kind);
    return may_have_one_more(change->work, kind, tx, job->owner_id, err) &&
           queue_revive(tx, job, change->priority, err) &&
           (!kind || !kind->revived || kind->revived(tx, job->id, err));
}

static bool apply_pause(struct tx *tx, struct change *change, const struct job *job, struct error *err)
{
    (void)change;
    return queue_hold(tx, job, err);
}

static bool apply_resume(struct tx *tx, struct change *change, const struct job *job, struct error *err)
{
    (void)change;
    return queue_unhold(tx, job, err);
}

static bool apply_priority(struct tx *tx, struct change *change, const struct job *job, struct error *err)
{
    return queue_set_priority(tx, job, change->priority, err);
}

/* The slot that has the job stops it, or passes it over when its turn there comes. */
static void stop_running(struct work *work, const char *id)
{
    int at;
    pthread_mutex_lock(&work->lock);
    struct slot *const slot = crew_find(work, id, &at);
    if (slot) {
        slot->cancelled[at] = true;
        if (slot->at == at && write(slot->cancel_fd, &(uint64_t){ 1 }, sizeof(uint64_t)) > 0)
            slot->signalled = true;
    }
    pthread_mutex_unlock(&work->lock);
}

bool work_cancel(struct work *work, const char *id, struct error *err)
{
    if (!change(work, &(struct change){ .id = id, .apply = apply_cancel }, err)) return false;
    stop_running(work, id);
    return true;
}

bool work_retry(struct work *work, const char *id, int64_t priority_most, struct error *err)
{
    return change(work, &(struct change){ .id = id, .apply = apply_retry, .priority = priority_most }, err);
}

bool work_pause(struct work *work, const char *id, struct error *err)
{
    return change(work, &(struct change){ .id = id, .apply = apply_pause }, err);
}

bool work_resume(struct work *work, const char *id, struct error *err)
{
    return change(work, &(struct change){ .id = id, .apply = apply_resume }, err);
}

bool work_set_priority(struct work *work, const char *id, int64_t priority, struct error *err)
{
    return change(work, &(struct change){ .id = id, .apply = apply_priority, .priority = priority }, err);
}

/* ---- the whole queue ---- */

struct pause {
    struct work *work;
    bool paused;
    const char *by;
};

static void set_paused(struct work *work, bool paused)
{
    pthread_mutex_lock(&work->lock);
    work->paused = paused;
    pthread_mutex_unlock(&work->lock);
}

/* On the writer's thread, where claims are made too: behind this none is. */
static bool pause_body(struct tx *tx, void *with, struct error *err)
{
    const struct pause *const pause = with;
    if (!queue_set_paused(tx, pause->paused, pause->by, err)) return false;
    if (pause->paused) set_paused(pause->work, true);
    return true;
}

bool work_pause_all(struct work *work, bool paused, const char *by, struct error *err)
{
    struct pause pause = { work, paused, by };
    struct error unread;
    pthread_mutex_lock(&work->pausing);
    bool stored = work->paused;
    const bool good = db_write(work->config.db, pause_body, &pause, err);
    if (good)
        stored = paused;
    else if (!queue_paused(work->config.db, &stored, &unread))
        log_warn("nobody knows whether the queue is paused", LOG_TEXT("error", unread.text));
    set_paused(work, stored);
    pthread_mutex_unlock(&work->pausing);
    work_wake(work);
    return good;
}
