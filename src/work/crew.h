/* The inside of the supervisor: the slots and what they share. `struct work` is guarded by its lock, but for
 * what is said to belong to one thread. */
#pragma once

#include "work/supervisor.h"

#include <pthread.h>

enum { SLOTS_MAX = 64, BATCH_MAX = 64, TALLY_MINUTES = 60 };

/* A claimed job on its way to its end. */
struct load {
    struct job job;
    struct job_run run;
    const struct job_kind *kind;
    struct error why;     /* cause NONE: it went well */
    const char *outcome;  /* for the log */
    struct work_progress last;
    int64_t began; /* monotonic */
};

/* What a slot takes at once. It belongs to the slot's thread. */
struct batch {
    struct arena mem;
    struct load loads[BATCH_MAX];
    int count;
};

/* The slots that take the same kinds of jobs. */
struct team {
    struct queue_pick pick;
    pthread_cond_t wake; /* something may be claimed */
    bool maybe;          /* none of them has seen its part of the queue empty since */
};

/* One thread of work and what others may know of it. */
struct slot {
    pthread_t thread;
    struct work *work;
    struct team *team;
    struct batch batches[2]; /* the one that runs, and the one claimed when that ends */
    int cancel_fd;           /* an eventfd for the whole life of the slot */
    int count, at;           /* jobs shown, and the one that runs; -1: none yet */
    char ids[BATCH_MAX][64];
    bool cancelled[BATCH_MAX]; /* somebody asked; else a stop is an interruption */
    bool signalled;            /* cancel_fd is readable, for a job that may be over by now */
    struct work_progress progress;
};

/* Attempts that ended, by minute. */
struct tally {
    int64_t minute; /* of the newest, monotonic */
    int64_t ended[TALLY_MINUTES];
};

struct work {
    struct work_config config;
    char lease_owner[40];
    pthread_mutex_t
        pausing; /* one change of `paused` at a time, in table and memory; taken before the lock */
    pthread_mutex_t lock;
    pthread_cond_t keep;    /* the keeper has something to look at */
    pthread_cond_t changed; /* something about a job changed */
    uint64_t changes;       /* counts the latter */
    uint64_t wakes;         /* counts what was said to the teams */
    bool stopping, paused;
    int64_t due_at; /* monotonic, when the next back-off is over */
    struct tally tally;
    char outside_kinds[256];
    struct team teams[2]; /* at processors, outside */
    struct slot slots[SLOTS_MAX + WORK_OUTSIDE_SLOTS];
    int inside_count, slot_count, started; /* the first ones work at processors */
    pthread_t keeper;
};

void *slot_main(void *slot);

/* The kind of this name; one that has no hooks when this version does not know it. */
const struct job_kind *crew_kind(const struct work *work, const char *name);

/* Waits on the monotonic clock, for a duration at most. The lock is held. */
void crew_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t duration_us);

bool crew_stopping(struct work *work);

/* Ends a job by its `why`, with the rows of its kind; sets `outcome`. */
bool load_end(struct tx *tx, struct load *load, struct error *err) MUST_USE;

/* The same for a job that could not even start: the rows of its kind stay as they are. */
bool load_refuse(struct tx *tx, struct load *load, struct error *err) MUST_USE;

/* Where a job is shown as running: its slot and its place there; NULL when it is not. The lock is held. */
struct slot *crew_find(struct work *work, const char *id, int *at_out);

void tally_add(struct tally *tally, int64_t count);
int64_t tally_sum(struct tally *tally, int minutes);
