#include "store/query.h"
#include "store/row.h"

#include <string.h>

/* A run of a statement; it ends with the scope. */
struct run {
    struct prepared *stmt;
    struct arena scratch; /* texts made for parameters */
};

static void run_cleanup(struct run *run)
{
    if (run->stmt) sqlite_reset(run->stmt);
    arena_clear(&run->scratch);
}

static bool run_start(struct sqlite *lite, enum sql sql, struct db_args args, struct run *run,
                      struct error *err)
{
    return sqlite_prepare(lite, sql, &run->stmt, err) && row_bind(lite, run->stmt, args, &run->scratch, err);
}

/* Runs past the rows nobody reads: a writing statement counts only when it came to its end. */
static bool run_to_end(struct sqlite *lite, struct run *run, struct error *err)
{
    for (bool row = true; row;)
        if (!sqlite_step(lite, run->stmt, &row, err)) return false;
    return true;
}

bool query_run(struct sqlite *lite, enum sql sql, struct db_args args, int64_t *changed_out,
               struct error *err)
{
    AUTO(run) struct run run = { 0 };
    if (!run_start(lite, sql, args, &run, err) || !run_to_end(lite, &run, err)) return false;
    const bool writes = !sqlite3_stmt_readonly(run.stmt->handle);
    if (changed_out) *changed_out = writes ? sqlite3_changes64(lite->handle) : 0;
    return true;
}

bool query_find(struct sqlite *lite, enum sql sql, struct db_args args, struct arena *mem,
                const struct shape *shape, void *out, bool *found_out, struct error *err)
{
    AUTO(run) struct run run = { 0 };
    bool row;
    if (!run_start(lite, sql, args, &run, err) || !sqlite_step(lite, run.stmt, &row, err)) return false;
    if (row) {
        void *const fresh = arena_alloc(mem, shape->size);
        if (!row_read(run.stmt, mem, shape, fresh, err)) return false;
        if (!sqlite3_stmt_readonly(run.stmt->handle) && !run_to_end(lite, &run, err)) return false;
        memcpy(out, fresh, shape->size);
    }
    *found_out = row;
    return true;
}

/* Room for one more struct. */
static void *list_grow(struct list *list, size_t *room, size_t size, struct arena *mem)
{
    if (list->count == *room) {
        *room = *room ? *room * 2 : 8;
        void *const items = arena_array(mem, *room, size);
        if (list->count) memcpy(items, list->items, list->count * size);
        list->items = items;
    }
    return (char *)list->items + list->count++ * size;
}

/* Its texts, and about as much as numbers and names around them take. */
static size_t row_bytes(sqlite3_stmt *row)
{
    size_t size = 128;
    for (int i = sqlite3_column_count(row) - 1; i >= 0; i--)
        if (sqlite3_column_type(row, i) == SQLITE_TEXT) size += (size_t)sqlite3_column_bytes(row, i);
    return size;
}

bool query_list_within(struct sqlite *lite, enum sql sql, struct db_args args, struct arena *mem,
                       const struct shape *shape, size_t max_bytes, struct list *out, bool *whole_out,
                       struct error *err)
{
    AUTO(run) struct run run = { 0 };
    struct list list = { 0 };
    size_t room = 0, left = max_bytes;
    bool row;
    if (!run_start(lite, sql, args, &run, err)) return false;
    while (sqlite_step(lite, run.stmt, &row, err)) {
        const size_t size = row ? row_bytes(run.stmt->handle) : 0;
        if (!row || size > left) {
            *out = list;
            *whole_out = !row;
            return true;
        }
        left -= size;
        if (!row_read(run.stmt, mem, shape, list_grow(&list, &room, shape->size, mem), err)) return false;
    }
    return false;
}

bool query_list(struct sqlite *lite, enum sql sql, struct db_args args, struct arena *mem,
                const struct shape *shape, struct list *out, struct error *err)
{
    bool whole;
    return query_list_within(lite, sql, args, mem, shape, SIZE_MAX, out, &whole, err);
}

bool query_count(struct sqlite *lite, enum sql sql, struct db_args args, int64_t *out, struct error *err)
{
    AUTO(run) struct run run = { 0 };
    bool row;
    if (!run_start(lite, sql, args, &run, err) || !sqlite_step(lite, run.stmt, &row, err)) return false;
    const int64_t count = row ? sqlite3_column_int64(run.stmt->handle, 0) : 0;
    if (row && !sqlite3_stmt_readonly(run.stmt->handle) && !run_to_end(lite, &run, err)) return false;
    *out = count;
    return true;
}
