/* Derivatives: files made from an asset to show or play it, one of each kind. They are blobs and come and go
 * with their rows (library_keep, library_drop); the rows go with the asset's. */
#pragma once

#include "library/library.h"

struct derivative {
    const char *asset_id;
    const char *kind; /* poster, sprite, peaks */
    const char *name; /* blob name: derived/<asset id>/<kind>-<new id>.<ext> */
    const char *url; /* not in the row */
    const char *mime_type;
    int64_t file_size, created_at;
};

extern const struct shape derivative_shape;

/* These in the place of all that the asset has. */
bool derivative_replace(struct tx *tx, const char *asset_id, const struct derivative *derivatives,
                        size_t count, struct error *err) MUST_USE;

/* Those of an asset, by kind. */
bool derivative_list(struct library *lib, struct arena *mem, const char *asset_id, struct list *out,
                     struct error *err) MUST_USE;
