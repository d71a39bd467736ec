/* The media library: what there is, found by words and filters, and what people say of it. */
#include "api/app.h"
#include "api/paging.h"

#include "library/asset_change.h"
#include "library/search.h"
#include "library/similar.h"

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct assets_page page;
    if (!assets_search(&app->lib, rq->mem, &actor, rq->query, &page, err)) return false;
    reply_next_page(rq, rp, page.next_cursor);
    reply_object(rp, &assets_page_shape, &page);
    return true;
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct asset asset;
    if (!asset_get(&app->lib, rq->mem, &actor, request_param(rq, "asset_id"), &asset, err)) return false;
    reply_object(rp, &asset_shape, &asset);
    return true;
}

static bool update(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct asset asset;
    struct asset_change change = *(const struct asset_change *)rq->in;
    asset_change_read(rq->json, &change);
    if (!asset_update(&app->lib, rq->mem, &actor, request_param(rq, "asset_id"), &change, &asset, err))
        return false;
    reply_object(rp, &asset_shape, &asset);
    return true;
}

/* ---- many at once ---- */

struct bulk_in {
    struct texts ids, tags_add, tags_remove;
    const struct asset_change *change;
};

static const struct field bulk_fields[] = {
    TEXTS(struct bulk_in, ids, .required = true, .min = 1, .max = ASSET_BULK_MAX,
          .doc = "Which assets; 1000 at most."),
    OBJECT(struct bulk_in, change, struct asset_change, &asset_change_shape, .nullable = true,
           .doc = "What is changed of each."),
    TEXTS(struct bulk_in, tags_add, .nullable = true, .max = ASSET_TAGS_MAX, .doc = "Tags that each gets."),
    TEXTS(struct bulk_in, tags_remove, .nullable = true, .max = ASSET_TAGS_MAX,
          .doc = "Tags that each loses."),
    { 0 },
};
static const struct shape bulk_shape = SHAPE("AssetsBulk", struct bulk_in, bulk_fields);

static bool update_all(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct bulk_in *const in = rq->in;
    const struct actor actor = request_actor(rq);
    struct list results;
    struct assets_bulk bulk = { .ids = in->ids, .tags_add = in->tags_add, .tags_remove = in->tags_remove };
    shape_init(&asset_change_shape, &bulk.change);
    if (in->change) bulk.change = *in->change;
    asset_change_read(json_get(rq->json, "change"), &bulk.change);
    if (!asset_update_all(&app->lib, rq->mem, &actor, &bulk, &results, err)) return false;
    reply_list(rp, &bulk_result_shape, &results);
    return true;
}

/* ---- what is alike ---- */

static bool similar(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct list found;
    if (!asset_similar(&app->lib, rq->mem, &actor, request_param(rq, "asset_id"), rq->query, &found, err))
        return false;
    reply_list(rp, &similar_asset_shape, &found);
    return true;
}

static bool duplicates(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct duplicates_page page;
    if (!asset_duplicates(&app->lib, rq->mem, &actor, rq->query, &page, err)) return false;
    reply_next_page(rq, rp, page.next_cursor);
    reply_object(rp, &duplicates_page_shape, &page);
    return true;
}

#define ASSETS "/api/media/assets"

const struct route asset_routes[] = {
    { METHOD_GET, ASSETS, list, .query = &assets_query_shape, .out = &assets_page_shape, .large = true,
      .tag = "library", .doc = "Finds assets: the caller's; with the permission `others`, all." },
    { METHOD_GET, ASSETS "/{asset_id}", get, .out = &asset_shape, .tag = "library",
      .doc = "One asset with everything known of it." },
    { METHOD_PATCH, ASSETS "/{asset_id}", update, .body = BODY_JSON, .in = &asset_change_shape,
      .out = &asset_shape, .tag = "library", .doc = "Changes what is given." },
    { METHOD_POST, ASSETS "/bulk", update_all, .body = BODY_JSON, .in = &bulk_shape,
      .out = &bulk_result_shape, .list = true, .tag = "library",
      .doc = "The same change for many assets, each with its result." },
    { METHOD_GET, ASSETS "/{asset_id}/similar", similar, .query = &similar_query_shape,
      .out = &similar_asset_shape, .list = true, .tag = "library",
      .doc = "What looks like it, the nearest first." },
    { METHOD_GET, "/api/media/duplicates", duplicates, .query = &duplicates_query_shape,
      .out = &duplicates_page_shape, .large = true, .tag = "library",
      .doc = "What is there several times; nothing is removed." },
    { 0 },
};
