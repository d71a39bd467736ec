/* Runs jobs: a few threads that claim, work, and commit the outcome; live progress for whoever watches. */
#pragma once

#include "work/queue.h"
#include "work/worker.h"

struct work;

/* What a running job hands around. */
struct job_run {
    struct work *work;
    const struct job *job;
    struct arena *mem; /* of this run */
    void *app;         /* as given to work_open */
    int cancel_fd;     /* readable when the job should stop */
    void *result;      /* from run to succeeded */
};

/* A kind of job. Each hook but `run` and `settled` is part of the transaction that changes the queue row, so a job's own
 * rows and its place in the queue never disagree. `run` does the work and touches no rows. */
struct job_kind {
    const char *name;
    int64_t attempts_max;
    bool (*started)(struct tx *tx, struct job_run *run, struct error *err);
    bool (*run)(struct job_run *run, struct error *err);
    bool (*succeeded)(struct tx *tx, struct job_run *run, struct error *err);
    bool (*requeued)(struct tx *tx, const char *id, const struct error *why, struct error *err);
    bool (*failed)(struct tx *tx, const char *id, const struct error *why, struct error *err); /* for good */
    bool (*cancelled)(struct tx *tx, const char *id, struct error *err);
    /* After the transaction that ended a good run: whether `succeeded` is stored, or the job had to fail
     * after all. Not called when nobody can say; the next start of the server runs the job again. */
    void (*settled)(struct job_run *run, bool stored);
};

struct work_config {
    struct db *db;
    struct worker *worker;
    const struct job_kind *const *kinds; /* NULL-terminated */
    void *app;
    int slots; /* jobs at once; 0: one per processor */
};

/* Recovers what an earlier server left running, then starts the threads. */
bool work_open(const struct work_config *config, struct work **out, struct error *err) MUST_USE;

/* Running jobs are interrupted and go back to the queue; accepts NULL. */
void work_close(struct work *work);

struct worker *work_worker(struct work *work);

/* Adds a job in the caller's transaction; call work_wake once that is committed. */
bool work_put(struct work *work, struct tx *tx, const char *id, const char *kind, const char *owner_id,
              struct error *err) MUST_USE;
void work_wake(struct work *work);

bool work_cancel(struct work *work, const char *id, struct error *err) MUST_USE;
bool work_retry(struct work *work, const char *id, bool (*also)(struct tx *, const char *id, struct error *),
                struct error *err) MUST_USE;

/* Progress of a job: told by the thread that runs it, asked by anybody. */
struct work_progress {
    double progress; /* 0..1 */
    char stage[32];
    double eta_s;
};
void work_tell(struct job_run *run, double progress, const char *stage, double eta_s);
bool work_progress(struct work *work, const char *id, struct work_progress *out); /* false: not running */

/* Waits until anything about any job changed since `*seen` (start with 0), or until `wait_ms` passed. */
void work_watch(struct work *work, uint64_t *seen, int wait_ms);

/* Jobs running now, and slots there are. */
void work_load(struct work *work, int *running_out, int *slots_out);
