/* Pictures and clips that look alike, by their perceptual hashes, and files that are there twice.
 *
 * Two hashes of 64 bits that differ in d bits agree, in at least one of four blocks of 16 bits, up to d / 4
 * bits (the pigeonhole principle). Each block has an index, which is asked for every value that near: 4
 * values for d < 4, 68 for d < 8, 548 for d < 12. Of a million hashes, a value of a block has 15. */
#pragma once

#include "library/search.h"

enum {
    SIMILAR_MAX = 11,        /* bits */
    DUPLICATE_MAX = 3,       /* bits in which near duplicates differ */
    SIMILAR_ROWS_MAX = 20000 /* that are looked at; more share a block where many pictures are plain */
};

struct similar_query {
    int64_t limit, distance;
};

struct similar_asset {
    int64_t distance; /* bits in which the hashes differ */
    const struct found_asset *asset;
};

extern const struct shape similar_query_shape, similar_asset_shape;

/* The nearest first, `out` a list of struct similar_asset. NOT_FOUND for the asset, CONFLICT when it has no
 * hash. */
bool asset_similar(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                   const struct similar_query *query, struct list *out, struct error *err) MUST_USE;

struct duplicates_query {
    const char *kind; /* exact, near */
    int64_t limit;    /* groups, or assets that are compared */
    const char *cursor;
};

struct duplicates_group {
    const char *checksum; /* of exact ones */
    struct list assets;   /* of struct found_asset, the oldest first */
};

struct duplicates_page {
    struct list groups;
    const char *next_cursor;
};

extern const struct shape duplicates_query_shape, duplicates_page_shape;

/* Of what the actor may see and is not in quarantine. A page of near ones may hold no group and not be the
 * last. */
bool asset_duplicates(struct library *lib, struct arena *mem, const struct actor *actor,
                      const struct duplicates_query *query, struct duplicates_page *out,
                      struct error *err) MUST_USE;
