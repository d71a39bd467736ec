/* Universes: the projects everything else belongs to. */
#pragma once

#include "library/library.h"
#include "library/page.h"
#include "library/row.h"

enum {
    UNIVERSES_MAX_BYTES = 4 << 20 /* in one reply: where descriptions are very long, a page is shorter */
};

struct universe {
    const char *id, *name, *description;
    const char *owner;    /* subject of the maker's token, "" when nobody knows */
    struct list elements;                /* struct element, oldest first; see element_add_to */
    int64_t element_count, media_count; /* see there */
    int64_t created_at, updated_at;
};

struct universe_in {
    const char *id; /* NULL: made here */
    const char *name, *description;
};

struct universe_change {
    const char *name, *description; /* NULL: unchanged */
    int64_t updated_at;             /* as it was read, 0: whatever it is now */
};

struct universes_query {
    int64_t limit, offset;
    const char *cursor, *search; /* NULL: none, all; the search is a part of name or description */
};

extern const struct shape universe_shape, universe_in_shape, universe_change_shape, universes_query_shape;

/* CONFLICT for a taken id. */
bool universe_create(struct library *lib, struct arena *mem, const struct actor *actor,
                     const struct universe_in *in, struct universe *out, struct error *err) MUST_USE;

/* Without elements. NOT_FOUND "Universe not found"; FORBIDDEN when it is somebody else's. */
bool universe_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                  struct universe *out, struct error *err) MUST_USE;

/* The actor's own (with the permission `others`: all), oldest first, without elements. `*next_out` is the
 * cursor of the next page, NULL after the last. */
bool universe_list(struct library *lib, struct arena *mem, const struct actor *actor,
                   const struct universes_query *query, struct list *out, const char **next_out,
                   struct error *err) MUST_USE;

/* CHANGED when it is not as of change->updated_at. Without elements. */
bool universe_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                     const struct universe_change *change, struct universe *out, struct error *err) MUST_USE;

/* Elements go with it; videos and other media stay with their makers, outside any universe. CONFLICT while
 * jobs of it are pending or processing. */
bool universe_drop(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                   struct error *err) MUST_USE;
