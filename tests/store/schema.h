/* Looking at a database from outside: its schema, single values. Only while nobody has it open. */
#pragma once

#include "place.h"

#include "store/migrate.h"
#include "store/sqlite.h"

static inline int schema_add(void *with, int count, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < count; i++) buf_printf(with, "%s%s", i ? "|" : "", values[i] ? values[i] : "");
    buf_char(with, '\n');
    return 0;
}

/* The rows of a query as text, columns between bars; "?" when it fails. */
static inline const char *schema_ask(struct arena *mem, const char *path, const char *sql)
{
    AUTO(sqlite) struct sqlite *lite = NULL;
    AUTO(buf) struct buf text = BUF(1 << 20);
    struct error err;
    if (!sqlite_open(path, SQLITE_WRITING, &lite, &err) ||
        sqlite3_exec(lite->handle, sql, schema_add, &text, NULL) != SQLITE_OK)
        return "?";
    return arena_text(mem, buf_str(&text));
}

static inline const char *schema_text(struct arena *mem, const char *path)
{
    return schema_ask(mem, path, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name");
}
