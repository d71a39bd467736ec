/* Finding assets: by filters and words, in an order, page by page, with what was found where.
 *
 * Filters with set values (owner, universe, element, type, status, provider, camera, tags, captions,
 * quarantine) are words of the full-text index, so that they and the words of `q` are found in one walk over
 * it, newest first (search_match.h); ranges are looked up in the rows that walk finds. Another order than
 * theirs sorts the matches while they are few, else it reads the index of that order and asks for each row
 * whether it matches. Which way is taken changes what it costs, never what is found.
 *
 * By relevance: what has all words in the title comes first, then what has them in title, tags and element,
 * then the rest; each newest first. */
#pragma once

#include "library/page.h"
#include "library/asset.h"

enum {
#ifdef UMAM_TESTS /* so that few rows take every way */
    SEARCH_TRIES = 8,
    SEARCH_FEW = 4,
    SEARCH_MANY = 16,
#else
    SEARCH_TRIES = 4000,  /* rows that are looked at before the index is asked for more */
    SEARCH_FEW = 2000,    /* matches that are sorted */
    SEARCH_MANY = 80000,  /* matches that are not all looked up any more */
#endif
    SEARCH_COUNTED = 10000, /* newest matches whose facets are counted */
    SEARCH_CURSOR_MAX = 4000,
    SEARCH_HITS_MAX = 5 /* lines of its transcript that are shown of one asset */
};

struct assets_query {
    int64_t limit, offset;
    const char *cursor;
    const char *q, *universe_id, *element_id, *type, *status, *tag, *provider, *camera, *has_captions,
        *trashed;
    int64_t mood_min, mood_max, size_min, size_max, width_min, width_max, height_min, height_max, rating_min;
    double duration_min, duration_max, loudness_min, loudness_max, tempo_min, tempo_max;
    int64_t created_from, created_to;
    const char *sort, *order;
    bool facets;
};

extern const struct shape assets_query_shape;

/* A line of a transcript with some of the words. */
struct search_hit {
    const char *asset_id;
    double at_s; /* NaN: of a text */
    const char *line;
};

/* An asset as lists show it. */
struct found_asset {
    int64_t seq;
    const char *id, *universe_id, *element_id, *owner_id, *asset_type, *status, *title, *description;
    int64_t rating;
    const char *public_url, *thumbnail_url, *thumbhash;
    int64_t file_size;
    const char *mime_type;
    double duration;
    int64_t width, height;
    double loudness, tempo;
    bool has_captions;
    const char *provider;
    int64_t mood;
    const char *camera_movement;
    struct texts tags;
    int64_t trashed_at, created_at, updated_at;
    const char *snippet; /* HTML: words in <mark>, all else escaped; NULL without words */
    struct list hits;    /* of struct search_hit */
};

extern const struct shape found_asset_shape;

struct facet_count {
    const char *facet, *value;
    int64_t count;
};

struct assets_page {
    struct list assets;      /* of struct found_asset */
    const char *next_cursor; /* NULL after the last page */
    struct list facets;      /* of struct facet_count */
};

extern const struct shape assets_page_shape;

/* What the actor may see. */
bool assets_search(struct library *lib, struct arena *mem, const struct actor *actor,
                   const struct assets_query *query, struct assets_page *out, struct error *err) MUST_USE;

/* search_query.c: the same row as the columns of the statements give it. */
extern const struct shape found_row_shape, facet_count_shape;
