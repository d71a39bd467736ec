/* Files from elsewhere: a job fetches one by its address, over umam-net, and then it is taken in like any
 * upload. The asset appears in the transaction that ends the job, so an order that runs twice makes one
 * asset. */
#pragma once

#include "agent/ingest.h"

struct media_import {
    const char *id, *owner_id;
    const char *url;    /* as given; NULL once the file is there */
    const char *origin; /* the address without query and fragment, which may be secrets */
    const char *universe_id, *element_id, *title, *description;
    struct texts tags;
    const char *asset_id; /* what came of it; NULL: nothing yet */
    const char *status, *error;
    int64_t created_at, updated_at;
};

/* The row, and what the API shows of it: all but `url`. */
extern const struct shape import_row_shape, import_shape;

/* Takes the order: what is said of the file is in `order`, which has no file yet. INVALID for an address that
 * cannot be one, UNAVAILABLE where nothing is fetched, TOO_MANY for too many jobs. */
bool import_start(struct generation *gen, struct arena *mem, const struct ingest_order *order,
                  const char *url, struct media_import *out, struct error *err) MUST_USE;

/* NOT_FOUND also for somebody else's. */
bool import_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                struct media_import *out, struct error *err) MUST_USE;

/* The queue's kind "import"; its `app` is a struct generation. */
extern const struct job_kind import_job_kind;
