/* Who runs what, how far it is, how much there was. */
#include "work/crew.h"

#include "base/text.h"
#include "base/time.h"

#include <stdio.h>

struct slot *crew_find(struct work *work, const char *id, int *at_out)
{
    for (int s = 0; s < work->slot_count; s++)
        for (int i = 0; i < work->slots[s].count; i++)
            if (text_is(work->slots[s].ids[i], id)) {
                *at_out = i;
                return &work->slots[s];
            }
    return NULL;
}

void work_tell(struct job_run *run, double progress, const char *stage, double eta_s)
{
    struct work *const work = run->work;
    int at;
    pthread_mutex_lock(&work->lock);
    struct slot *const slot = crew_find(work, run->job->id, &at);
    if (slot && slot->at == at) {
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
    int at;
    pthread_mutex_lock(&work->lock);
    const struct slot *const slot = crew_find(work, id, &at);
    if (slot) *out = slot->at == at ? slot->progress : (struct work_progress){ 0 };
    pthread_mutex_unlock(&work->lock);
    return slot != NULL;
}

void work_watch(struct work *work, uint64_t *seen, int wait_ms)
{
    pthread_mutex_lock(&work->lock);
    if (work->changes == *seen && !work->stopping)
        crew_wait(&work->changed, &work->lock, (int64_t)wait_ms * MS);
    *seen = work->changes;
    pthread_mutex_unlock(&work->lock);
}

/* ---- how much there was ---- */

/* Minutes between the newest and now are empty. */
static void tally_advance(struct tally *tally)
{
    const int64_t minute = time_mono() / (60 * SECOND);
    if (minute - tally->minute >= TALLY_MINUTES) *tally = (struct tally){ .minute = minute };
    while (tally->minute < minute) tally->ended[++tally->minute % TALLY_MINUTES] = 0;
}

void tally_add(struct tally *tally, int64_t count)
{
    tally_advance(tally);
    tally->ended[tally->minute % TALLY_MINUTES] += count;
}

int64_t tally_sum(struct tally *tally, int minutes)
{
    int64_t sum = 0;
    tally_advance(tally);
    for (int i = 0; i < minutes; i++)
        sum += tally->ended[(tally->minute - i + TALLY_MINUTES) % TALLY_MINUTES];
    return sum;
}

struct work_load work_load(struct work *work)
{
    struct work_load load = { .slots = work->slot_count };
    pthread_mutex_lock(&work->lock);
    for (int i = 0; i < work->slot_count; i++) load.running += work->slots[i].count;
    load.paused = work->paused;
    load.ended_minute = tally_sum(&work->tally, 1);
    load.ended_hour = tally_sum(&work->tally, TALLY_MINUTES);
    pthread_mutex_unlock(&work->lock);
    return load;
}
