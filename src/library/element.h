/* Elements: the characters, places and things of a universe. Whose they are is the universe's business: it
 * comes from universe_get, which keeps the owner rule. */
#pragma once

#include "library/universe.h"

enum { ELEMENTS_NESTED_MAX = 10000 };

struct element {
    const char *id, *universe_id, *name, *element_type;
    const char *entity_subtype; /* NULL: none */
    struct list components;     /* struct component, oldest first; see component_add_to */
    int64_t created_at, updated_at;
};

struct element_in {
    const char *id; /* NULL: made here */
    const char *name, *element_type, *entity_subtype;
};

struct element_change {
    const char *name, *element_type; /* NULL: unchanged */
    const char *entity_subtype;      /* NULL: none from now on, unless keeps_subtype */
    int64_t updated_at;              /* as it was read, 0: whatever it is now */
    bool keeps_subtype;
};

struct elements_query {
    int64_t limit, offset;
    const char *cursor, *search, *element_type, *entity_subtype; /* NULL: none, all */
};

extern const struct shape element_shape, element_in_shape, element_change_shape, elements_query_shape;

/* CONFLICT for a taken id. */
bool element_create(struct library *lib, struct arena *mem, const struct universe *universe,
                    const struct element_in *in, struct element *out, struct error *err) MUST_USE;

/* Without components. NOT_FOUND also for one of another universe. */
bool element_get(struct library *lib, struct arena *mem, const struct universe *universe, const char *id,
                 struct element *out, struct error *err) MUST_USE;

/* With components, oldest first. `*next_out` is the cursor of the next page, NULL after the last. A page
 * whose components would be too much for one reply is shorter than the limit and has a next one. */
bool element_list(struct library *lib, struct arena *mem, const struct universe *universe,
                  const struct elements_query *query, struct list *out, const char **next_out,
                  struct error *err) MUST_USE;

/* CHANGED when it is not as of change->updated_at. Without components. */
bool element_update(struct library *lib, struct arena *mem, const struct universe *universe, const char *id,
                    const struct element_change *change, struct element *out, struct error *err) MUST_USE;

/* Its components go with it; media stay and lose their element. */
bool element_drop(struct library *lib, struct arena *mem, const struct universe *universe, const char *id,
                  struct error *err) MUST_USE;

/* Gives the universes their counts and their elements with components, universe after universe, as many as
 * one reply holds: ELEMENTS_NESTED_MAX in all and what component_add_to lets pass. */
bool element_add_to(struct library *lib, struct arena *mem, struct list *universes,
                    struct error *err) MUST_USE;
