#include "store/sqlite.h"
#include "base/log.h"
#include "store/query.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_WAIT_MS = 5000 };

/* ---- faults ---- */

/* "UNIQUE constraint failed: users.email" names the column, "CHECK constraint failed: mood" the rule. */
static void fault_field(const char *message, char *out, size_t size_bytes)
{
    const char *at = strstr(message, "failed: ");
    at = at ? at + strlen("failed: ") : "";
    const char *const dot = strchr(at, '.');
    if (dot) at = dot + 1;
    const int length = (int)strcspn(at, ", ");
    snprintf(out, size_bytes, "%.*s", length, at);
}

static bool fail_constraint(int code, const char *message, struct error *err)
{
    char field[sizeof err->field];
    fault_field(message, field, sizeof field);
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return fail_field(err, CAUSE_CONFLICT, field, "the value of '%s' is taken; it must be unique", field);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return fail(err, CAUSE_CONFLICT,
                    "it refers to something that does not exist, or is still referred to");
    case SQLITE_CONSTRAINT_NOTNULL:
        return fail_field(err, CAUSE_INVALID, field, "'%s' must have a value", field);
    case SQLITE_CONSTRAINT_CHECK:
        return fail_field(err, CAUSE_INVALID, field, "the value of '%s' is not allowed", field);
    default:
        return fail(err, CAUSE_CONFLICT, "the change breaks a rule of the database");
    }
}

/* After a failed sync nobody knows what the disk has; any other fault of the disk left a commit undone. */
static bool fail_disk(sqlite3 *handle, int code, struct error *err)
{
    const int told = sqlite3_system_errno(handle),
              reason = told ? told : errno; /* of a commit only errno tells */
    const bool unknown = code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
    fail_errno(err, reason, "the database could not be read or written");
    return !unknown && err && err->cause != CAUSE_IO
               ? false
               : fail(err, CAUSE_IO, "the disk failed while the database was read or written");
}

bool sqlite_fail(struct sqlite *lite, struct error *err)
{
    const int code = sqlite3_extended_errcode(lite->handle);
    switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
        return fail_constraint(code, sqlite3_errmsg(lite->handle), err);
    case SQLITE_FULL:
        return fail(err, CAUSE_NO_SPACE, "the disk is full: nothing more can be stored");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: /* locks could not be had for ten seconds */
        return fail(err, CAUSE_UNAVAILABLE, "the database is in use by another program; try again");
    case SQLITE_NOMEM:
        return fail(err, CAUSE_UNAVAILABLE, "there is no memory for the database; try again later");
    case SQLITE_IOERR:
        return fail_disk(lite->handle, code, err);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        return fail(
            err, CAUSE_UNAVAILABLE,
            "the database may not be opened or written; check who owns the data directory, and whether its "
            "disk is read-only");
    case SQLITE_CORRUPT: /* which is also what SQLite makes of a disk that cannot read */
        return fail(
            err, CAUSE_IO,
            "the database cannot be read: the disk fails or the file is damaged; if it stays so, restore a "
            "backup");
    case SQLITE_NOTADB:
        return fail(err, CAUSE_INTERNAL,
                    "the database file is damaged or not a database; restore a backup of it");
    case SQLITE_TOOBIG:
        return fail(err, CAUSE_TOO_LARGE, "a value is too large for the database");
    case SQLITE_INTERRUPT:
        return fail(err, CAUSE_INTERRUPTED, "the database was interrupted");
    default:
        return fail(err, CAUSE_INTERNAL, "the database did not understand the program (fault %d)", code);
    }
}

/* What SQLite itself has to say, for the person who mends a statement. */
static void log_notice(void *ignored, int code, const char *text)
{
    (void)ignored;
    log_debug("sqlite", LOG_INT("code", code), LOG_TEXT("text", text));
}

/* ---- life ---- */

static void set_up_library(void)
{
    /* Counting memory would take one lock of all threads for every allocation. */
    if (sqlite3_config(SQLITE_CONFIG_LOG, log_notice, NULL) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK || !sqlite3_threadsafe())
        abort();
}

