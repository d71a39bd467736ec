/* The socket a server listens on. */
#pragma once

#include "base/error.h"

/* Bound and listening on `host` (NULL: 127.0.0.1) and `port` (0: a free one). The sentence on failure tells
 * the user what to change. */
bool listener_open(const char *host, int port, int *fd_out, int *port_out, struct error *err) MUST_USE;
