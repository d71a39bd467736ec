/* Every file that rows point to, one after the other: what is checked, scrubbed and backed up. */
#pragma once

#include "library/library.h"

struct stock_item {
    const char *id;       /* of the row */
    const char *asset_id; /* NULL: the file is known to a video job alone */
    const char *name;     /* blob name */
    const char *url;      /* where the row says it is served; NULL: nowhere */
    int64_t file_size;    /* INT_NONE: the row does not say */
    const char *checksum; /* SHA-256; NULL: the row does not say */
    bool original;        /* else it was made from another file */
};

extern const struct shape stock_item_shape;

/* Calls `visit` for each until it fails. Rows come in pages, so the memory it takes does not grow with the
 * library. A row that comes or goes meanwhile may be seen or not. */
typedef bool stock_visit(void *with, const struct stock_item *item, struct error *err);
bool stock_each(struct db *db, stock_visit *visit, void *with, struct error *err) MUST_USE;

/* Whether a row still says what the item says. */
bool stock_still(struct db *db, const struct stock_item *item, bool *still_out, struct error *err) MUST_USE;

/* Sum of what the rows say of their originals. */
bool stock_bytes(struct db *db, int64_t *out, struct error *err) MUST_USE;
