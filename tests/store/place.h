/* A folder of its own for each test, gone at the end of the program, and rows to put into it. */
#pragma once

#include "base/id.h"
#include "base/time.h"
#include "store/db.h"
#include "test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char place_root[64];

static void place_clear(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", place_root);
    if (place_root[0] && system(command) != 0) fprintf(stderr, "%s is left behind\n", place_root);
}

/* A new path for a database. */
static inline const char *place_new(void)
{
    static char path[128];
    static int number;
    if (!place_root[0]) {
        strcpy(place_root, "/tmp/umam-store-XXXXXX");
        if (!mkdtemp(place_root)) abort();
        atexit(place_clear);
    }
    snprintf(path, sizeof path, "%s/%d", place_root, ++number);
    mkdir(path, 0700);
    strcat(path, "/umam.db");
    return path;
}

/* How many files of the database's folder have `part` in their names; `path_out` (may be NULL) gets one. */
static inline int place_files(const char *database, const char *part, char *path_out, size_t size_bytes)
{
    char folder[128];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(database, '/') - database), database);
    DIR *const dir = opendir(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!strstr(entry->d_name, part)) continue;
        count++;
        const int size = path_out ? snprintf(path_out, size_bytes, "%s/%s", folder, entry->d_name) : 0;
        if (size >= (int)size_bytes && path_out) abort();
    }
    closedir(dir);
    return count;
}

struct universe_row {
    const char *id, *name, *description, *owner;
    int64_t created_at, updated_at;
};

static const struct field universe_row_fields[] = {
    TEXT(struct universe_row, id),
    TEXT(struct universe_row, name),
    TEXT(struct universe_row, description, .nullable = true),
    TEXT(struct universe_row, owner, .nullable = true),
    TIME(struct universe_row, created_at),
    TIME(struct universe_row, updated_at),
    { 0 },
};
static const struct shape universe_row_shape = SHAPE("UniverseRow", struct universe_row, universe_row_fields);

static inline bool put_universe(struct db *db, const char *id, const char *name, struct error *err)
{
    const struct universe_row row = { id, name, "about it", "ann", time_now(), time_now() };
    return db_run(db, SQL_UNIVERSE_INSERT, ARGS_OF(&universe_row_shape, &row), NULL, err);
}

/* The arguments of universe_list: a page of everything. */
#define UNIVERSE_PAGE(whose, part, most, skipped)                                                            \
    ARGS(db_text("owner_id", whose), db_text("search", part), db_int("after_at", -1),                        \
         db_text("after_id", ""), db_int("limit", most), db_int("offset", skipped))

static inline int64_t universe_count(struct db *db, const char *search)
{
    AUTO(arena) struct arena mem = { 0 };
    struct list list = { 0 };
    struct error err;
    if (!db_list(db, SQL_UNIVERSE_LIST_ALL, UNIVERSE_PAGE(NULL, search, INT32_MAX, 0), &mem,
                 &universe_row_shape, &list, &err))
        fprintf(stderr, "%s\n", err.text);
    return (int64_t)list.count;
}
