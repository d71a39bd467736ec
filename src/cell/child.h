/* The confined process that does one task and ends.
 *
 * It is forked from a parent with one thread, keeps nothing but its end of a job socket (as descriptor 3)
 * and, where its program has one, a socket to a helper (4), confines itself, and only then reads the request,
 * does it, and answers; the messages are those of task/task.h. It dies with its parent. Whatever it does, its
 * parent learns from wait4() and tells the server in the last message. */
#pragma once

#include "base/arena.h"
#include "task/task.h"
#include "cell/sandbox.h"

#include <sys/resource.h>
#include <sys/types.h>

/* The limits task/kinds.def gives a kind. */
struct sandbox_limits child_limits(enum task_kind kind);

/* `socket` is the child's end; the parent keeps its own copy. */
bool child_fork(const struct sandbox *sandbox, enum task_kind kind, const struct sandbox_limits *limits,
                int socket, pid_t *pid_out, struct error *err) MUST_USE;

/* The exit message for what wait4() said. */
char *child_exit_message(struct arena *mem, int status, const struct rusage *usage) MUST_USE;

/* The error message for `err`. */
char *child_error_message(struct arena *mem, const struct error *err) MUST_USE;
