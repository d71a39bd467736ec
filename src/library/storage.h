/* What is stored, by type, owner and universe, and how much room is left; how much a universe may hold. */
#pragma once

#include "library/library.h"

enum { STORAGE_LISTED_MAX = 100 };

struct storage_sum {
    const char *key; /* type, owner or id of a universe */
    int64_t assets, bytes;
    int64_t limit_bytes; /* of a universe; INT_NONE: no limit */
};

/* The background scrub: faults of originals that it knows of. */
struct storage_scrub {
    int64_t faults;
    int64_t never;              /* assets it has not come to yet */
    int64_t last_at, oldest_at; /* when one was last looked at; the longest ago */
};
extern const struct shape storage_scrub_shape;

struct storage {
    struct list types, owners,
        universes; /* of struct storage_sum, largest first; the latter two the first 100 */
    int64_t derivatives, derivative_bytes, trashed, trashed_bytes;
    int64_t cache_bytes;           /* the caller's to fill */
    int64_t free_bytes, disk_bytes; /* of the media's file system */
    const struct storage_scrub *scrub;
};
extern const struct shape storage_shape;

bool storage_get(struct library *lib, struct arena *mem, struct storage *out, struct error *err) MUST_USE;
bool storage_scrub_get(struct library *lib, struct arena *mem, struct storage_scrub *out,
                       struct error *err) MUST_USE;

/* Sets how many MiB a universe may hold; INT_NONE or 0: no limit. It holds for what is added from now on. */
bool storage_limit_universe(struct library *lib, const char *id, int64_t storage_mb,
                            struct error *err) MUST_USE;

/* TOO_LARGE, with the figures, when `more_bytes` do not fit into the universe (NULL: none). */
bool storage_check_universe(struct tx *tx, const char *universe_id, int64_t more_bytes,
                            struct error *err) MUST_USE;
