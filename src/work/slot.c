/* A slot: sleeps until there may be work, then claims, runs and ends jobs, one turn after the other. */
#include "work/crew.h"

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

#include <string.h>
#include <unistd.h>

/* One transaction: what ran ends, the next is claimed. */
struct turn {
    struct slot *slot;
    struct batch *ended; /* NULL: nothing ran */
    struct batch *claimed;
    int64_t wait_us;               /* until a back-off is over, when nothing was claimed */
    bool more;                     /* others may run as well */
    char refused[64];              /* the job whose rows do not agree with its claim */
    struct error why;
};

/* ---- claiming ---- */

/* From the claim on the job is found here, also by a cancel that comes right behind. */
static void show(struct slot *slot, const struct batch *batch)
{
    pthread_mutex_lock(&slot->work->lock);
    slot->count = batch ? batch->count : 0;
    slot->at = -1;
    for (int i = 0; i < slot->count; i++) {
        strncpy(slot->ids[i], batch->loads[i].job.id, sizeof slot->ids[i] - 1);
        slot->cancelled[i] = batch->loads[i].job.cancel_requested;
    }
    pthread_mutex_unlock(&slot->work->lock);
}

static bool may_claim(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    const bool may = !work->stopping && !work->paused;
    pthread_mutex_unlock(&work->lock);
    return may;
}

/* The job becomes the batch's next load, as its kind agrees. */
static bool start(struct tx *tx, struct turn *turn, const struct job *job, struct error *err)
{
    struct slot *const slot = turn->slot;
    struct batch *const batch = turn->claimed;
    struct load *const load = &batch->loads[batch->count++];
    *load = (struct load){ .job = *job, .kind = crew_kind(slot->work, job->kind) };
    load->run = (struct job_run){ .work = slot->work,
                                  .job = &load->job,
                                  .mem = &batch->mem,
                                  .app = slot->work->config.app,
                                  .cancel_fd = slot->cancel_fd };
    if (!queue_claim(tx, slot->work->lease_owner, &load->job, err)) return false;
    if (!load->kind->started || load->kind->started(tx, &load->run, &turn->why)) return true;
    strncpy(turn->refused, job->id, sizeof turn->refused - 1);
    *err = turn->why;
    return false;
}

/* The first `most` jobs; with `kind` only as far as they are of that kind. */
static bool start_first(struct tx *tx, struct turn *turn, int64_t most, const char *kind, struct error *err)
{
    struct list jobs;
    if (!queue_first(tx, &turn->slot->team->pick, most, &turn->claimed->mem, &jobs, err)) return false;
    const struct job *const job = jobs.items;
    for (size_t i = 0; i < jobs.count && (!kind || text_is(job[i].kind, kind)); i++)
        if (!start(tx, turn, &job[i], err)) return false;
    return true;
}

/* The best job; of a kind that is over in no time also those of it that are next. */
static bool claim(struct tx *tx, struct turn *turn, struct error *err)
{
    struct batch *const batch = turn->claimed;
    if (!may_claim(turn->slot->work)) return true;
    if (!queue_due(tx, err) || !start_first(tx, turn, 1, NULL, err)) return false;
    const int most = batch->count ? batch->loads[0].kind->batch : 0;
    if (most > 1 &&
        !start_first(tx, turn, (most > BATCH_MAX ? BATCH_MAX : most) - 1, batch->loads[0].job.kind, err))
        return false;
    return queue_ready(tx, &turn->slot->team->pick, &turn->more, err) &&
           queue_wait_us(tx, &turn->wait_us, err);
}

static bool turn_body(struct tx *tx, void *with, struct error *err)
{
    struct turn *const turn = with;
    for (int i = 0; turn->ended && i < turn->ended->count; i++)
        if (!load_end(tx, &turn->ended->loads[i], err)) return false;
    if (!claim(tx, turn, err)) return false;
    show(turn->slot, turn->claimed);
    return true;
}