static bool set_up(struct sqlite *lite, struct error *err)
{
    sqlite3 *const handle = lite->handle;
    sqlite3_extended_result_codes(handle, 1);
    const bool done = sqlite3_busy_timeout(handle, BUSY_WAIT_MS) == SQLITE_OK &&
                      sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
                      sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
                      sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL) == SQLITE_OK &&
                      sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL) == SQLITE_OK;
    if (!done) return sqlite_fail(lite, err);
    return sqlite_enforce_keys(lite, true, err) && query_run(lite, SQL_SET_JOURNAL, NO_ARGS, NULL, err) &&
           query_run(lite, SQL_SET_SYNCHRONOUS, NO_ARGS, NULL, err) &&
           query_run(lite, SQL_SET_JOURNAL_SIZE, NO_ARGS, NULL, err);
}

bool sqlite_open(const char *path, enum sqlite_use use, struct sqlite **out, struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_library);
    AUTO(sqlite) struct sqlite *lite = calloc(1, sizeof *lite);
    if (!lite || sqlite3_initialize() != SQLITE_OK)
        return fail(err, CAUSE_UNAVAILABLE, "there is no memory to open the database; try again later");
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &lite->handle, flags, NULL) != SQLITE_OK) return sqlite_fail(lite, err);
    if (!set_up(lite, err)) return false;
    lite->reading = use == SQLITE_READING;
    *out = lite;
    lite = NULL;
    return true;
}

void sqlite_close(struct sqlite *lite)
{
    if (!lite) return;
    for (int sql = 0; sql < SQL_COUNT; sql++) sqlite3_finalize(lite->prepared[sql].handle);
    sqlite3_close(lite->handle);
    arena_clear(&lite->mem);
    free(lite);
}

bool sqlite_enforce_keys(struct sqlite *lite, bool on, struct error *err)
{
    int is = 0;
    if (sqlite3_db_config(lite->handle, SQLITE_DBCONFIG_ENABLE_FKEY, (int)on, &is) == SQLITE_OK &&
        is == (int)on)
        return true;
    return fail(err, CAUSE_INTERNAL, "this build of SQLite cannot enforce foreign keys");
}

/* ---- statements ---- */

/* SQLite numbers $2 by first appearance and not by its digit: the generator must have done the same. */
static bool numbered_alike(const struct prepared *stmt)
{
    const int count = sqlite3_bind_parameter_count(stmt->handle);
    for (int i = 1; i <= count; i++) {
        char name[16];
        snprintf(name, sizeof name, "$%d", i);
        if (strcmp(name, sqlite3_bind_parameter_name(stmt->handle, i)) != 0) return false;
    }
    return count == stmt->statement->count;
}

static bool prepare_first(struct sqlite *lite, const struct statement *statement, struct prepared *stmt,
                          struct error *err)
{
    stmt->statement = statement;
    if (!statement->text)
        return fail(err, CAUSE_INTERNAL, "the statement '%s' is not for this database", statement->name);
    if (sqlite3_prepare_v3(lite->handle, statement->text, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle,
                           NULL) != SQLITE_OK)
        return sqlite_fail(lite, err);
    assert(numbered_alike(stmt));
    const int columns = sqlite3_column_count(stmt->handle);
    stmt->parameters = arena_array(&lite->mem, (size_t)statement->count, sizeof *stmt->parameters);
    stmt->columns = arena_array(&lite->mem, (size_t)columns, sizeof *stmt->columns);
    return true;
}

bool sqlite_prepare(struct sqlite *lite, enum sql sql, struct prepared **out, struct error *err)
{
    struct prepared *const stmt = &lite->prepared[sql];
    if (!stmt->handle && !prepare_first(lite, &statements[sql], stmt, err)) return false;
    if (lite->reading && !sqlite3_stmt_readonly(stmt->handle))
        return fail(err, CAUSE_INTERNAL, "the statement '%s' writes; it needs a transaction",
                    stmt->statement->name);
    *out = stmt;
    return true;
}

bool sqlite_step(struct sqlite *lite, struct prepared *stmt, bool *row_out, struct error *err)
{
    errno = 0; /* see fail_disk */
    errno = 0; /* what fail_disk finds there is of this step */
    const int code = sqlite3_step(stmt->handle);
    if (code != SQLITE_ROW && code != SQLITE_DONE) return sqlite_fail(lite, err);
    *row_out = code == SQLITE_ROW;
    return true;
}

void sqlite_reset(struct prepared *stmt)
{
    sqlite3_reset(stmt->handle);
    sqlite3_clear_bindings(stmt->handle);
}

bool sqlite_script(struct sqlite *lite, const char *text, struct error *err)
{
    if (sqlite3_exec(lite->handle, text, NULL, NULL, NULL) == SQLITE_OK) return true;
    return sqlite_fail(lite, err);
}
