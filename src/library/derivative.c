#include "library/derivative.h"

#include "library/asset.h"

static const struct field derivative_fields[] = {
    TEXT(struct derivative, asset_id, .format = "uuid", .doc = "The asset it was made from."),
    TEXT(struct derivative, kind, .doc = "What it is for: poster, sprite, peaks."),
    TEXT(struct derivative, name, .doc = "Name in the media folder."),
    TEXT(struct derivative, url, .nullable = true, .format = "uri-reference", .doc = "Where it is served."),
    TEXT(struct derivative, mime_type, .doc = "Media type."),
    INT(struct derivative, file_size, .doc = "Bytes."),
    TIME(struct derivative, created_at, .doc = "When it was made."),
    { 0 },
};
const struct shape derivative_shape = SHAPE("Derivative", struct derivative, derivative_fields);

bool derivative_replace(struct tx *tx, const char *asset_id, const struct derivative *derivatives,
                        size_t count, struct error *err)
{
    if (!tx_run(tx, SQL_DERIVATIVE_CLEAR, ARGS(db_text("asset_id", asset_id)), NULL, err)) return false;
    for (size_t i = 0; i < count; i++)
        if (!tx_run(tx, SQL_DERIVATIVE_PUT, ARGS_OF(&derivative_shape, &derivatives[i]), NULL, err))
            return false;
    return true;
}

bool derivative_list(struct library *lib, struct arena *mem, const char *asset_id, struct list *out,
                     struct error *err)
{
    if (!db_list(lib->db, SQL_DERIVATIVE_LIST, ARGS(db_text("asset_id", asset_id)), mem, &derivative_shape,
                 out, err))
        return false;
    struct derivative *const all = out->items;
    for (size_t i = 0; i < out->count; i++) all[i].url = media_url(mem, all[i].name);
    return true;
}
