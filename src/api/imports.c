/* Files by their address. */
#include "agent/import.h"
#include "api/assets_in.h"
#include "library/asset_change.h"

struct import_in {
    const char *url, *universe_id, *element_id, *title, *description;
    struct texts tags;
};

static const struct field in_fields[] = {
    TEXT(struct import_in, url, .required = true, .min = 8, .max = 4000, .format = "uri",
         .doc = "http or https, of a public machine. What stands behind a ? is not shown to anybody."),
    TEXT(struct import_in, universe_id, .nullable = true, .max = 64, .doc = "Universe the file belongs to."),
    TEXT(struct import_in, element_id, .nullable = true, .max = 64, .doc = "Element of that universe."),
    TEXT(struct import_in, title, .nullable = true, .max = 255, .doc = "Title."),
    TEXT(struct import_in, description, .nullable = true, .max = 10000, .doc = "Description."),
    TEXTS(struct import_in, tags, .max = ASSET_TAGS_MAX, .doc = "Free words."),
    { 0 },
};
static const struct shape in_shape = SHAPE("MediaImportRequest", struct import_in, in_fields);

static bool start(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct import_in *const in = rq->in;
    const struct asset_in said = { in->universe_id, in->element_id, in->title, in->description, NULL, NULL };
    struct ingest_order order;
    struct media_import made;
    if (!asset_in_check(rq, &said, &order, err)) return false;
    order.tags = in->tags;
    if (!asset_tags_clean(rq->mem, &order.tags, "tags", err)) return false;
    if (!import_start(&app->generation, rq->mem, &order, in->url, &made, err)) return false;
    reply_object(rp, &import_shape, &made);
    return true;
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct media_import row;
    if (!import_get(&app->lib, rq->mem, &actor, request_param(rq, "import_id"), &row, err)) return false;
    reply_object(rp, &import_shape, &row);
    return true;
}

const struct route import_routes[] = {
    { METHOD_POST, "/api/media/import", start, .rate = RATE_AGENTS, .body = BODY_JSON, .in = &in_shape,
      .out = &import_shape, .status = 202, .tag = "media",
      .doc = "Orders a file by its address. A job fetches it (see /api/jobs for progress, cancel and retry), "
             "then it is taken "
             "in like an upload." },
    { METHOD_GET, "/api/media/imports/{import_id}", get, .out = &import_shape, .tag = "media",
      .doc = "An order and, when it is completed, its asset." },
    { 0 },
};
