/* Fetching a file from elsewhere: what the server asks of umam-net, and what it hears. The task "fetch" of
 * task/kinds.def, with a file `out` that is written. */
#pragma once

#include "base/shape.h"

struct fetch_in {
    const char *url;   /* http or https, without user and password */
    int64_t max_bytes; /* of the file */
    int64_t wait_s;    /* for all of it */
};

struct fetch_out {
    const char *url;      /* where it was in the end, without the query */
    const char *type;     /* what the sender calls it; NULL: nothing */
    const char *filename; /* what the sender calls it, else the end of the path; no path, may be "" */
    int64_t size_bytes, attempts;
};

extern const struct shape fetch_in_shape, fetch_out_shape;
