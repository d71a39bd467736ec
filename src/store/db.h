/* The database behind one small door: statements by number, parameters by name, rows into shapes.
 *
 * SQL lives in src/store/sql (one .sql file per subject); tools/sqlgen turns it into "store/sql.h" with
 * `enum sql`. A statement's parameters are written :name and are looked up first in the values of `args`,
 * then among the fields of its object. Result columns are matched to the fields of the shape by name; a
 * column without a field is an error, a field without a column keeps its initial value. JSON, DATA,
 * TEXTS, SHAPE and LIST fields are stored as JSON text, times as integers (microseconds), booleans as 0/1.
 *
 * One process opens one database once. Writing happens on one thread that commits everything waiting in one
 * group (each write in its own savepoint), and answers when it is on disk. Reading happens on the caller's
 * thread with a connection from a pool. */
#pragma once

#include "base/shape.h"
#include "store/sql.h"

struct db;
struct tx; /* an open transaction; only valid inside the function it is passed to */

struct db_value {
    const char *name;
    enum { DB_NULL, DB_INT, DB_TEXT } kind;
    int64_t integer;
    const char *text;
};

static inline struct db_value db_int(const char *name, int64_t value)
{
    return (struct db_value){ .name = name, .kind = DB_INT, .integer = value };
}

/* NULL is the database's NULL. */
static inline struct db_value db_text(const char *name, const char *text)
{
    return (struct db_value){ .name = name, .kind = text ? DB_TEXT : DB_NULL, .text = text };
}

struct db_args {
    const struct db_value *values;
    size_t count;
    const struct shape *shape; /* of `object`, or NULL */
    const void *object;
};

#define NO_ARGS ((struct db_args){ 0 })
#define ARGS(...)                                                                                            \
    ((struct db_args){ .values = (const struct db_value[]){ __VA_ARGS__ },                                   \
                       .count =                                                                              \
                           sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value) })
#define ARGS_OF(of_shape, of_object) ((struct db_args){ .shape = (of_shape), .object = (of_object) })

/* ---- life ---- */

/* Opens or creates the database and brings its schema up to date (see migrate.h); refuses one from the
 * future. */
bool db_open(const char *path, struct db **out, struct error *err) MUST_USE;
void db_close(struct db *db); /* waits for writes under way; accepts NULL */

/* ---- reading ---- */

/* The first row, if any: `*found_out` says. Texts are copied into `mem`. */
bool db_find(struct db *db, enum sql sql, struct db_args args, struct arena *mem, const struct shape *shape,
             void *out, bool *found_out, struct error *err) MUST_USE;

/* Every row, as structs of the shape. */
bool db_list(struct db *db, enum sql sql, struct db_args args, struct arena *mem, const struct shape *shape,
             struct list *out, struct error *err) MUST_USE;

/* db_list that stops before its rows hold more than `max_bytes` (their texts and 128 for the rest of each);
 * `*whole_out`: it did not. The rows come one by one, so that what is left out costs nothing. */
bool db_list_within(struct db *db, enum sql sql, struct db_args args, struct arena *mem,
                    const struct shape *shape, size_t max_bytes, struct list *out, bool *whole_out,
                    struct error *err) MUST_USE;

/* The first column of the first row as an integer; 0 when there is no row. */
bool db_count(struct db *db, enum sql sql, struct db_args args, int64_t *out, struct error *err) MUST_USE;

/* ---- writing ---- */

/* Runs `body` in a transaction on the writer thread and waits until it is committed. `body` returning false
 * rolls back its own changes only. `body` must not wait for anything but the database. */
bool db_write(struct db *db, bool (*body)(struct tx *tx, void *with, struct error *err), void *with,
              struct error *err) MUST_USE;

/* One statement as a transaction. `changed_out` (may be NULL) gets the number of rows changed. */
bool db_run(struct db *db, enum sql sql, struct db_args args, int64_t *changed_out,
            struct error *err) MUST_USE;

/* One statement as a transaction that nobody waits for: for marks that may be lost, such as a time of last
 * use. Dropped when it fails, or when too many wait already. `args` has values only; their texts are copied.
 */
void db_post(struct db *db, enum sql sql, struct db_args args);

bool tx_run(struct tx *tx, enum sql sql, struct db_args args, int64_t *changed_out,
            struct error *err) MUST_USE;
bool tx_find(struct tx *tx, enum sql sql, struct db_args args, struct arena *mem, const struct shape *shape,
             void *out, bool *found_out, struct error *err) MUST_USE;
bool tx_list(struct tx *tx, enum sql sql, struct db_args args, struct arena *mem, const struct shape *shape,
             struct list *out, struct error *err) MUST_USE;
bool tx_count(struct tx *tx, enum sql sql, struct db_args args, int64_t *out, struct error *err) MUST_USE;

/* A consistent copy of the whole database in a new file, made while it is in use. */
bool db_backup(struct db *db, const char *path, struct error *err) MUST_USE;

/* The schema version this program brings every database to. */
int64_t db_schema_latest(void);

/* A number that changes with every commit, before its writers are answered: what was read after taking it,
 * and nothing older, is still so while it is the same. */
uint64_t db_version(struct db *db);

/* How well writes share commits. */
struct db_stats {
    int64_t writes, commits;
};

struct db_stats db_stats(struct db *db);

/* Constraint faults arrive as CAUSE_CONFLICT (unique, foreign key) or CAUSE_INVALID (not null, check). */
