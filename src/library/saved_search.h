/* Saved searches: what somebody looks for again and again, under a name. */
#pragma once

#include "library/collection.h"

enum { SAVED_SEARCHES_MAX = 1000 };

struct saved_search {
    const char *id, *owner_id, *name;
    const struct assets_query *query; /* without a place: limit and cursor come with each run */
    int64_t created_at, updated_at;
};

/* NULL and 0 leave things as they are when a search is changed. */
struct saved_search_in {
    const char *name;
    const struct assets_query *query;
    int64_t updated_at;
};

extern const struct shape saved_search_shape, saved_search_in_shape, saved_search_change_shape;

/* CONFLICT when somebody has SAVED_SEARCHES_MAX. */
bool saved_search_create(struct library *lib, struct arena *mem, const struct actor *actor,
                         const struct saved_search_in *in, struct saved_search *out,
                         struct error *err) MUST_USE;

/* NOT_FOUND for one that the actor may not touch as for none; so do all below. */
bool saved_search_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                      struct saved_search *out, struct error *err) MUST_USE;
bool saved_search_list(struct library *lib, struct arena *mem, const struct actor *actor,
                       const struct collections_query *query, struct list *out, const char **next_out,
                       struct error *err) MUST_USE;
bool saved_search_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                         const struct saved_search_in *change, struct saved_search *out,
                         struct error *err) MUST_USE;
bool saved_search_drop(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                       struct error *err) MUST_USE;

/* What it finds now. `where` says which page. */
bool saved_search_run(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                      const struct assets_query *where, struct assets_page *out, struct error *err) MUST_USE;
