/* Fetching a file from elsewhere: what the server asks of umam-net, and what it hears.
 *
 * One order is one SOCK_SEQPACKET socket (task/wire.h). The server sends {"fetch":{...}} with one descriptor,
 * a file that is written; it hears {"event":"progress","bytes":n,"total":n} (total 0: unknown) and at the end
 * either {"event":"result","output":{...}} or {"event":"error","cause":"...","text":"..."}. Closing the
 * socket cancels. */
#pragma once

#include "base/shape.h"

struct fetch_in {
    const char *url;     /* http or https, without user and password */
    int64_t max_bytes;   /* of the file */
    int64_t wait_s;      /* for all of it */
    struct texts allowed; /* addresses that may be reached although they are not public */
};

struct fetch_out {
    const char *url;      /* where it was in the end, without the query */
    const char *type;     /* what the sender calls it; NULL: nothing */
    const char *filename; /* what the sender calls it, else the end of the path; no path, may be "" */
    int64_t size_bytes, attempts;
};

extern const struct shape fetch_in_shape, fetch_out_shape;
