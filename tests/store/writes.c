/* Writing from many threads: groups, savepoints, readers meanwhile, a disk that takes no more. */
#include "place.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>

enum { WRITERS = 8, WRITES = 200 };

/* ---- a crowd of threads ---- */

struct worker {
    struct db *db;
    int number, writes;
    int failed;
    struct error err;
};

static void *write_many(void *with)
{
    struct worker *const worker = with;
    for (int i = 0; i < worker->writes; i++) {
        char id[32];
        snprintf(id, sizeof id, "%d-%d", worker->number, i);
        if (!put_universe(worker->db, id, "written", &worker->err)) worker->failed++;
    }
    return NULL;
}

/* How long it took; -1 when a write failed. */
static int64_t write_from(struct db *db, int threads, int writes)
{
    struct worker workers[16];
    pthread_t ids[16];
    const int64_t start = time_mono();
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker){ .db = db, .number = i, .writes = writes };
        if (pthread_create(&ids[i], NULL, write_many, &workers[i]) != 0) abort();
    }
    int failed = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        failed += workers[i].failed;
        if (workers[i].failed) fprintf(stderr, "%s\n", workers[i].err.text);
    }
    return failed ? -1 : time_mono() - start;
}

static void rename_later(struct db *db, const char *id, const char *name)
{
    db_post(db, SQL_UNIVERSE_UPDATE,
            ARGS(db_text("id", id), db_text("name", name), db_text("description", NULL),
                 db_text("updated_at", NULL), db_int("now", 1)));
}

static const char *name_of(struct db *db, struct arena *mem, const char *id, struct error *err)
{
    struct universe_row row = { 0 };
    bool found = false;
    return db_find(db, SQL_UNIVERSE_GET, ARGS(db_text("id", id)), mem, &universe_row_shape, &row, &found, err)
               ? row.name
               : err->text;
}

/* Texts are copied, failures end quietly, and what was posted before a close is there after it. */
TEST(posted_writes_arrive_without_waiting)
{
    struct error err;
    struct db *db;
    AUTO(arena) struct arena mem = { 0 };
    const char *const path = place_new();
    char name[] = "posted";
    CHECK_OK(db_open(path, &db, &err));
    CHECK_OK(put_universe(db, "u", "before", &err));
    rename_later(db, "u", name);
    memset(name, 'x', sizeof name - 1);
    db_post(db, SQL_UNIVERSE_INSERT, ARGS(db_text("id", "u"))); /* lacks values */
    CHECK_OK(put_universe(db, "v", "after", &err));
    CHECK_TEXT(name_of(db, &mem, "u", &err), "posted");
    for (int i = 0; i < 100; i++) rename_later(db, "v", "last");
    db_close(db);
    CHECK_OK(db_open(path, &db, &err));
    CHECK_TEXT(name_of(db, &mem, "v", &err), "last");
    db_close(db);
}

TEST(many_threads_share_commits)
{
    struct error err;
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    const uint64_t version = db_version(db);
    CHECK_INT(db_version(db), version);
    CHECK(write_from(db, WRITERS, WRITES) >= 0);
    const struct db_stats stats = db_stats(db);
    CHECK_INT(db_version(db) - version, stats.commits);
    CHECK_INT(universe_count(db, NULL), WRITERS * WRITES);
    CHECK_INT(stats.writes, WRITERS * WRITES);
    CHECK_MSG(stats.commits < WRITERS * WRITES / 2, "%lld commits for %d writes", (long long)stats.commits,
              WRITERS * WRITES);
    db_close(db);
}

/* ---- one group ---- */

struct step {
    struct db *db;
    const char *id;
    bool spoil, silent;  /* fail after writing; without a reason */
    sem_t *entered, *go; /* hold the writer until told */
    bool good;
    struct error err;
};

static bool step_body(struct tx *tx, void *with, struct error *err)
{
    struct step *const step = with;
    if (step->go) {
        sem_post(step->entered);
        sem_wait(step->go);
    }
    const struct universe_row row = { step->id, "step", NULL, "ann", 1, 1 };
    if (!tx_run(tx, SQL_UNIVERSE_INSERT, ARGS_OF(&universe_row_shape, &row), NULL, err)) return false;
    return !step->spoil || (!step->silent && fail(err, CAUSE_CANCELLED, "changed its mind"));
}

static void *step_run(void *with)
{
    struct step *const step = with;
    step->good = db_write(step->db, step_body, step, &step->err);
    return NULL;
}

/* Steps 1.. wait while step 0 holds the writer, so that they are one group. */
static void run_as_group(struct step *steps, int count)
{
    pthread_t ids[8];
    sem_t entered, go;
    sem_init(&entered, 0, 0);
    sem_init(&go, 0, 0);
    steps[0].entered = &entered;
    steps[0].go = &go;
    for (int i = 0; i < count; i++) {
        if (pthread_create(&ids[i], NULL, step_run, &steps[i]) != 0) abort();
        if (i == 0) sem_wait(&entered);
    }
    time_sleep(100 * MS);
    sem_post(&go);
    for (int i = 0; i < count; i++) pthread_join(ids[i], NULL);
    sem_destroy(&entered);
    sem_destroy(&go);
}

