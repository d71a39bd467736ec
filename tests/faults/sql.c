/* SQLite's steps, its allocations and what it says after a step that did not happen; see points.h. */
#include "points.h"

#include <dlfcn.h>
#include <sqlite3.h>
#include <stddef.h>

#define STAND_IN __attribute__((visibility("default")))
#define REAL(name)                                                                                           \
    static __typeof__(&name) real;                                                                           \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

static _Thread_local int said; /* the code of the last call when it was struck */

static bool strike(const char *call, const void *caller)
{
    enum point_mode mode;
    said = SQLITE_OK;
    if (!point_is_program(caller) || !point_strikes(POINT_SQL, call, caller, true, &mode)) return false;
    said = mode == POINT_FULL ? SQLITE_FULL : mode == POINT_INTERRUPT ? SQLITE_BUSY : SQLITE_IOERR;
    return true;
}

#define STRIKES(name) strike(name, __builtin_return_address(0))

STAND_IN int sqlite3_step(sqlite3_stmt *stmt)
{
    REAL(sqlite3_step);
    return STRIKES("sqlite3_step") ? said : real(stmt);
}

STAND_IN int sqlite3_prepare_v3(sqlite3 *db, const char *text, int size, unsigned flags, sqlite3_stmt **out,
                                const char **tail)
{
    REAL(sqlite3_prepare_v3);
    if (!STRIKES("sqlite3_prepare_v3")) return real(db, text, size, flags, out, tail);
    *out = NULL;
    return said;
}

STAND_IN int sqlite3_exec(sqlite3 *db, const char *text, int (*row)(void *, int, char **, char **),
                          void *with, char **message)
{
    REAL(sqlite3_exec);
    return STRIKES("sqlite3_exec") ? said : real(db, text, row, with, message);
}

STAND_IN int sqlite3_extended_errcode(sqlite3 *db)
{
    REAL(sqlite3_extended_errcode);
    return said && point_is_program(__builtin_return_address(0)) ? said : real(db);
}

/* ---- its memory ---- */

static sqlite3_mem_methods usual;

static void *allocate(int size)
{
    enum point_mode mode;
    return point_strikes(POINT_MEMORY, "sqlite3_malloc", (void *)(uintptr_t)allocate, false, &mode)
               ? NULL
               : usual.xMalloc(size);
}

static void *resize(void *at, int size)
{
    enum point_mode mode;
    return point_strikes(POINT_MEMORY, "sqlite3_realloc", (void *)(uintptr_t)resize, false, &mode)
               ? NULL
               : usual.xRealloc(at, size);
}

STAND_IN int sqlite3_initialize(void)
{
    REAL(sqlite3_initialize);
    if (!usual.xMalloc && sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) == SQLITE_OK && usual.xMalloc) {
        sqlite3_mem_methods methods = usual;
        methods.xMalloc = allocate;
        methods.xRealloc = resize;
        sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    }
    return real();
}
