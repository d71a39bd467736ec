/* Taking files in: an upload or import becomes an asset at once, with status `processing` and a job in the
 * same transaction. The job has the worker look at the file, keeps what was made from it, and says `ready`,
 * or `failed` with the reason; the original stays in either case. It may run any number of times. */
#pragma once

#include "agent/generation.h"
#include "library/asset.h"
#include "library/filetype.h"

struct ingest_order {
    const char *id; /* of the arrival that it was; NULL: it came at once */
    const char *owner_id, *universe_id, *element_id, *title, *description;
    const char *original_name, *source_type;
    struct texts tags;
    const char *checksum; /* SHA-256 of the file */
    const struct filetype *type;
    int fd; /* the caller's; gets its name from us */
    int64_t size_bytes;
    const struct media_facts *facts; /* NULL: not known yet */
    int thumb_fd;                    /* a thumbnail's draft, JPEG; -1: none yet */
};

/* Stores row, file and job together. TOO_LARGE when the owner's storage is full, CONFLICT for an id that is
 * taken. */
bool ingest_take(struct generation *gen, struct arena *mem, const struct ingest_order *order,
                 struct asset *out, struct error *err) MUST_USE;

/* Its two halves, for whoever has a transaction of his own and the file in its place: the row as it will be,
 * with the name the file gets; row and job. `arrived`: it came in pieces, which counted already. */
struct asset ingest_asset(struct arena *mem, const struct ingest_order *order);
bool ingest_put(struct tx *tx, struct generation *gen, const struct asset *asset, bool arrived,
                struct error *err) MUST_USE;

/* The id of an asset that the owner has of this content; NULL: none. */
bool ingest_known(struct library *lib, struct arena *mem, const char *owner_id, const char *checksum,
                  const char **out, struct error *err) MUST_USE;

/* The queue's kind "ingest"; its `app` is a struct generation. */
extern const struct job_kind ingest_job_kind;
