/* What a child may do: compute, use the descriptors it was handed, and nothing else.
 *
 * Layers, in the order they are put on: resource limits; another user than root; no capabilities;
 * no_new_privs; not dumpable; Landlock with no rule at all (no file can be opened, no port used, no other
 * process signalled, as far as the kernel's version reaches); a seccomp filter that allows a list of calls.
 * Under the filter a harmless call that is not on the list fails with EPERM, because libraries ask for odd
 * things; a call that only an attack makes ends the process.
 *
 * A layer the kernel lacks is reported by sandbox_prepare and left out; a layer that is there and cannot be
 * put on makes sandbox_enter fail. */
#pragma once

#include "base/error.h"
#include "cell/syscalls.h"

struct sandbox {
    int landlock; /* ABI version of the kernel, 0: missing */
    bool seccomp, rlimits, no_new_privs;
    bool memory; /* the memory limit is held; not under AddressSanitizer, which reserves terabytes */
    struct syscall_filter filter;
};

struct sandbox_limits {
    int64_t memory_mb; /* address space, libraries included */
    int64_t cpu_s;     /* then SIGXCPU, a second later SIGKILL */
    int64_t file_mb;   /* size of any file written; then writing fails */
};

/* Finds out what the kernel offers and builds the filter, so that entering is a handful of system calls. */
bool sandbox_prepare(struct sandbox *sandbox, struct calls more, struct error *err) MUST_USE;

/* Confines the calling process, which must have one thread, for ever. */
bool sandbox_enter(const struct sandbox *sandbox, const struct sandbox_limits *limits,
                   struct error *err) MUST_USE;

void sandbox_close(struct sandbox *sandbox);

static inline void sandbox_cleanup(struct sandbox *sandbox) { sandbox_close(sandbox); }
