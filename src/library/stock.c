#include "library/stock.h"

#include <stdio.h>

static const struct field item_fields[] = {
    TEXT(struct stock_item, id, .doc = "Of the row."),
    TEXT(struct stock_item, asset_id, .nullable = true, .doc = "Asset it belongs to."),
    TEXT(struct stock_item, name, .doc = "Name in the media folder."),
    TEXT(struct stock_item, url, .nullable = true, .doc = "Where it is served."),
    INT(struct stock_item, file_size, .nullable = true, .doc = "Bytes."),
    TEXT(struct stock_item, checksum, .nullable = true, .doc = "SHA-256."),
    { 0 },
};
const struct shape stock_item_shape = SHAPE("StockItem", struct stock_item, item_fields);

static const struct {
    enum sql sql;
    bool original;
} lists[] = {
    { SQL_STOCK_ORIGINALS, true },
    { SQL_STOCK_CLIPS, true },
    { SQL_STOCK_THUMBNAILS, false },
    { SQL_STOCK_POSTERS, false },
    { SQL_STOCK_DERIVATIVES, false },
};

enum { ROWS = 500 };

/* One page; `after` becomes the last key, "" when nothing follows. */
static bool visit_page(struct db *db, size_t at, char after[256], stock_visit *visit, void *with,
                       struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct list page;
    if (!db_list(db, lists[at].sql, ARGS(db_text("after", after), db_int("limit", ROWS)), &mem,
                 &stock_item_shape, &page, err))
        return false;
    struct stock_item *const items = page.items;
    for (size_t i = 0; i < page.count; i++) {
        items[i].original = lists[at].original;
        if (!visit(with, &items[i], err)) return false;
    }
    snprintf(after, 256, "%s", page.count == ROWS ? items[ROWS - 1].id : "");
    return true;
}

bool stock_each(struct db *db, stock_visit *visit, void *with, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        char after[256] = "";
        do {
            if (!visit_page(db, i, after, visit, with, err)) return false;
        } while (*after);
    }
    return true;
}

bool stock_still(struct db *db, const struct stock_item *item, bool *still_out, struct error *err)
{
    int64_t rows = 0;
    const struct db_value size = item->file_size == INT_NONE ? db_text("file_size", NULL)
                                                              : db_int("file_size", item->file_size);
    const struct db_args original =
                             ARGS(db_text("name", item->name), size, db_text("checksum", item->checksum)),
                         made = ARGS(db_text("name", item->name), size, db_text("url", item->url));
    if (!(item->original ? db_count(db, SQL_STOCK_STILL_ORIGINAL, original, &rows, err)
                         : db_count(db, SQL_STOCK_STILL_MADE, made, &rows, err)))
        return false;
    *still_out = rows > 0;
    return true;
}

bool stock_bytes(struct db *db, int64_t *out, struct error *err)
{
    return db_count(db, SQL_STOCK_BYTES, NO_ARGS, out, err);
}
