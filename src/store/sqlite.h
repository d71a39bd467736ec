/* A connection to an SQLite database: how it is set up, its prepared statements, what its faults mean.
 *
 * A connection belongs to one thread at a time. Statements are prepared when first used and kept. Every fault
 * becomes a sentence without SQL or paths; a constraint names the column in err->field. */
#pragma once

#include "base/shape.h"
#include "store/statement.h"

#include <sqlite3.h>

struct prepared {
    sqlite3_stmt *handle;
    const struct statement *statement;
    /* Which field of the shape used last stands behind each parameter and each column; see row.c. */
    const struct shape *parameters_of, *columns_of;
    const struct field **parameters, **columns;
};

struct sqlite {
    sqlite3 *handle;
    bool reading;        /* statements that write are refused */
    struct sqlite *next; /* in a pool */
    struct arena mem;    /* lives as long as the connection */
    struct prepared prepared[SQL_COUNT];
};

enum sqlite_use { SQLITE_READING, SQLITE_WRITING };

/* Opens an existing database file; an empty one is a new database. */
bool sqlite_open(const char *path, enum sqlite_use use, struct sqlite **out, struct error *err) MUST_USE;
void sqlite_close(struct sqlite *lite); /* accepts NULL */

/* The prepared statement, reset and without values. */
bool sqlite_prepare(struct sqlite *lite, enum sql sql, struct prepared **out, struct error *err) MUST_USE;

/* The next row, if any: `*row_out` says. */
bool sqlite_step(struct sqlite *lite, struct prepared *stmt, bool *row_out, struct error *err) MUST_USE;

/* Ends a run of the statement; it forgets its values. */
void sqlite_reset(struct prepared *stmt);

/* Runs a text of many statements. */
bool sqlite_script(struct sqlite *lite, const char *text, struct error *err) MUST_USE;

/* Foreign keys are enforced unless a migration rebuilds tables. */
bool sqlite_enforce_keys(struct sqlite *lite, bool on, struct error *err) MUST_USE;

/* Sets `err` to what the connection's last fault means; returns false. */
bool sqlite_fail(struct sqlite *lite, struct error *err);

static inline void sqlite_cleanup(struct sqlite **lite) { sqlite_close(*lite); }
