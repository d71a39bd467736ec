/* The schema's way from version to version. Migrations are pairs of files, NNNN_name.up.sql and .down.sql,
 * built into the program; the database lists the ones it has with their checksums.
 *
 * Each runs in a transaction of its own. Before the first one changes a database that has tables already, a
 * copy is made beside it, `<database>.before-<number>-<time>`. A database that has a migration this program
 * does not know, or one in another form, is refused and left alone. */
#pragma once

#include "store/sqlite.h"

enum { MIGRATE_LATEST = -1 };

struct migration_status {
    int64_t number;
    const char *name;
    int64_t applied_at; /* 0 when pending */
    bool pending;
};

extern const struct shape migration_status_shape;

/* For a database that no server has open. `to` is the number to end at. A missing database is created by up.
 */
bool migrate_up(const char *path, int64_t to, struct error *err) MUST_USE;
bool migrate_down(const char *path, int64_t to, struct error *err) MUST_USE;

/* Every migration, applied or known, in order: a list of struct migration_status. A server may be running. */
bool migrate_status(const char *path, struct arena *mem, struct list *out, struct error *err) MUST_USE;

/* Up to number `to` on an open connection whose lock is held; what db_open does. */
bool migrate_connection_up(struct sqlite *lite, const char *path, int64_t to, struct error *err) MUST_USE;

/* Creates the file, empty and for its owner alone, unless it is there. Only before SQLite opens it. */
bool migrate_create_file(const char *path, struct error *err) MUST_USE;