/* A job whose own rows do not fit cannot start, and must not keep those behind it from starting. */
static bool refuse_body(struct tx *tx, void *with, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct turn *const turn = with;
    struct load load = { .why = turn->why };
    return queue_get_in(tx, turn->refused, &mem, &load.job, err) &&
           queue_claim(tx, turn->slot->work->lease_owner, &load.job, err) && load_refuse(tx, &load, err);
}

/* ---- ending ---- */

static void log_end(const struct load *load)
{
    const enum log_level level = text_is(load->outcome, "failed") ? LOG_LEVEL_WARN
                                 : load->kind->batch > 1          ? LOG_LEVEL_DEBUG
                                                                  : LOG_LEVEL_INFO;
    log_at(level, "job ended", LOG_TEXT("job", load->job.id), LOG_TEXT("kind", load->job.kind),
           LOG_TEXT("outcome", load->outcome), LOG_INT("attempt", load->job.attempt),
           LOG_INT("ms", (time_mono() - load->began) / MS), LOG_TEXT("error", load->why.text));
}

/* What comes after the transaction. `ran_well`: before it was tried to store. */
static void settle(struct load *load, bool ran_well)
{
    if (ran_well && load->kind->settled)
        load->kind->settled(&load->run, load->why.cause == CAUSE_NONE);
    log_end(load);
}

static bool end_body(struct tx *tx, void *with, struct error *err)
{
    return load_end(tx, with, err);
}

/* A full or busy disk may come back, and the work is done already: tries until it is stored or the server
 * stops. */
static bool store_outcome(struct load *load, struct error *err)
{
    struct work *const work = load->run.work;
    while (!db_write(work->config.db, end_body, load, err)) {
        if (!cause_worth_retrying(err->cause) || crew_stopping(work)) return false;
        log_warn("job outcome not stored yet", LOG_TEXT("job", load->job.id), LOG_TEXT("error", err->text));
        time_sleep(SECOND);
    }
    return true;
}

static void end_alone(struct load *load)
{
    struct error err = { 0 };
    const bool ran_well = load->why.cause == CAUSE_NONE;
    bool done = store_outcome(load, &err);
    if (!done && ran_well) { /* the result cannot be stored: that is its failure now */
        load->why = err;
        done = store_outcome(load, &err);
    }
    if (done)
        settle(load, ran_well);
    else /* the next start of the server queues it again */
        log_error("job outcome not stored", LOG_TEXT("job", load->job.id), LOG_TEXT("error", err.text));
}

/* ---- a turn ---- */

static void claim_alone(struct turn *turn)
{
    struct db *const db = turn->slot->work->config.db;
    struct error err = { 0 };
    *turn = (struct turn){ .slot = turn->slot, .claimed = turn->claimed, .wait_us = INT64_MAX };
    turn->claimed->count = 0;
    if (db_write(db, turn_body, turn, &err)) return;
    turn->claimed->count = 0;
    show(turn->slot, NULL);
    turn->more = true; /* nobody knows */
    if (turn->refused[0] && !cause_worth_retrying(err.cause)) {
        const bool refused = db_write(db, refuse_body, turn, &err);
        if (refused)
            log_error("job cannot start", LOG_TEXT("job", turn->refused), LOG_TEXT("error", turn->why.text));
        if (refused || err.cause == CAUSE_CONFLICT) return; /* by this slot, or by another */
    }
    log_error("no job could be claimed", LOG_TEXT("error", err.text));
    time_sleep(SECOND);
}

/* Ends one batch and claims the next; first all at once, and when that fails one by one. */
static void take_turn(struct turn *turn)
{
    struct batch *const ended = turn->ended;
    struct error err;
    const bool good = db_write(turn->slot->work->config.db, turn_body, turn, &err);
    if (!good) show(turn->slot, NULL);
    for (int i = 0; ended && i < ended->count; i++) {
        if (good)
            settle(&ended->loads[i], ended->loads[i].why.cause == CAUSE_NONE);
        else
            end_alone(&ended->loads[i]);
    }
    if (!good) claim_alone(turn);
}

