#include "render/team.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct team {
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    void (*piece)(void *context, int index);
    void *context;
    int count, busy, started;
    unsigned round;
    bool ending;
    atomic_int next;
    pthread_t threads[63];
};

static void work(struct team *team)
{
    for (int i; (i = atomic_fetch_add(&team->next, 1)) < team->count;) team->piece(team->context, i);
}

static void *member(void *arg)
{
    struct team *team = arg;
    unsigned seen = 0;
    pthread_mutex_lock(&team->lock);
    for (;;) {
        while (team->round == seen && !team->ending) pthread_cond_wait(&team->start, &team->lock);
        if (team->ending) break;
        seen = team->round;
        pthread_mutex_unlock(&team->lock);
        work(team);
        pthread_mutex_lock(&team->lock);
        if (--team->busy == 0) pthread_cond_signal(&team->done);
    }
    pthread_mutex_unlock(&team->lock);
    return NULL;
}

bool team_open(int threads, struct team **out, struct error *err)
{
    assert(threads >= 1 && threads <= 64);
    struct team *team = calloc(1, sizeof *team);
    if (!team) return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory to start rendering.");
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->start, NULL);
    pthread_cond_init(&team->done, NULL);
    for (; team->started < threads - 1; team->started++) {
        const int reason = pthread_create(&team->threads[team->started], NULL, member, team);
        if (reason == 0) continue;
        team_close(team);
        return fail_errno(err, reason, "A render thread could not be started");
    }
    *out = team;
    return true;
}

void team_close(struct team *team)
{
    if (!team) return;
    pthread_mutex_lock(&team->lock);
    team->ending = true;
    pthread_cond_broadcast(&team->start);
    pthread_mutex_unlock(&team->lock);
    for (int i = 0; i < team->started; i++) pthread_join(team->threads[i], NULL);
    pthread_cond_destroy(&team->done);
    pthread_cond_destroy(&team->start);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

void team_run(struct team *team, void (*piece)(void *context, int index), void *context, int count)
{
    pthread_mutex_lock(&team->lock);
    team->piece = piece;
    team->context = context;
    team->count = count;
    team->busy = team->started;
    atomic_store(&team->next, 0);
    team->round++;
    pthread_cond_broadcast(&team->start);
    pthread_mutex_unlock(&team->lock);
    work(team);
    pthread_mutex_lock(&team->lock);
    while (team->busy > 0) pthread_cond_wait(&team->done, &team->lock);
    pthread_mutex_unlock(&team->lock);
}
