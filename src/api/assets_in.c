/* Files in: as a form or as the bare body of a request. Whatever is accepted becomes an asset at once; a job
 * looks at it. */
#include "api/assets_in.h"

#include "api/part_header.h"
#include "base/text.h"
#include "library/asset_change.h"
#include "library/element.h"

#include <string.h>

static const char *const source_names[] = { "uploaded", "imported", NULL };

static const struct field asset_in_fields[] = {
    TEXT(struct asset_in, universe_id, .nullable = true, .max = 64, .doc = "Universe it belongs to."),
    TEXT(struct asset_in, element_id, .nullable = true, .max = 64,
         .doc = "Element of that universe it belongs to."),
    TEXT(struct asset_in, title, .nullable = true, .max = 255,
         .doc = "Title; the name of the file where none is given."),
    TEXT(struct asset_in, description, .nullable = true, .max = 10000, .doc = "Description."),
    TEXT(struct asset_in, tags, .nullable = true, .max = 20000, .doc = "Free words, separated by commas."),
    TEXT(struct asset_in, sha256, .nullable = true, .min = 64, .max = 64,
         .doc = "SHA-256 of the file: refused with 460 when something else came."),
    ENUM(struct asset_in, source_type, source_names, .initial_text = "uploaded", .doc = "How it came."),
    { 0 },
};
const struct shape asset_in_shape = SHAPE("AssetUpload", struct asset_in, asset_in_fields);

static bool read_tags(struct arena *mem, const char *text, struct texts *out, struct error *err)
{
    *out = text_split(mem, text ? text : "", ',');
    return asset_tags_clean(mem, out, "tags", err);
}

static bool read_place(struct request *rq, const struct asset_in *in, struct ingest_order *order,
                       struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct universe universe;
    struct element element;
    if (in->element_id && !in->universe_id)
        return fail_field(err, CAUSE_INVALID, "element_id", "an element is named together with its universe");
    if (!in->universe_id) return true;
    if (!universe_get(&app->lib, rq->mem, &actor, in->universe_id, &universe, err)) return false;
    order->universe_id = universe.id;
    if (!in->element_id) return true;
    if (!element_get(&app->lib, rq->mem, &universe, in->element_id, &element, err)) return false;
    order->element_id = element.id;
    return true;
}

bool asset_in_check(struct request *rq, const struct asset_in *in, struct ingest_order *out,
                    struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct ingest_order order = { .owner_id = rq->caller.subject,
                                  .title = in->title,
                                  .description = in->description,
                                  .source_type = in->source_type,
                                  .fd = -1,
                                  .thumb_fd = -1 };
    if (!actor_may_own(&actor, err) || !read_place(rq, in, &order, err) ||
        !read_tags(rq->mem, in->tags, &order.tags, err))
        return false;
    *out = order;
    return true;
}

bool asset_in_take(struct request *rq, struct ingest_order *order, struct asset *out, struct error *err)
{
    struct app *const app = rq->app;
    const char *const name = order->original_name ? bare_filename(rq->mem, order->original_name) : NULL;
    if (!filetype_admit(&app->generation.types, order->fd, order->size_bytes, &order->type, err))
        return false;
    order->original_name = text_empty(name) ? NULL : name;
    if (!order->title) order->title = order->original_name;
    return ingest_take(&app->generation, rq->mem, order, out, err);
}

static bool take(struct request *rq, struct reply *rp, const struct asset_in *in, const char *filename,
                 struct error *err)
{
    struct ingest_order order;
    struct asset asset;
    const struct upload *const upload = &rq->upload;
    if (!asset_in_check(rq, in, &order, err)) return false;
    if (in->sha256 && strcasecmp(in->sha256, upload->digest.hex) != 0)
        return fail(err, CAUSE_CHECKSUM, "what came is not what was sent: its SHA-256 is %s",
                    upload->digest.hex);
    order.fd = upload->fd;
    order.size_bytes = upload->size_bytes;
    order.checksum = upload->digest.hex;
    order.original_name = filename;
    if (!asset_in_take(rq, &order, &asset, err)) return false;
    reply_object(rp, &asset_shape, &asset);
    return true;
}

static bool from_form(struct request *rq, struct reply *rp, struct error *err)
{
    return take(rq, rp, rq->in, rq->upload.filename, err);
}

/* What is wrong with what is said of it shows before it is sent. */
static bool open_raw(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct ingest_order ignored;
    return asset_in_check(rq, rq->query, &ignored, err);
}

static bool from_body(struct request *rq, struct reply *rp, struct error *err)
{
    return take(rq, rp, rq->query, request_param(rq, "filename"), err);
}

struct known_out {
    const char *asset_id;
};

static const struct field known_fields[] = {
    TEXT(struct known_out, asset_id, .format = "uuid", .doc = "The caller's asset of this content."),
    { 0 },
};
static const struct shape known_shape = SHAPE("KnownContent", struct known_out, known_fields);

static bool known(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct known_out out = { 0 };
    if (!ingest_known(&app->lib, rq->mem, rq->caller.subject, request_param(rq, "sha256"), &out.asset_id,
                      err))
        return false;
    if (!out.asset_id) return fail(err, CAUSE_NOT_FOUND, "nothing of yours has this content");
    reply_object(rp, &known_shape, &out);
    return true;
}

const struct route asset_in_routes[] = {
    { METHOD_POST, "/api/media/assets", from_form, .body = BODY_FILE, .in = &asset_in_shape,
      .out = &asset_shape, .status = 201, .tag = "media",
      .doc = "Takes a file of any accepted type as form part `file`. It is stored when this answers; a job "
             "looks at it." },
    { METHOD_PUT, "/api/media/assets/raw/{filename}", from_body, .body = BODY_RAW, .open = open_raw,
      .query = &asset_in_shape, .out = &asset_shape, .status = 201, .tag = "media",
      .doc = "The same with the file as the body, of a declared length or chunked." },
    { METHOD_GET, "/api/media/content/{sha256}", known, .out = &known_shape, .tag = "media",
      .doc = "Whether the caller has an asset of this content, so that it need not be sent again." },
    { 0 },
};
