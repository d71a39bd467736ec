/* The server's end of umam-media and of umam-net: starts the zygote, runs one task in a fresh child, starts
 * it again when it is gone. Any number of threads may run tasks at once. */
#pragma once

#include "task/task.h"

#include <sys/types.h>

struct worker;

/* Protection layers the zygote found on this kernel. */
struct worker_layers {
    bool known;       /* the zygote is ready */
    int64_t landlock; /* ABI version, 0: missing */
    bool seccomp, rlimits, no_new_privs;
    bool memory;      /* the memory limit is held; not in a build with AddressSanitizer */
    bool helper;      /* its children have a helper that connects for them: umam-net */
    char version[24]; /* of the program */
};

/* The layers that are missing, "Landlock and seccomp"; NULL when none is (or nobody knows yet). */
const char *worker_layers_missing(const struct worker_layers *layers);

/* Starts the program (NULL: umam-media beside the running program) without waiting for it. */
bool worker_open(const char *program, struct worker **out, struct error *err) MUST_USE;
/* The same for umam-net, beside the running program; it must come before base/offline.h. It is never started
 * again. `allowed`: private addresses that may be reached, separated by commas. */
bool worker_open_net(const char *allowed, struct worker **out, struct error *err) MUST_USE;
void worker_close(struct worker *worker); /* ends all children; accepts NULL */

/* Waits until the zygote has loaded its libraries and says what protects its children. UNAVAILABLE when it
 * does not start. worker_run does this by itself. */
bool worker_ready(struct worker *worker, struct worker_layers *out, struct error *err) MUST_USE;

/* The same without waiting: all off until it is ready. */
struct worker_layers worker_layers(struct worker *worker);

/* From now on nothing runs while a layer is missing. */
void worker_insist(struct worker *worker);

/* Whether a task would be let run, as far as is known without waiting: UNAVAILABLE names the missing layer.
 */
bool worker_allowed(struct worker *worker, struct error *err) MUST_USE;

/* True while the zygote answers. */
bool worker_alive(struct worker *worker);

/* The zygote's process, 0 when there is none now. */
pid_t worker_pid(struct worker *worker);

struct worker_file {
    const char *name;
    int fd; /* stays the caller's */
};

/* What is known of a task that did not end well. */
struct worker_trace {
    const char *task;       /* NULL: the last one ended well, or none ran */
    int64_t signal, status; /* that ended its process; INT_NONE: it ended by itself */
    const char *limit;      /* it ran into, or NULL */
    const char *input;      /* the start of its JSON */
};

struct worker_call {
    enum task_kind kind;
    const void *in; /* struct of task_kinds[kind].in */
    const struct worker_file *files;
    size_t file_count;
    int cancel_fd; /* readable = stop; -1: cannot be cancelled */
    void (*progress)(void *with, double progress, const char *stage, double eta_s);
    void *with;
    struct worker_trace *trace; /* set by worker_run, texts in its `mem`; may be NULL */
};

/* Runs the task to its end; a few run at once, the others wait for their turn, 30 seconds at most without a
 * cancel_fd. `out` is a struct of task_kinds[kind].out; its texts live in `mem`. Fails with the child's own
 * error, UNAVAILABLE (no zygote, no turn, or see worker_insist), CANCELLED, TIMEOUT (wall-clock limit of the
 * kind), CRASHED (the child died) or ABANDONED (the zygote died, and the child with it); whatever the child
 * wrote into the files then is worthless. */
bool worker_run(struct worker *worker, const struct worker_call *call, struct arena *mem, void *out,
                struct error *err) MUST_USE;
