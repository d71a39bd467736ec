/* The warm process behind the server, of umam-media and of umam-net: libraries loaded once, a fresh confined
 * child for each task.
 *
 * It talks with the server over a SOCK_SEQPACKET socket, one JSON value a packet:
 *   to the server, once:
 *     {"event":"ready","version":"0.1.0","layers":{"landlock":7,"seccomp":true,"rlimits":true,"memory":true,
 *      "no_new_privs":true,"helper":false}}
 *   from the server:
 *     {"start":12,"kind":"render","memory_mb":4096,"cpu_s":3600}  + the child's end of a job socket
 *     {"kill":12}
 * memory_mb, cpu_s and file_mb may be left out; the kind's own limits count then. Over the job socket the
 * child and the server exchange the messages of task/task.h; the zygote adds the last one (exit) when the
 * child has ended, and also answers there when a task cannot be started. When the server closes the control
 * socket, all children are killed and the zygote ends. */
#pragma once

#include "base/error.h"

enum { ZYGOTE_CHILDREN_MAX = 64 };

/* Wakes the libraries, says that it is ready, serves until the server is gone. Returns the exit status. */
int zygote_main(int control) MUST_USE;

/* Threads of the calling process; a process that forks must have one. */
int zygote_thread_count(void);
