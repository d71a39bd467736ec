/* P7: jobs that do nothing through the durable queue: put, claimed, finished, each step committed and synced.
 *
 * usage: bench-queue [jobs] [rounds] [slots] [putters] [folder]
 * Prints jobs per second from the first put to the last committed finish, while `putters` threads put one job
 * per transaction as requests of as many clients would and `slots` threads run them; then the time from
 * asking for a job to its start when one comes every few milliseconds and nothing else is going on. The last
 * line is JSON for bench/run. Every round has a new database in a folder of its own. */
#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "work/supervisor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS_MAX = 15, PUTTERS_MAX = 256, PROBES = 400, PROBE_EVERY_US = 5 * MS };

struct bench {
    int jobs, slots, putters;
    char folder[256];
    struct db *db;
    struct work *work;
    int64_t *asked_at, *started_at; /* of each job, by its number */
    atomic_int next, finished;
};

static void check(bool good, const struct error *err)
{
    if (good) return;
    fprintf(stderr, "bench-queue: %s\n", err->text);
    exit(1);
}

/* ---- the kind that does nothing ---- */

/* The last eight digits of an id number the job; the others are random as in production. */
static struct id numbered_id(int number)
{
    struct id id = id_new();
    snprintf(id.text + 28, 9, "%08x", (unsigned)number);
    return id;
}

static int number_of(const char *id) { return (int)strtol(id + 28, NULL, 16); }

static bool noop_run(struct job_run *run, struct error *err)
{
    struct bench *const bench = run->app;
    const int number = number_of(run->job->id);
    if (number >= bench->jobs) return fail(err, CAUSE_INVALID, "job %s is not of this bench", run->job->id);
    bench->started_at[number] = time_mono();
    return true;
}

static bool noop_succeeded(struct tx *tx, struct job_run *run, struct error *err)
{
    (void)tx, (void)err;
    ((struct bench *)run->app)->finished++;
    return true;
}

static const struct job_kind noop = {
    .name = "noop", .attempts_max = 3, .batch = 64, .run = noop_run, .succeeded = noop_succeeded
};

/* ---- putting ---- */

struct put {
    struct bench *bench;
    const char *id;
};

static bool put_body(struct tx *tx, void *with, struct error *err)
{
    const struct put *const put = with;
    const struct queue_order order = { .id = put->id, .kind = "noop", .owner_id = "bench" };
    return work_put(put->bench->work, tx, &order, err);
}

static void put_job(struct bench *bench, int number)
{
    struct error err;
    const struct id id = numbered_id(number);
    struct put put = { bench, id.text };
    bench->asked_at[number] = time_mono();
    check(db_write(bench->db, put_body, &put, &err), &err);
    work_wake(bench->work);
}

static void *putter_main(void *with)
{
    struct bench *const bench = with;
    for (int number; (number = bench->next++) < bench->jobs;) put_job(bench, number);
    return NULL;
}

/* ---- a round ---- */

static void bench_open(struct bench *bench)
{
    static const struct job_kind *const kinds[] = { &noop, NULL };
    struct error err;
    char path[300];
    bench->next = bench->finished = 0;
    snprintf(path, sizeof path, "%s/umam.db", bench->folder);
    check(db_open(path, &bench->db, &err), &err);
    const struct work_config config = {
        .db = bench->db, .kinds = kinds, .app = bench, .slots = bench->slots
    };
    check(work_open(&config, &bench->work, &err), &err);
}

static void bench_close(struct bench *bench)
{
    char path[300];
    work_close(bench->work);
    db_close(bench->db);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/umam.db%s", bench->folder,
                 (const char *[]){ "", "-wal", "-shm", ".lock" }[i]);
        unlink(path); /* some of them exist */
    }
}

/* Until all jobs stand in the database as succeeded. */
static void await_finish(struct bench *bench, int jobs)
{
    struct error err;
    int64_t done = 0;
    while (bench->finished < jobs) time_sleep(MS / 5);
    while (done < jobs)
        check(db_count(bench->db, SQL_JOB_COUNT,
                       ARGS(db_text("state", "succeeded"), db_text("owner_id", NULL)), &done, &err),
              &err);
}

static double jobs_per_second(struct bench *bench)
{
    pthread_t threads[PUTTERS_MAX];
    bench_open(bench);
    const int64_t began = time_mono();
    for (int i = 0; i < bench->putters; i++)
        if (pthread_create(&threads[i], NULL, putter_main, bench) != 0) abort();
    for (int i = 0; i < bench->putters; i++) pthread_join(threads[i], NULL);
    await_finish(bench, bench->jobs);
    const int64_t took = time_mono() - began;
    bench_close(bench);
    return (double)bench->jobs * SECOND / (double)took;
}

static int by_value(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* Milliseconds from asking to the start at a low rate. */
static void start_latency(struct bench *bench, double *p50, double *p99)
{
    double ms[PROBES];
    bench_open(bench);
    for (int i = 0; i < PROBES; i++) {
        put_job(bench, i);
        time_sleep(PROBE_EVERY_US);
    }
    await_finish(bench, PROBES);
    for (int i = 0; i < PROBES; i++) ms[i] = (double)(bench->started_at[i] - bench->asked_at[i]) / MS;
    bench_close(bench);
    qsort(ms, PROBES, sizeof *ms, by_value);
    *p50 = ms[PROBES / 2];
    *p99 = ms[PROBES * 99 / 100];
}

static int argument(int argc, char **argv, int at, int otherwise, int least, int most)
{
    const int value = argc > at ? atoi(argv[at]) : otherwise;
    return value < least ? least : value > most ? most : value;
}

int main(int argc, char **argv)
{
    struct bench bench = { .jobs = argument(argc, argv, 1, 20000, PROBES, 10000000),
                           .slots = argument(argc, argv, 3, 2, 1, 64),
                           .putters = argument(argc, argv, 4, 16, 1, PUTTERS_MAX) };
    const int rounds = argument(argc, argv, 2, 3, 1, ROUNDS_MAX);
    double rate[ROUNDS_MAX], p50[ROUNDS_MAX], p99[ROUNDS_MAX];
    log_setup(LOG_LEVEL_WARN, false);
    snprintf(bench.folder, sizeof bench.folder, "%s/umam-queue-XXXXXX", argc > 5 ? argv[5] : "/tmp");
    bench.asked_at = calloc((size_t)bench.jobs, sizeof(int64_t));
    bench.started_at = calloc((size_t)bench.jobs, sizeof(int64_t));
    if (!mkdtemp(bench.folder) || !bench.asked_at || !bench.started_at) return 1;
    for (int i = 0; i < rounds; i++) {
        rate[i] = jobs_per_second(&bench);
        start_latency(&bench, &p50[i], &p99[i]);
    }
    rmdir(bench.folder);
    free(bench.asked_at);
    free(bench.started_at);
    for (int i = 0; i < 3; i++)
        qsort((double *[]){ rate, p50, p99 }[i], (size_t)rounds, sizeof *rate, by_value);
    printf(
        "umam queue: %d jobs, %d slots, %d clients, median of %d rounds: %.0f jobs/s, asked to started p50 "
        "%.2f ms p99 %.2f ms\n",
        bench.jobs, bench.slots, bench.putters, rounds, rate[rounds / 2], p50[rounds / 2], p99[rounds / 2]);
    printf("{\"jobs_per_s\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", rate[rounds / 2], p50[rounds / 2],
           p99[rounds / 2]);
    return 0;
}
