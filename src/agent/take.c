/* How a file comes in: row, file and job in one step. */
#include "agent/ingest.h"

#include "base/time.h"
#include "library/quota.h"

struct taking {
    struct generation *gen;
    const struct asset *asset;
    bool arrived; /* in pieces */
};

bool ingest_put(struct tx *tx, struct generation *gen, const struct asset *asset, bool arrived,
                struct error *err)
{
    /* what is on its way in pieces counts too; if this is such a one, once */
    const int64_t others =
        arrivals_of(&gen->lib->arrivals, asset->owner_id) - (arrived ? asset->file_size : 0);
    const struct queue_order order = { .id = asset->id,
                                       .kind = ingest_job_kind.name,
                                       .owner_id = asset->owner_id };
    return quota_check_storage(tx, &gen->lib->quota, asset->owner_id, asset->file_size + others, err) &&
           asset_put(tx, asset, err) && work_put(gen->work, tx, &order, err);
}

static bool put_body(struct tx *tx, void *with, struct error *err)
{
    const struct taking *const taking = with;
    return ingest_put(tx, taking->gen, taking->asset, taking->arrived, err);
}

/* videos/<universe or "default">/<id>.mp4; a picture that comes with its thumbnail keeps the place it always
 * had. */
static const char *path_of(struct arena *mem, const struct ingest_order *order, const char *id)
{
    const char *const folder = filetype_folder(order->type->kind);
    if (order->thumb_fd >= 0) return arena_printf(mem, "%s/%s.%s", folder, id, order->type->extension);
    return arena_printf(mem, "%s/%s/%s.%s", folder, order->universe_id ? order->universe_id : "default", id,
                        order->type->extension);
}

struct asset ingest_asset(struct arena *mem, const struct ingest_order *order)
{
    struct media_facts nothing;
    shape_init(&media_facts_shape, &nothing);
    struct asset asset =
        asset_new(mem, order->owner_id, order->type->kind, order->facts ? order->facts : &nothing);
    if (order->id) asset.id = order->id;
    asset.status = "processing";
    asset.universe_id = order->universe_id;
    asset.element_id = order->element_id;
    asset.title = order->title;
    asset.description = order->description;
    asset.original_name = order->original_name;
    asset.source_type = order->source_type;
    asset.tags = order->tags;
    asset.checksum = order->checksum;
    asset.file_size = order->size_bytes;
    asset.mime_type = order->type->mime;
    asset.file_path = path_of(mem, order, asset.id);
    asset.public_url = media_url(mem, asset.file_path);
    return asset;
}

bool ingest_take(struct generation *gen, struct arena *mem, const struct ingest_order *order,
                 struct asset *out, struct error *err)
{
    struct asset asset = ingest_asset(mem, order);
    const char *const thumb = arena_printf(mem, "images/thumb-%s.jpg", asset.id);
    if (order->thumb_fd >= 0) asset.thumbnail_url = media_url(mem, thumb);
    const struct blob files[] = { { asset.file_path, order->fd }, { thumb, order->thumb_fd } };
    struct taking taking = { gen, &asset, order->id };
    if (!library_keep(gen->lib, files, order->thumb_fd >= 0 ? 2 : 1, put_body, &taking, err)) return false;
    work_wake(gen->work);
    *out = asset;
    return true;
}

bool ingest_known(struct library *lib, struct arena *mem, const char *owner_id, const char *checksum,
                  const char **out, struct error *err)
{
    struct asset row = { 0 };
    bool found = false;
    const struct db_args args = ARGS(db_text("owner_id", owner_id), db_text("checksum", checksum));
    if (!db_find(lib->db, SQL_INGEST_KNOWN, args, mem, &asset_shape, &row, &found, err)) return false;
    *out = found ? row.id : NULL;
    return true;
}
