/* Fault points: every call of the program into the system, its allocations and its SQL steps, in test
 * programs that are linked with calls.c and sql.c. Those define the functions anew (fsync, open64,
 * sqlite3_step, ...), so that the product's code is the same with and without them, and release builds hold
 * no trace.
 *
 * A plan counts the passes of points and strikes one of them. Only calls out of the program itself and out of
 * libsqlite3 count (libsodium's for memory maps): what other libraries do with their memory is theirs. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum point_kind {
    POINT_OPEN,
    POINT_CREATE, /* an open that may write */
    POINT_READ,
    POINT_WRITE,
    POINT_SYNC,
    POINT_NAME, /* rename, link, unlink, mkdir */
    POINT_SIZE, /* ftruncate */
    POINT_LOCK,
    POINT_MEMORY,
    POINT_MAP,
    POINT_PROCESS,
    POINT_THREAD,
    POINT_SOCKET,
    POINT_SQL,
    POINT_KINDS
};

extern const char *const point_kind_names[POINT_KINDS];

enum point_mode {
    POINT_ERROR,     /* the call fails: EIO, EMFILE, ENOMEM, EAGAIN, ... */
    POINT_FULL,      /* the disk is full */
    POINT_INTERRUPT, /* EINTR, where a call may say that; a busy database */
    POINT_SHORT,     /* half of what was asked is read or written */
    POINT_READONLY,  /* the disk takes nothing any more */
    POINT_CRASH,     /* the process ends before the call */
    POINT_MODES
};

extern const char *const point_mode_names[POINT_MODES];

enum { POINT_CRASHED = 77 }; /* exit status of POINT_CRASH */

enum point_set {
    POINT_CALLS,        /* everything but allocations */
    POINT_MEMORY_OURS,  /* allocations of the program */
    POINT_MEMORY_SQLITE /* allocations of SQLite */
};

struct point_plan {
    enum point_mode mode;
    enum point_set set;
    bool sticky;  /* all passes of that kind from then on fail, until the end of the plan */
    int64_t pass; /* which one, from 1; 0: only count */
};

/* What a plan met; in memory that forked processes share. */
struct point_hit {
    _Atomic int64_t passes;
    _Atomic bool struck;
    enum point_kind kind;
    char call[32];
    uint64_t at; /* the caller, relative to its program; addr2line knows it */
};

/* `hit` lives until points_rest. */
void points_plan(const struct point_plan *plan, struct point_hit *hit);
void points_rest(void);
bool points_are_planned(void);

/* Starts a thread that obeys lines from the named pipe `path`, and says so in the program's log:
 * "plan MODE PASS", "plan MODE PASS sticky", "rest", "clock SECONDS". */
bool points_obey(const char *path);

/* Whether this pass is to fail in mode `*mode`; does not return for POINT_CRASH. */
bool point_strikes(enum point_kind kind, const char *call, const void *caller, bool may_interrupt,
                   enum point_mode *mode);

/* Whether the address is the program's own, not a library's. */
bool point_is_program(const void *caller);

/* A thread that looks on: its calls do not count. */
extern _Thread_local bool points_aside;

/* The program's wall clock runs ahead by this much, and its naps are a twentieth. */
extern _Atomic int64_t points_clock_ahead_us;
extern atomic_bool points_hurry;
