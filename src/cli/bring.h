/* One file brought into the library: to the running server, or into the data folder when none runs. The
 * source is only read. It is read twice, to know its digest and then to send it; where it changed in between,
 * nothing is stored. */
#pragma once

#include "agent/generation.h"
#include "cli/client.h"

struct bring {
    const struct settings *settings;
    const char *owner_id, *universe_id, *element_id; /* NULL: none */
    struct texts tags;
    struct generation *local; /* NULL: a server has the data */
    /* Told how much of it was read; the second reading counts like the first. May be NULL. */
    void (*tell)(void *with, int64_t done_bytes);
    void *with;
};

/* A file name as text; bytes that are none become question marks. */
const char *bring_name(struct arena *mem, const char *name);

struct brought {
    const char *asset_id;
    bool known; /* it was there already, and stays as it is */
};

/* UNSUPPORTED for what is not accepted, CHECKSUM for a file that changes meanwhile. */
bool bring_file(const struct bring *bring, struct arena *mem, int fd, const char *name, struct brought *out,
                struct error *err) MUST_USE;
