/* A process that is called and never calls.
 *
 * From here on no thread of this process, and no program it starts, makes a socket of another family than
 * AF_UNIX or connects one. Sockets it has already go on, so a server opens its listening socket first.
 * Whatever talks it into fetching an address finds that it cannot. */
#pragma once

#include "base/error.h"

/* UNAVAILABLE when the kernel has no system call filters. It cannot be undone. */
bool offline_enter(struct error *err) MUST_USE;
