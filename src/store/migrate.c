#include "store/migrate.h"
#include "base/time.h"
#include "store/backup.h"
#include "store/lock.h"
#include "store/query.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A row of schema_migrations. */
struct applied {
    int64_t number;
    const char *name, *checksum;
    int64_t applied_at;
};

static const struct field applied_fields[] = {
    INT(struct applied, number, .doc = "Place in the order."),
    TEXT(struct applied, name, .doc = "What it does, in a word."),
    TEXT(struct applied, checksum, .doc = "SHA-256 of what was run."),
    TIME(struct applied, applied_at, .doc = "When."),
    { 0 },
};
static const struct shape applied_shape = SHAPE("AppliedMigration", struct applied, applied_fields);

static const struct field status_fields[] = {
    INT(struct migration_status, number, .doc = "Place in the order."),
    TEXT(struct migration_status, name, .doc = "What it does, in a word."),
    TIME(struct migration_status, applied_at, .nullable = true, .doc = "When it was applied."),
    BOOL(struct migration_status, pending, .doc = "Whether it is still to be applied."),
    { 0 },
};
const struct shape migration_status_shape = SHAPE("MigrationStatus", struct migration_status, status_fields);

/* ---- what the database has ---- */

/* The applied migrations; none for a new database. A database with tables that are not ours is refused. */
static bool applied_list(struct sqlite *lite, struct arena *mem, struct list *out, struct error *err)
{
    int64_t ours, tables;
    if (!query_count(lite, SQL_MIGRATIONS_COUNT, NO_ARGS, &ours, err) ||
        !query_count(lite, SQL_TABLES_COUNT, NO_ARGS, &tables, err))
        return false;
    if (!ours && tables)
        return fail(
            err, CAUSE_CONFLICT,
            "the database was made by another program; choose another data directory or move it away");
    *out = (struct list){ 0 };
    return !ours || query_list(lite, SQL_MIGRATION_LIST, NO_ARGS, mem, &applied_shape, out, err);
}

static bool check_applied(const struct list *list, struct error *err)
{
    const struct applied *const applied = list->items;
    for (size_t i = 0; i < list->count; i++) {
        const long long number = applied[i].number;
        if (number > migrations_count)
            return fail(err, CAUSE_CONFLICT,
                        "the database is from a newer umam: it has migration %04lld '%s' and this program "
                        "knows %04d at "
                        "most; use the newer program, or restore a backup made before the update",
                        number, applied[i].name, migrations_count);
        if (number != (long long)i + 1 || !text_is(applied[i].checksum, migrations[i].checksum))
            return fail(
                err, CAUSE_CONFLICT,
                "the database has migration %04lld '%s' in another form than this program: it belongs to "
                "another build; use that program, or restore a backup made by this one",
                number, applied[i].name);
    }
    return true;
}

/* The number of the last applied migration, after all of them were found to be the program's own. */
static bool version_get(struct sqlite *lite, int64_t *out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct list applied;
    if (!applied_list(lite, &mem, &applied, err) || !check_applied(&applied, err)) return false;
    *out = (int64_t)applied.count;
    return true;
}

/* ---- one step ---- */

static bool note_up(struct sqlite *lite, const struct migration *migration, struct error *err)
{
    return query_run(lite, SQL_MIGRATIONS_CREATE, NO_ARGS, NULL, err) &&
           query_run(lite, SQL_MIGRATION_INSERT,
                     ARGS(db_int("number", migration->number), db_text("name", migration->name),
                          db_text("checksum", migration->checksum), db_int("applied_at", time_now())),
                     NULL, err);
}

static bool note_down(struct sqlite *lite, const struct migration *migration, struct error *err)
{
    return query_run(lite, SQL_MIGRATION_DELETE, ARGS(db_int("number", migration->number)), NULL, err);
}

static bool check_keys(struct sqlite *lite, struct error *err)
{
    int64_t faults;
    if (!query_count(lite, SQL_FOREIGN_KEY_FAULTS, NO_ARGS, &faults, err)) return false;
    return !faults ||
           fail(err, CAUSE_CONFLICT, "it would leave %lld references to nothing", (long long)faults);
}