/* Tells the others what this turn found out. `wakes` is from before it. */
static void pass_on(const struct turn *turn, uint64_t wakes)
{
    struct work *const work = turn->slot->work;
    struct team *const team = turn->slot->team;
    pthread_mutex_lock(&work->lock);
    if (turn->ended) tally_add(&work->tally, turn->ended->count);
    if (turn->wait_us < INT64_MAX && time_mono() + turn->wait_us < work->due_at) {
        work->due_at = time_mono() + turn->wait_us;
        pthread_cond_signal(&work->keep);
    }
    if (!turn->more && work->wakes == wakes) team->maybe = false;
    if (team->maybe) pthread_cond_signal(&team->wake);
    work->changes++;
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

static void turn_over(struct slot *slot, struct batch *ended, struct batch *claimed)
{
    pthread_mutex_lock(&slot->work->lock);
    const uint64_t wakes = slot->work->wakes;
    pthread_mutex_unlock(&slot->work->lock);
    struct turn turn = { .slot = slot, .ended = ended, .claimed = claimed, .wait_us = INT64_MAX };
    take_turn(&turn);
    turn.ended = ended;
    pass_on(&turn, wakes);
}

/* ---- running ---- */

/* The job becomes the one that a cancel has to wake. */
static void step_to(struct slot *slot, int at)
{
    struct work *const work = slot->work;
    uint64_t drained;
    pthread_mutex_lock(&work->lock);
    if (slot->signalled && !work->stopping && read(slot->cancel_fd, &drained, sizeof drained) > 0)
        slot->signalled = false;
    slot->at = at;
    slot->progress = (struct work_progress){ 0 };
    pthread_mutex_unlock(&work->lock);
}

/* `last`: how far the run came. */
static bool was_cancelled(struct slot *slot, int at, struct work_progress *last)
{
    pthread_mutex_lock(&slot->work->lock);
    const bool cancelled = slot->cancelled[at];
    *last = slot->progress;
    pthread_mutex_unlock(&slot->work->lock);
    return cancelled;
}

/* Says why a run that was stopped ended. Whether its job is cancelled is up to the row. */
static void explain(struct load *load, bool cancelled)
{
    fail(&load->why, CAUSE_INTERRUPTED,
         cancelled ? "a cancel of an earlier run stopped this one" : "the server stopped while the job ran");
}

static void run(struct slot *slot, struct load *load, int at)
{
    step_to(slot, at);
    load->began = time_mono();
    bool good = false;
    if (!load->kind->run)
        fail(&load->why, CAUSE_INTERNAL, "this version of umam does not know jobs of kind '%s'",
             load->job.kind);
    else if (!was_cancelled(slot, at, &load->last))
        good = load->kind->run(&load->run, &load->why);
    const bool cancelled = was_cancelled(slot, at, &load->last);
    if (good)
        load->why = (struct error){ 0 };
    else if (cancelled || load->why.cause == CAUSE_CANCELLED)
        explain(load, cancelled);
}

/* Until there may be work; false when the thread shall end. */
static bool await_work(struct work *work, struct team *team)
{
    pthread_mutex_lock(&work->lock);
    while (!work->stopping && (!team->maybe || work->paused)) pthread_cond_wait(&team->wake, &work->lock);
    const bool stopping = work->stopping;
    pthread_mutex_unlock(&work->lock);
    return !stopping;
}

static void clear(struct batch *batch)
{
    arena_clear(&batch->mem);
    batch->count = 0;
}

void *slot_main(void *with)
{
    struct slot *const slot = with;
    struct batch *now = &slot->batches[0], *next = &slot->batches[1];
    while (await_work(slot->work, slot->team)) {
        turn_over(slot, NULL, now);
        while (now->count) {
            for (int i = 0; i < now->count; i++) run(slot, &now->loads[i], i);
            turn_over(slot, now, next);
            clear(now);
            struct batch *const done = now;
            now = next;
            next = done;
        }
        clear(now);
    }
    return NULL;
}
