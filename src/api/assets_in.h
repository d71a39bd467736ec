/* What is said of a file that comes in, whichever way it comes, and how it becomes an asset. */
#pragma once

#include "agent/ingest.h"
#include "api/app.h"

struct asset_in {
    const char *universe_id, *element_id, *title, *description;
    const char *tags;   /* separated by commas */
    const char *sha256; /* what it should be; NULL: nobody says */
    const char *source_type;
};

extern const struct shape asset_in_shape;

/* The order for a file of the caller's with this said of it, as far as it can be told without the file.
 * NOT_FOUND or FORBIDDEN for universe and element, INVALID for too many tags. */
bool asset_in_check(struct request *rq, const struct asset_in *in, struct ingest_order *out,
                    struct error *err) MUST_USE;

/* The order's file, whatever it is: its type by its content, then everything in one step. */
bool asset_in_take(struct request *rq, struct ingest_order *order, struct asset *out,
                   struct error *err) MUST_USE;
