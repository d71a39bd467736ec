#include "store/db.h"
#include "store/backup.h"
#include "store/lock.h"
#include "store/migrate.h"
#include "store/query.h"
#include "store/readers.h"
#include "store/statement.h"
#include "store/writer.h"

#include <stdlib.h>
#include <string.h>

struct db {
    char *path;
    int lock;
    struct writer writer;
    struct readers readers;
};

/* ---- life ---- */

/* Everything but the lock, which the caller holds. */
static bool open_locked(struct db *db, struct error *err)
{
    AUTO(sqlite) struct sqlite *lite = NULL;
    if (!migrate_create_file(db->path, err) || !sqlite_open(db->path, SQLITE_WRITING, &lite, err) ||
        !migrate_connection_up(lite, db->path, MIGRATE_LATEST, err) || !writer_start(&db->writer, lite, err))
        return false;
    lite = NULL; /* the writer's now */
    readers_init(&db->readers, db->path);
    return true;
}

bool db_open(const char *path, struct db **out, struct error *err)
{
    struct db *const db = calloc(1, sizeof *db);
    AUTO(fd) int lock = -1;
    if (!db || !(db->path = strdup(path))) {
        free(db);
        return fail(err, CAUSE_UNAVAILABLE, "there is no memory to open the database; try again later");
    }
    if (!lock_take(path, &lock, err) || !open_locked(db, err)) {
        free(db->path);
        free(db);
        return false;
    }
    db->lock = fd_take(&lock);
    *out = db;
    return true;
}

void db_close(struct db *db)
{
    if (!db) return;
    readers_clear(&db->readers);
    writer_stop(&db->writer); /* last, so that the log goes into the database */
    fd_cleanup(&db->lock);
    free(db->path);
    free(db);
}

/* ---- reading ---- */

bool db_find(struct db *db, enum sql sql, struct db_args args, struct arena *mem, const struct shape *shape,
             void *out, bool *found_out, struct error *err)
{
    struct sqlite *lite;
    if (!readers_take(&db->readers, &lite, err)) return false;
    const bool good = query_find(lite, sql, args, mem, shape, out, found_out, err);
    readers_put(&db->readers, lite);
    return good;
}

bool db_list_within(struct db *db, enum sql sql, struct db_args args, struct arena *mem,
                    const struct shape *shape, size_t max_bytes, struct list *out, bool *whole_out,
                    struct error *err)
{
    struct sqlite *lite;
    if (!readers_take(&db->readers, &lite, err)) return false;
    const bool good = query_list_within(lite, sql, args, mem, shape, max_bytes, out, whole_out, err);
    readers_put(&db->readers, lite);
    return good;
}

bool db_list(struct db *db, enum sql sql, struct db_args args, struct arena *mem, const struct shape *shape,
             struct list *out, struct error *err)
{
    bool whole;
    return db_list_within(db, sql, args, mem, shape, SIZE_MAX, out, &whole, err);
}

bool db_count(struct db *db, enum sql sql, struct db_args args, int64_t *out, struct error *err)
{
    struct sqlite *lite;
    if (!readers_take(&db->readers, &lite, err)) return false;
    const bool good = query_count(lite, sql, args, out, err);
    readers_put(&db->readers, lite);
    return good;
}

bool db_backup(struct db *db, const char *path, struct error *err)
{
    struct sqlite *lite;
    if (!readers_take(&db->readers, &lite, err)) return false;
    const bool good = backup_make(lite, path, err);
    readers_put(&db->readers, lite);
    return good;
}

/* ---- writing ---- */

bool db_write(struct db *db, bool (*body)(struct tx *tx, void *with, struct error *err), void *with,
              struct error *err)
{
    return writer_do(&db->writer, body, with, err);
}

struct single {
    enum sql sql;
    struct db_args args;
    int64_t changed;
};

static bool run_single(struct tx *tx, void *with, struct error *err)
{
    struct single *const single = with;
    return tx_run(tx, single->sql, single->args, &single->changed, err);
}

bool db_run(struct db *db, enum sql sql, struct db_args args, int64_t *changed_out, struct error *err)
{
    struct single single = { .sql = sql, .args = args };
    if (!db_write(db, run_single, &single, err)) return false;
    if (changed_out) *changed_out = single.changed;
    return true;
}

struct posted {
    struct arena mem;
    struct single single;
};

static bool run_posted(struct tx *tx, void *with, struct error *err)
{
    return run_single(tx, &((struct posted *)with)->single, err);
}

static void release_posted(void *with)
{
    struct posted *const posted = with;
    arena_clear(&posted->mem);
    free(posted);
}

void db_post(struct db *db, enum sql sql, struct db_args args)
{
    assert(!args.object);
    struct posted *const posted = calloc(1, sizeof *posted);
    if (!posted) return;
    struct db_value *const values = arena_array(&posted->mem, args.count, sizeof *values);
    for (size_t i = 0; i < args.count; i++) {
        values[i] = args.values[i];
        values[i].text = arena_text(&posted->mem, values[i].text);
    }
    posted->single = (struct single){ .sql = sql, .args = { .values = values, .count = args.count } };
    if (!writer_post(&db->writer, run_posted, posted, release_posted)) release_posted(posted);
}

bool tx_run(struct tx *tx, enum sql sql, struct db_args args, int64_t *changed_out, struct error *err)
{
    return query_run(tx->lite, sql, args, changed_out, err);
}

bool tx_find(struct tx *tx, enum sql sql, struct db_args args, struct arena *mem, const struct shape *shape,
             void *out, bool *found_out, struct error *err)
{
    return query_find(tx->lite, sql, args, mem, shape, out, found_out, err);
}

bool tx_list(struct tx *tx, enum sql sql, struct db_args args, struct arena *mem, const struct shape *shape,
             struct list *out, struct error *err)
{
    return query_list(tx->lite, sql, args, mem, shape, out, err);
}

bool tx_count(struct tx *tx, enum sql sql, struct db_args args, int64_t *out, struct error *err)
{
    return query_count(tx->lite, sql, args, out, err);
}

int64_t db_schema_latest(void) { return migrations_count; }

uint64_t db_version(struct db *db) { return atomic_load(&db->writer.version); }

struct db_stats db_stats(struct db *db)
{
    pthread_mutex_lock(&db->writer.mutex);
    const struct db_stats stats = { .writes = db->writer.writes, .commits = db->writer.commits };
    pthread_mutex_unlock(&db->writer.mutex);
    return stats;
}
