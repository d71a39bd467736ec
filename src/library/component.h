/* Components: what is known about an element, one piece of JSON each. Whose they are is the universe's
 * business: an element comes from element_get, and that from a universe the actor may touch. */
#pragma once

#include "library/element.h"

enum {
    COMPONENT_DATA_MAX_BYTES = 256 << 10,
    COMPONENTS_MAX = 100,                /* of an element */
    COMPONENTS_DATA_MAX_BYTES = 4 << 20, /* of an element */
    COMPONENTS_REPLY_MAX_BYTES = 8 << 20 /* in one reply: room for at least one element */
};

struct component {
    const char *id, *element_id, *type;
    const char *data; /* JSON object */
    int64_t created_at, updated_at;
};

struct component_in {
    const char *id; /* NULL: made here */
    const char *type;
    const char *data; /* NULL: what the type starts with */
};

struct component_change {
    const char *type, *data; /* NULL: unchanged */
    int64_t updated_at;      /* as it was read, 0: whatever it is now */
};

struct components_query {
    int64_t limit, offset;
    const char *cursor, *component_type; /* NULL: none, all */
};

/* The seven types, NULL-terminated. */
extern const char *const component_types[];
extern const struct shape component_shape, component_in_shape, component_change_shape, components_query_shape;

/* CONFLICT for a taken id and for more than an element may hold. `owner` is the universe's: it is his
 * storage, TOO_LARGE when it is full. */
bool component_create(struct library *lib, struct arena *mem, const char *owner,
                      const struct element *element, const struct component_in *in, struct component *out,
                      struct error *err) MUST_USE;

bool component_get(struct library *lib, struct arena *mem, const struct element *element, const char *id,
                   struct component *out, struct error *err) MUST_USE;

/* Oldest first. `*next_out` is the cursor of the next page, NULL after the last. */
bool component_list(struct library *lib, struct arena *mem, const struct element *element,
                    const struct components_query *query, struct list *out, const char **next_out,
                    struct error *err) MUST_USE;

/* CHANGED when it is not as of change->updated_at, CONFLICT for more data than an element may hold, TOO_LARGE
 * for more than its owner's storage. */
bool component_update(struct library *lib, struct arena *mem, const char *owner,
                      const struct element *element, const char *id, const struct component_change *change,
                      struct component *out, struct error *err) MUST_USE;

bool component_drop(struct library *lib, struct arena *mem, const struct element *element, const char *id,
                    struct error *err) MUST_USE;

/* Gives the elements their components. An element is shown whole or not at all: where a reply would grow too
 * large, the list ends before the element, and `*whole_out` is false. The first one always stays. */
bool component_add_to(struct library *lib, struct arena *mem, struct list *elements, bool *whole_out,
                      struct error *err) MUST_USE;
