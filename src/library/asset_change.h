/* What people say of assets: title, description, tags, rating, and where they belong. */
#pragma once

#include "library/asset.h"

enum { ASSET_BULK_MAX = 1000 };

struct asset_change {
    const char *title, *description; /* NULL: as it is */
    struct texts tags;
    bool keeps_tags;
    int64_t rating;                       /* INT_NONE: as it is */
    const char *universe_id, *element_id; /* an element brings its universe; a universe alone, no element */
    bool keeps_place;
    int64_t updated_at; /* 0: whatever it is */
};

extern const struct shape asset_change_shape;

/* Which of the members were there: what is null or empty may be meant. */
void asset_change_read(const struct json *json, struct asset_change *change);

/* Trims the tags and drops what is there twice. INVALID, with the name of the field, for more than
 * ASSET_TAGS_MAX, for one that is empty or longer than ASSET_TAG_MAX, and for a comma, which separates them
 * where they are asked for. */
bool asset_tags_clean(struct arena *mem, struct texts *tags, const char *field, struct error *err) MUST_USE;

/* NOT_FOUND, FORBIDDEN for a universe or element the actor may not touch, CHANGED as of updated_at, TOO_LARGE
 * for a universe it does not fit into. */
bool asset_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                  const struct asset_change *change, struct asset *out, struct error *err) MUST_USE;

/* The same change for many, and tags that each gets or loses. */
struct assets_bulk {
    struct texts ids;
    struct asset_change change;
    struct texts tags_add, tags_remove;
};

/* What came of one of them. */
struct bulk_result {
    const char *id;
    bool done;
    const char *error; /* NULL when done */
};

extern const struct shape bulk_result_shape;

/* In one transaction; those that cannot be changed say why and stop no other. */
bool asset_update_all(struct library *lib, struct arena *mem, const struct actor *actor,
                      struct assets_bulk *bulk, struct list *out, struct error *err) MUST_USE;
