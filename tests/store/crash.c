/* kill -9 in the middle of writes: what was acknowledged is there, and the data opens again. */
#include "place.h"

#include "store/sqlite.h"

#include <pthread.h>
#include <signal.h>

enum { THREADS = 4, ROUNDS = 5, ID_BYTES = 16 };

struct writing {
    struct db *db;
    int round, thread, pipe;
};

/* Writes on and on, and tells the parent about each write that was answered. */
static void *write_on(void *with)
{
    const struct writing *const writing = with;
    struct error err;
    for (int i = 0;; i++) {
        char id[ID_BYTES] = { 0 };
        snprintf(id, sizeof id, "%d/%d/%d", writing->round, writing->thread, i);
        if (!put_universe(writing->db, id, "written", &err)) _exit(3);
        if (write(writing->pipe, id, sizeof id) != sizeof id) _exit(4);
    }
    return NULL;
}

static void child(const char *path, int round, int pipe)
{
    struct error err;
    struct db *db;
    struct writing writing[THREADS];
    pthread_t ids[THREADS];
    if (!db_open(path, &db, &err)) _exit(2);
    for (int i = 0; i < THREADS; i++) {
        writing[i] = (struct writing){ db, round, i, pipe };
        if (pthread_create(&ids[i], NULL, write_on, &writing[i]) != 0) _exit(5);
    }
    pause();
}

/* Starts a child, kills it after `life`; the acknowledged ids end up in `acks`, as many as returned. */
static int write_and_kill(const char *path, int round, int64_t life, struct buf *acks)
{
    int ends[2], status;
    if (pipe(ends) < 0) return -1;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid < 0) return -1;
    if (pid == 0) child(path, round, ends[1]);
    close(ends[1]);
    char id[ID_BYTES];
    int count = 0;
    for (int64_t until = 0; read(ends[0], id, sizeof id) == sizeof id; count++) {
        if (!until) until = time_mono() + life;
        if (until > 0 && time_mono() > until) {
            kill(pid, SIGKILL); /* the rest of the pipe is still read */
            until = INT64_MAX;
        }
        buf_add(acks, id, sizeof id);
    }
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? count : -1;
}

static int take_text(void *out, int count, char **values, char **names)
{
    (void)names;
    snprintf(out, 32, "%s", count && values[0] ? values[0] : "");
    return 0;
}

TEST(acknowledged_writes_survive_kill)
{
    struct error err;
    const char *const path = place_new();
    AUTO(buf) struct buf acks = BUF(64 << 20);
    for (int round = 0; round < ROUNDS; round++) {
        const int count = write_and_kill(path, round, (50 + round * 37) * MS, &acks);
        CHECK_MSG(count > 0, "round %d: the child wrote nothing", round);
    }
    struct db *db;
    CHECK_OK(db_open(path, &db, &err));
    for (size_t at = 0; at < acks.size; at += ID_BYTES) {
        AUTO(arena) struct arena mem = { 0 };
        struct universe_row row;
        bool found;
        const struct db_args args = ARGS(db_text("id", acks.at + at));
        CHECK_OK(db_find(db, SQL_UNIVERSE_GET, args, &mem, &universe_row_shape, &row, &found, &err));
        CHECK_MSG(found, "the acknowledged write %s is lost", acks.at + at);
    }
    CHECK(universe_count(db, NULL) >= (int64_t)(acks.size / ID_BYTES));
    CHECK(put_universe(db, "after", "all", &err));
    db_close(db);
    AUTO(sqlite) struct sqlite *lite = NULL;
    CHECK_OK(sqlite_open(path, SQLITE_READING, &lite, &err));
    char verdict[32];
    CHECK(sqlite3_exec(lite->handle, "PRAGMA integrity_check", take_text, verdict, NULL) == SQLITE_OK);
    CHECK_TEXT(verdict, "ok");
}

TEST_MAIN
