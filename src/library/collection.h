/* Collections: assets that somebody put together, in an order. An asset may be in many. */
#pragma once

#include "library/search.h"

enum { COLLECTIONS_MAX = 1000, COLLECTION_ASSETS_MAX = 10000, COLLECTION_IDS_MAX = 1000 };

struct collection {
    const char *id, *owner_id, *name, *description;
    int64_t asset_count; /* those in quarantine too */
    int64_t created_at, updated_at;
};

struct collection_in {
    const char *name, *description;
};

struct collection_change {
    const char *name, *description; /* NULL: as it is */
    int64_t updated_at;             /* 0: whatever it is */
};

struct collections_query {
    int64_t limit, offset;
    const char *cursor;
};

extern const struct shape collection_shape, collection_in_shape, collection_change_shape,
    collections_query_shape;

/* CONFLICT when somebody has COLLECTIONS_MAX. */
bool collection_create(struct library *lib, struct arena *mem, const struct actor *actor,
                       const struct collection_in *in, struct collection *out, struct error *err) MUST_USE;

/* NOT_FOUND for one that the actor may not touch as for none; so do all below. */
bool collection_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                    struct collection *out, struct error *err) MUST_USE;

bool collection_list(struct library *lib, struct arena *mem, const struct actor *actor,
                     const struct collections_query *query, struct list *out, const char **next_out,
                     struct error *err) MUST_USE;
bool collection_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                       const struct collection_change *change, struct collection *out,
                       struct error *err) MUST_USE;
bool collection_drop(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                     struct error *err) MUST_USE;

/* Puts the assets at the end, in the order of their ids, or, where `whole`, in the place of all that were
 * there. One that is there already stays where it is. Nothing happens when one of them is not to be found. */
bool collection_put(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                    const struct texts *asset_ids, bool whole, struct collection *out,
                    struct error *err) MUST_USE;
bool collection_remove(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                       const char *asset_id, struct error *err) MUST_USE;

/* Its assets in their order, struct found_asset; those the actor may see and that are not in quarantine. */
bool collection_assets(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                       int64_t limit, int64_t offset, struct list *out, struct error *err) MUST_USE;
