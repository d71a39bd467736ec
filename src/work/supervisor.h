/* Runs jobs: a few threads that claim, work, and commit the outcome; live progress for whoever watches.
 *
 * A slot ends its job and claims the next in one transaction, and slots sleep until somebody says that there
 * is work. Whatever is claimed is on disk before it starts, whatever ended is on disk before anybody hears of
 * it. */
#pragma once

#include "work/queue.h"
#include "work/worker.h"

struct work;

/* What a running job hands around. */
struct job_run {
    struct work *work;
    const struct job *job;
    struct arena *mem;         /* of this run */
    void *app;                 /* as given to work_open */
    int cancel_fd;             /* readable when the job should stop */
    void *result;              /* from run to succeeded */
    struct worker_trace trace; /* for worker_call.trace: what is known of a task that failed */
};

/* A kind of job. Each hook but `run` and `settled` is part of the transaction that changes the queue row, so
 * a job's own rows and its place in the queue never disagree; a hook that fails undoes the change, and one
 * may be called again when the transaction is. `run` does the work and touches no rows. */
struct job_kind {
    const char *name;
    const char *resource; /* path of the API before the id of the row it works for; NULL: there is none */
    /* What people call the row, in 200 characters at most; NULL where it is gone. Without the hook they have
     * none. */
    bool (*title)(struct db *db, const char *id, struct arena *mem, const char **out, struct error *err);
    int64_t attempts_max;
    /* Waits for others, on the network, and needs no processor: it runs in a slot of another team, so that it
     * keeps nobody waiting who does. One owner has WORK_OUTSIDE_EACH of these running at most. */
    bool outside;
    bool uncounted; /* looks at what is stored already: no quota of jobs, see quota_jobs_used */
    int batch; /* jobs a slot takes at once, for kinds whose run is over in no time; 0 and 1: one */
    bool (*started)(struct tx *tx, struct job_run *run, struct error *err);
    bool (*run)(struct job_run *run, struct error *err);
    bool (*succeeded)(struct tx *tx, struct job_run *run, struct error *err);
    bool (*requeued)(struct tx *tx, const char *id, const struct error *why, struct error *err);
    bool (*failed)(struct tx *tx, const char *id, const struct error *why, struct error *err); /* for good */
    bool (*cancelled)(struct tx *tx, const char *id, struct error *err);
    bool (*revived)(struct tx *tx, const char *id, struct error *err); /* failed or cancelled: starts over */
    /* After the transaction that ended a good run: whether `succeeded` is stored, or the job had to fail
     * after all. Not called when nobody can say; the next start of the server runs the job again. */
    void (*settled)(struct job_run *run, bool stored);
};

enum { WORK_OUTSIDE_SLOTS = 8, WORK_OUTSIDE_EACH = 2 };

enum { WORK_NO_SLOTS = -1 }; /* jobs can be looked at and changed, none runs */

struct work_config {
    struct db *db;
    struct worker *worker;
    const struct job_kind *const *kinds; /* NULL-terminated */
    void *app;
    int slots; /* jobs at once, beside those that work outside; 0: one per processor; or WORK_NO_SLOTS */
    const struct quota_rules *quota; /* how many jobs one owner may have; NULL: any number */
};

/* Recovers what an earlier server left running, then starts the threads. */
bool work_open(const struct work_config *config, struct work **out, struct error *err) MUST_USE;

/* Running jobs are interrupted and go back to the queue; accepts NULL. */
void work_close(struct work *work);

struct worker *work_worker(struct work *work);

/* The kind of this name, NULL when there is none. */
const struct job_kind *work_kind(const struct work *work, const char *name);

/* ---- asking for work ---- */

/* Adds a job in the caller's transaction; call work_wake once that is committed. `attempts_max` 0 takes the
 * kind's. */
bool work_put(struct work *work, struct tx *tx, const struct queue_order *order, struct error *err) MUST_USE;
void work_wake(struct work *work);

/* A queued job ends at once, a running one within a second. */
bool work_cancel(struct work *work, const char *id, struct error *err) MUST_USE;

/* A failed or cancelled job starts over, with `priority_most` at most. */
bool work_retry(struct work *work, const char *id, int64_t priority_most, struct error *err) MUST_USE;

/* A queued job is passed over until resumed. A running one cannot be paused: CONFLICT. */
bool work_pause(struct work *work, const char *id, struct error *err) MUST_USE;
bool work_resume(struct work *work, const char *id, struct error *err) MUST_USE;
bool work_set_priority(struct work *work, const char *id, int64_t priority, struct error *err) MUST_USE;

/* The whole queue: nothing new starts, what runs goes on to its end; also over restarts. */
bool work_pause_all(struct work *work, bool paused, const char *by, struct error *err) MUST_USE;

/* ---- watching ---- */

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

struct work_load {
    int running, slots;
    bool paused;
    int64_t ended_minute, ended_hour; /* attempts that came to an end in the last minute, the last hour */
};
struct work_load work_load(struct work *work);