TEST(one_body_fails_alone)
{
    struct error err;
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    struct step steps[] = {
        { .db = db, .id = "hold" }, { .db = db, .id = "a" }, { .db = db, .id = "spoilt", .spoil = true },
        { .db = db, .id = "hold" }, /* taken */
        { .db = db, .id = "b" },
    };
    run_as_group(steps, 5);
    CHECK(steps[0].good && steps[1].good && !steps[2].good && !steps[3].good && steps[4].good);
    CHECK_TEXT(steps[2].err.text, "changed its mind");
    CHECK_INT(steps[3].err.cause, CAUSE_CONFLICT);
    CHECK_TEXT(steps[3].err.field, "id");
    CHECK_INT(universe_count(db, NULL), 3);
    CHECK_INT(db_stats(db).commits, 2); /* the holder's, then all the others' */
    CHECK(put_universe(db, "spoilt", "again", &err));
    db_close(db);
}

TEST(a_silent_failure_has_a_cause)
{
    struct error err;
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    struct step step = { .db = db, .id = "x", .spoil = true, .silent = true };
    CHECK(!db_write(db, step_body, &step, &err));
    CHECK_INT(err.cause, CAUSE_INTERNAL);
    db_close(db);
}

/* ---- readers meanwhile ---- */

struct reading {
    struct db *db;
    volatile bool *stop;
    int64_t reads;
    bool odd, failed;
};

static bool pair_body(struct tx *tx, void *with, struct error *err)
{
    const int number = *(const int *)with;
    char id[32];
    for (int i = 0; i < 2; i++) {
        snprintf(id, sizeof id, "%d/%d", number, i);
        const struct universe_row row = { id, "half", NULL, "ann", number + 1, 1 };
        if (!tx_run(tx, SQL_UNIVERSE_INSERT, ARGS_OF(&universe_row_shape, &row), NULL, err)) return false;
    }
    return true;
}

static void *read_on(void *with)
{
    struct reading *const reading = with;
    int64_t seen = 0;
    while (!__atomic_load_n(reading->stop, __ATOMIC_RELAXED)) {
        const int64_t count = universe_count(reading->db, NULL);
        reading->failed |= count < seen;
        reading->odd |= count % 2 != 0;
        seen = count;
        reading->reads++;
    }
    return NULL;
}

TEST(readers_see_whole_transactions)
{
    enum { READERS = 12 }; /* more than the pool has */
    struct error err;
    struct db *db;
    volatile bool stop = false;
    struct reading readings[READERS];
    pthread_t ids[READERS];
    CHECK_OK(db_open(place_new(), &db, &err));
    for (int i = 0; i < READERS; i++) {
        readings[i] = (struct reading){ .db = db, .stop = &stop };
        CHECK(pthread_create(&ids[i], NULL, read_on, &readings[i]) == 0);
    }
    for (int i = 0; i < 200; i++) CHECK_OK(db_write(db, pair_body, &i, &err));
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < READERS; i++) pthread_join(ids[i], NULL);
    for (int i = 0; i < READERS; i++) CHECK(!readings[i].odd && !readings[i].failed && readings[i].reads > 0);
    CHECK_INT(universe_count(db, NULL), 400);
    db_close(db);
}

/* ---- a disk that takes no more ---- */

/* In a process of its own, because the limit is the process's. The answer is the exit status. */
static int meet_the_limit(const char *path)
{
    struct error err;
    struct db *db;
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    if (!db_open(path, &db, &err) || getrlimit(RLIMIT_FSIZE, &limit) < 0) return 2;
    limit.rlim_cur = 1 << 20; /* more than an empty database, less than the rows */
    setrlimit(RLIMIT_FSIZE, &limit);
    int stored = 0;
    char id[16];
    for (; stored < 1000; stored++) {
        snprintf(id, sizeof id, "%d", stored);
        if (!put_universe(db, id, "written", &err)) break;
    }
    if (stored == 0 || stored == 1000 || !cause_worth_retrying(err.cause)) return 3;
    if (universe_count(db, NULL) != stored) return 4;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (!put_universe(db, id, "written", &err)) return 5;
    if (universe_count(db, NULL) != stored + 1) return 6;
    db_close(db);
    return 0;
}

TEST(a_full_disk_is_an_answer_and_passes)
{
    const char *const path = place_new();
    fflush(NULL);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) _exit(meet_the_limit(path));
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

/* ---- not a test: umam's writes per second, printed with `store_writes_test bench` ---- */

static void bench(int threads, int writes)
{
    struct error err;
    struct db *db;
    if (!db_open(place_new(), &db, &err)) return;
    const int64_t took = write_from(db, threads, writes);
    const struct db_stats stats = db_stats(db);
    printf("%2d threads: %.0f writes/s, %.1f writes per commit\n", threads,
           threads * writes * 1e6 / (double)took, (double)stats.writes / (double)stats.commits);
    db_close(db);
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "bench") != 0) return run_tests(argc, argv);
    bench(1, 3000);
    bench(16, 2000);
    return 0;
}
