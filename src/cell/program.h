/* A program of confined tasks: what it calls itself, what it loads, what it can do. Each program defines one;
 * the rest of this room is the same for all. */
#pragma once

#include "cell/job.h"
#include "task/task.h"

/* Called in the confined child. `in` and `out` are structs of the kind's shapes; `out` comes initialised to
 * absent values. */
typedef bool job_run(struct job *job, const void *in, void *out, struct error *err);

job_run run_attack; /* every program can be attacked */

/* System calls beyond computing on descriptors (cell/syscalls.c), by their numbers. */
struct calls {
    const int *items;
    size_t count;
};

struct program {
    const char *name;
    bool (*open)(struct error *err); /* loads libraries, starts no thread */
    int (*helper)(void); /* NULL: none. In each child before it is confined: a socket to a helper, or -1 */
    struct calls calls;
    job_run *runs[TASK_KIND_COUNT]; /* NULL: another program does it */
};

extern const struct program program;
