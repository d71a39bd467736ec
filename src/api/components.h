/* The shapes that a set of routes reaches, each under one name of the API description.
 *
 * What a client sends and what it gets have different schemas (defaults and optional members here, everything
 * always there), so a shape that goes both ways is two components: "Note" and "NoteInput". */
#pragma once

#include "api/http.h"

struct component {
    struct shape view; /* the shape under its final name, nested shapes likewise */
    const struct shape *shape;
    bool reading;
};

struct components {
    struct component **items; /* by name */
    size_t count;
    struct arena *mem;
};

/* Two different tables under one name are a programmer error. */
struct components components_collect(struct arena *mem, const struct route *const *tables);

/* The name of a collected shape. */
const char *components_name(const struct components *set, const struct shape *shape, bool reading);

/* "Name": {schema}, ... into an open object. */
void components_write(const struct components *set, struct json_out *out);
