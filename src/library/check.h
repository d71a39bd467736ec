/* Every row against every file, and every file against the rows. Looking changes nothing: what is found is
 * told.
 *
 * It works beside a server's other business. What comes or goes while it looks is no fault: each fault is
 * looked at a second time, and files that are on their way in or out (blob.h) are counted apart. */
#pragma once

#include "library/library.h"

enum check_kind {
    CHECK_MISSING,    /* a row's file is not there */
    CHECK_UNTRACKED,  /* a file to which no row points */
    CHECK_TRUNCATED,  /* shorter than its row says */
    CHECK_CHANGED,    /* other bytes than its row says */
    CHECK_UNREADABLE, /* the disk does not give it */
    CHECK_LINK,       /* its row says a URL under which it is not served */
    CHECK_DERIVATIVE, /* poster, thumbnail and the like that are missing or damaged: they can be made again */
    CHECK_KINDS
};
extern const char *const check_kind_names[]; /* NULL-terminated, in the order of the enum */

struct check_fault {
    const char *kind, *name, *asset_id;
    const char *text; /* a sentence */
};

enum { CHECK_LISTED_MAX = 1000 };

struct check_report {
    bool healthy;
    int64_t files, bytes; /* looked at, and hashed */
    int64_t unfinished; /* on their way in or out; the next start settles those of a server that was killed */
    int64_t repairs;    /* assets that are looked at again to make derived files anew; the caller's to fill */
    int64_t counts[CHECK_KINDS];
    struct list faults; /* of struct check_fault, the first CHECK_LISTED_MAX */
};
extern const struct shape check_report_shape;

struct check_watch {
    /* How far it is, 0..1; false: stop, which is INTERRUPTED. */
    bool (*go_on)(void *with, double progress, const char *stage);
    void *with;
};

/* The report's texts are in `mem`. */
bool check_run(struct library *lib, struct arena *mem, const struct check_watch *watch,
               struct check_report *out, struct error *err) MUST_USE;

/* One file against its row; `*kind_out` CHECK_KINDS: nothing is wrong. It is read from the disk, not from
 * memory. */
struct stock_item;
bool check_one(struct library *lib, const struct check_watch *watch, const struct stock_item *item,
               enum check_kind *kind_out, struct error *err) MUST_USE;

/* A deep copy in another arena. */
struct check_report check_copy(struct arena *mem, const struct check_report *report);
