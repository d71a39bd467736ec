/* The audit log: who did what, from where, and who was refused. Acts that were done are on disk before they
 * are acknowledged. No secret is ever part of a note.
 *
 * A flood of refusals must not fill the disk: equal ones within a minute are one row and, when the minute is
 * over, one more that says how many times it happened again; beyond AUDIT_KINDS_MAX different ones a minute
 * only their number is kept, in a row `refusals`. That is 41 rows a minute at most, whatever comes. */
#pragma once

#include "base/shape.h"

#include <pthread.h>

struct library;

enum { AUDIT_KINDS_MAX = 20, AUDIT_TEXT_MAX = 160 /* bytes; what is longer is cut */ };

struct audit_note {
    const char *actor;  /* name, "" when nobody knows */
    const char *remote; /* address, or "local" for the command line */
    const char *act;    /* such as login, key.create, universe.delete */
    const char *target; /* what it was done to, "" for nothing */
    bool refused;
};

/* Refusals of this minute. The zero value is ready for use. */
struct audit_desk {
    pthread_mutex_t mutex;
    int64_t began_at, pruned_at;
    int64_t keep_days; /* rows live this long; 0: for ever */
    struct refusal {
        char actor[AUDIT_TEXT_MAX + 1], remote[AUDIT_TEXT_MAX + 1];
        char act[AUDIT_TEXT_MAX + 1], target[AUDIT_TEXT_MAX + 1];
        int64_t again;
    } refusals[AUDIT_KINDS_MAX];
    int count;
    int64_t beyond;
};

/* Notes it. Waits for the disk when the act was done, never when it was refused. */
bool audit_put(struct library *lib, const struct audit_note *note, struct error *err) MUST_USE;

/* Writes what was only counted so far; without waiting. */
void audit_flush(struct library *lib);

struct audit_entry {
    const char *id;
    int64_t created_at;
    const char *actor, *remote, *act, *target, *outcome;
    int64_t times;
};

struct audit_query {
    int64_t limit;
    const char *cursor, *actor, *act;
    int64_t since, until; /* 0: open */
};

extern const struct shape audit_entry_shape, audit_query_shape;

/* A page, newest first; `*next_out` is the cursor of the page after it, NULL when there is none. */
bool audit_list(struct library *lib, struct arena *mem, const struct audit_query *query, struct list *out,
                const char **next_out, struct error *err) MUST_USE;
