/* What /proc tells about a process. */
#pragma once

#include "base/arena.h"

#include <sys/types.h>

/* The first child of `parent` that was not waited for, 0 when it has none, -1 when it cannot be told. */
pid_t process_child(pid_t parent);

/* The value of a line "Name:   value" (status) or "Name   value ..." (limits) of the file /proc/PID/`file`;
 * NULL when there is none. */
const char *process_line(struct arena *mem, pid_t pid, const char *file, const char *name) MUST_USE;

/* Open descriptors, -1 when it cannot be told. */
int process_descriptors(pid_t pid);