static bool run_step(struct sqlite *lite, const struct migration *migration, bool up, struct error *err)
{
    struct error why;
    if (query_run(lite, SQL_BEGIN, NO_ARGS, NULL, &why) &&
        sqlite_script(lite, up ? migration->up : migration->down, &why) &&
        (up ? note_up : note_down)(lite, migration, &why) && check_keys(lite, &why) &&
        query_run(lite, SQL_COMMIT, NO_ARGS, NULL, &why))
        return true;
    struct error ignored;
    const bool undone =
        sqlite3_get_autocommit(lite->handle) || query_run(lite, SQL_ROLLBACK, NO_ARGS, NULL, &ignored);
    return fail(err, why.cause, "migration %04lld '%s' failed%s: %s", (long long)migration->number,
                migration->name, undone ? " and changed nothing" : "", why.text);
}

/* ---- the way ---- */

static bool keep_copy(struct sqlite *lite, const char *path, int64_t number, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const int64_t now = time_now();
    const time_t seconds = (time_t)(now / SECOND);
    struct tm tm;
    char text[32];
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y%m%dT%H%M%S", &tm);
    return backup_make(
        lite,
        arena_printf(&mem, "%s.before-%04lld-%s.%06dZ", path, (long long)number, text, (int)(now % SECOND)),
        err);
}

static bool check_target(int64_t to, struct error *err)
{
    if (to >= 0 && to <= migrations_count) return true;
    return fail_field(err, CAUSE_INVALID, "to", "there is no migration %lld; the last one is %d",
                      (long long)to, migrations_count);
}

/* The steps from `from` to `to`, either way. Foreign keys rest meanwhile: dropping a table that a new form
 * replaces must not take along what refers to it. Each step checks them before it counts. */
static bool walk(struct sqlite *lite, const char *path, int64_t from, int64_t to, struct error *err)
{
    if (from == to) return true;
    const bool up = to > from;
    if (from > 0 && !keep_copy(lite, path, up ? from + 1 : from, err)) return false;
    bool good = sqlite_enforce_keys(lite, false, err);
    while (good && from != to) {
        good = run_step(lite, &migrations[up ? from : from - 1], up, err);
        from += up ? 1 : -1;
    }
    struct error ignored;
    return sqlite_enforce_keys(lite, true, good ? err : &ignored) && good;
}

bool migrate_connection_up(struct sqlite *lite, const char *path, int64_t to, struct error *err)
{
    int64_t version;
    if (to == MIGRATE_LATEST) to = migrations_count;
    if (!check_target(to, err) || !version_get(lite, &version, err)) return false;
    return version >= to || walk(lite, path, version, to, err);
}

static bool migrate_connection_down(struct sqlite *lite, const char *path, int64_t to, struct error *err)
{
    int64_t version;
    if (!check_target(to, err) || !version_get(lite, &version, err)) return false;
    return version <= to || walk(lite, path, version, to, err);
}

bool migrate_create_file(const char *path, struct error *err)
{
    AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 || errno == EEXIST || fail_errno(err, errno, "the database file could not be created");
}

bool migrate_up(const char *path, int64_t to, struct error *err)
{
    AUTO(fd) int lock = -1;
    AUTO(sqlite) struct sqlite *lite = NULL;
    return lock_take(path, &lock, err) && migrate_create_file(path, err) &&
           sqlite_open(path, SQLITE_WRITING, &lite, err) && migrate_connection_up(lite, path, to, err);
}

bool migrate_down(const char *path, int64_t to, struct error *err)
{
    AUTO(fd) int lock = -1;
    AUTO(sqlite) struct sqlite *lite = NULL;
    if (access(path, F_OK) != 0)
        return fail(err, CAUSE_NOT_FOUND, "there is no database in this data directory yet");
    return lock_take(path, &lock, err) && sqlite_open(path, SQLITE_WRITING, &lite, err) &&
           migrate_connection_down(lite, path, to, err);
}

bool migrate_status(const char *path, struct arena *mem, struct list *out, struct error *err)
{
    AUTO(sqlite) struct sqlite *lite = NULL;
    struct list list = { 0 };
    if (access(path, F_OK) == 0 &&
        (!sqlite_open(path, SQLITE_READING, &lite, err) || !applied_list(lite, mem, &list, err)))
        return false;
    const struct applied *const applied = list.items;
    const size_t known = (size_t)migrations_count, count = list.count > known ? list.count : known;
    struct migration_status *const rows = arena_array(mem, count, sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        if (i < list.count)
            rows[i] =
                (struct migration_status){ applied[i].number, applied[i].name, applied[i].applied_at, false };
        else
            rows[i] = (struct migration_status){ migrations[i].number, migrations[i].name, 0, true };
    }
    *out = (struct list){ rows, count };
    return true;
}
