/* Pictures in as the contract has it, media files out. */
#include "api/assets_in.h"
#include "api/signed.h"

#include "base/text.h"
#include "library/quota.h"
#include "library/trash.h"

enum { THUMB_SIDE = 256 };

/* Pictures that are looked at before the answer, because it has their size and thumbnail. */
static const char *const at_once[] = { "image/jpeg", "image/png", "image/webp", "image/gif", NULL };

struct upload_out {
    const char *url, *thumbnail_url, *asset_id, *mime_type;
    int64_t width, height, file_size;
};

static const struct field upload_fields[] = {
    TEXT(struct upload_out, url, .format = "uri-reference",
         .doc = "Where it is served; use it as reference_image_url."),
    TEXT(struct upload_out, thumbnail_url, .nullable = true, .format = "uri-reference",
         .doc = "At most 256 pixels a side; of other media once their job is done."),
    TEXT(struct upload_out, asset_id, .format = "uuid", .doc = "The asset."),
    TEXT(struct upload_out, mime_type, .doc = "Media type by content."),
    INT(struct upload_out, width, .nullable = true, .doc = "Pixels; as the thumbnail."),
    INT(struct upload_out, height, .nullable = true, .doc = "Pixels; as the thumbnail."),
    INT(struct upload_out, file_size, .doc = "Bytes."),
    { 0 },
};
static const struct shape upload_shape = SHAPE("Upload", struct upload_out, upload_fields);

/* Whatever the file did to the worker is the file's fault: a field of the form that is not valid. */
static bool refuse(struct error *err)
{
    if (err->cause == CAUSE_CRASHED || err->cause == CAUSE_TIMEOUT)
        return fail_field(err, CAUSE_INVALID, "file",
                          "the picture could not be decoded: it is damaged or built to do harm");
    return err->cause == CAUSE_BAD_MEDIA ? fail_field(err, CAUSE_INVALID, "file", "%s", err->text) : false;
}

bool upload_room(struct request *rq, int64_t own_bytes, int64_t all_bytes, struct error *err)
{
    struct app *const app = rq->app;
    return quota_check_room(&app->lib, rq->mem, rq->caller.subject, own_bytes, all_bytes, err);
}

static bool decode(struct request *rq, int *thumb_out, struct media_facts *facts, struct error *err)
{
    const struct app *const app = rq->app;
    const struct image_in in = { .max_side = THUMB_SIDE };
    AUTO(fd) int thumb = -1;
    if (!blob_draft(&app->lib.blobs, &thumb, err)) return false;
    const struct worker_file files[] = { { "in", rq->upload.fd }, { "thumb", thumb } };
    const struct worker_call call = {
        .kind = TASK_IMAGE, .in = &in, .files = files, .file_count = 2, .cancel_fd = -1
    };
    if (!request_run(rq, LOAD_CHECKS, &call, facts, err)) return false;
    *thumb_out = thumb;
    thumb = -1;
    return true;
}

/* Decodes it in the worker; what decodes is a picture. A worker may die of something else: a file is only to
 * blame when a second one dies of it. */
static bool inspect(struct request *rq, const struct filetype *type, int *thumb_out,
                    struct media_facts *facts, struct error *err)
{
    bool good = decode(rq, thumb_out, facts, err);
    if (!good && (err->cause == CAUSE_CRASHED || err->cause == CAUSE_ABANDONED))
        good = decode(rq, thumb_out, facts, err);
    if (!good) return refuse(err);
    if (!text_is(facts->mime_type, type->mime))
        return fail(err, CAUSE_UNSUPPORTED, "files of this type are not accepted");
    return (facts->width > 0 && facts->height > 0) || fail(err, CAUSE_BAD_MEDIA, "the picture has no size");
}

static bool upload(struct request *rq, struct reply *rp, struct error *err)
{
    const struct app *const app = rq->app;
    const struct upload *const file = &rq->upload;
    struct asset_in nothing;
    AUTO(fd) int thumb = -1;
    struct ingest_order order;
    struct media_facts facts;
    struct asset asset;
    shape_init(&asset_in_shape, &nothing);
    if (!asset_in_check(rq, &nothing, &order, err)) return false;
    order.fd = file->fd;
    order.size_bytes = file->size_bytes;
    order.checksum = file->digest.hex;
    order.original_name = file->filename;
    if (!filetype_admit(&app->generation.types, file->fd, file->size_bytes, &order.type, err)) return false;
    if (text_find(at_once, order.type->mime) >= 0) {
        if (!inspect(rq, order.type, &thumb, &facts, err)) return false;
        order.facts = &facts;
        order.thumb_fd = thumb;
    }
    if (!asset_in_take(rq, &order, &asset, err)) return false;
    const struct upload_out out = { asset.public_url, asset.thumbnail_url, asset.id,       asset.mime_type,
                                    asset.width,      asset.height,        asset.file_size };
    reply_object(rp, &upload_shape, &out);
    return true;
}

struct media_query {
    struct signed_terms terms;
};

static const struct field media_query_fields[] = { SIGNED_FIELDS(struct media_query), { 0 } };
static const struct shape media_query_shape = SHAPE("MediaQuery", struct media_query, media_query_fields);

static bool serve(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const char *const name = request_param(rq, "path");
    const struct signed_terms *const terms = &((const struct media_query *)rq->query)->terms;
    struct admission admitted;
    const struct filetype *const type = filetype_by_name(name);
    const struct actor actor = request_actor(rq);
    struct blob_file file;
    bool trashed;
    if (!signed_admit(rq, terms, media_url(rq->mem, name), &admitted, err) ||
        !trash_holds(&app->lib, rq->mem, name, &trashed, err))
        return false;
    if (trashed) return fail(err, CAUSE_NOT_FOUND, "Not Found");
    if (!admitted.by_link && !admitted.anybody && !asset_file_check(&app->lib, rq->mem, &actor, name, err))
        return false;
    if (!blob_open(&app->lib.blobs, name, &file, err)) return false;
    reply_file(rq, rp,
               (struct reply_file){
                   .fd = file.fd,
                   .size_bytes = file.size_bytes,
                   .modified_at = file.modified_at,
                   .type = type ? type->mime : "application/octet-stream",
                   .etag = arena_printf(rq->mem, "%llx-%llx", (unsigned long long)file.modified_at,
                                        (unsigned long long)file.size_bytes),
                   .cache = admitted.cache,
                   .download_as = admitted.by_link ? terms->download : NULL,
               });
    return true;
}

const struct route upload_routes[] = {
    { METHOD_POST, "/media/upload", upload, .body = BODY_FILE, .out = &upload_shape, .tag = "media",
      .doc = "Takes a file as form part `file`. Its content decides, not its name. Pictures (JPEG, PNG, "
             "WebP, GIF) are "
             "looked at before this answers, everything else by a job." },
    { METHOD_GET, "/media/{path*}", serve, .needs = NEED_NOTHING, .optional_login = true, .rate = RATE_NONE,
      .query = &media_query_shape, .out_type = "application/octet-stream", .tag = "media",
      .doc = "A stored file by its URL, with ranges and conditional requests. The ids in it cannot be "
             "guessed; with UMAM_MEDIA_ACCESS=signed it takes a token or a signed link." },
    { 0 },
};
