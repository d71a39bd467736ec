/* Derivatives: files made from an asset to show or play it, one of each kind. They are blobs and come and go
 * with their rows (library_keep, library_drop); the rows go with the asset's. */
#pragma once

#include "library/library.h"

struct derivative {
    const char *asset_id;
    const char *kind; /* poster, sprite, peaks */
    const char *name; /* blob name: derived/<asset id>/<kind>.<ext> */
    const char *url; /* not in the row */
    const char *mime_type;
    int64_t file_size, created_at;
};

extern const struct shape derivative_shape;

/* In the place of the one of its kind, if there is one. */
bool derivative_put(struct tx *tx, const struct derivative *derivative, struct error *err) MUST_USE;

/* Those of an asset, by kind. */
bool derivative_list(struct library *lib, struct arena *mem, const char *asset_id, struct list *out,
                     struct error *err) MUST_USE;
