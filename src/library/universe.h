/* Universes: the projects everything else belongs to. */
#pragma once

#include "library/library.h"

struct universe {
    const char *id, *name, *description, *owner_id;
    int64_t created_at, updated_at;
};

struct universe_in {
    const char *id; /* NULL: made here */
    const char *name, *description;
};

struct universe_change {
    const char *name, *description; /* NULL: unchanged */
};

extern const struct shape universe_row_shape, universe_in_shape, universe_change_shape;

bool universe_create(struct library *lib, struct arena *mem, const struct actor *actor,
                     const struct universe_in *in, struct universe *out, struct error *err) MUST_USE;

/* NOT_FOUND "Universe not found"; FORBIDDEN when it is somebody else's. */
bool universe_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                  struct universe *out, struct error *err) MUST_USE;

/* The actor's own (with the permission `others`: all), oldest first; `search` is a part of name or description. */
bool universe_list(struct library *lib, struct arena *mem, const struct actor *actor, const char *search,
                   struct page page, struct list *out, struct error *err) MUST_USE;

bool universe_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                     const struct universe_change *change, struct universe *out, struct error *err) MUST_USE;

/* Elements go with it; videos and other media stay with their makers, outside any universe. CONFLICT while
 * jobs of it are pending or processing. */
bool universe_drop(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                   struct error *err) MUST_USE;
