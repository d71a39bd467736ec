/* Pictures in, media files out. */
#include "api/signed.h"

#include "base/hash.h"
#include "base/text.h"
#include "library/quota.h"
#include "library/trash.h"

enum { THUMB_SIDE = 256 };

static const struct {
    const char *mime, *extension;
} types[] = {
    { "image/jpeg", "jpg" }, { "image/png", "png" }, { "image/webp", "webp" },
    { "image/gif", "gif" },  { "video/mp4", "mp4" },
};

static const char *extension_of(const char *mime)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (text_is(types[i].mime, mime)) return types[i].extension;
    return NULL;
}

/* Names are ours, so the ending tells the type. */
static const char *mime_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (text_ends(name, types[i].extension)) return types[i].mime;
    return "application/octet-stream";
}

struct upload_out {
    const char *url, *thumbnail_url, *asset_id, *mime_type;
    int64_t width, height, file_size;
};

static const struct field upload_fields[] = {
    TEXT(struct upload_out, url, .format = "uri-reference",
         .doc = "Where it is served; use it as reference_image_url."),
    TEXT(struct upload_out, thumbnail_url, .format = "uri-reference", .doc = "At most 256 pixels a side."),
    TEXT(struct upload_out, asset_id, .format = "uuid", .doc = "The asset."),
    TEXT(struct upload_out, mime_type, .doc = "Media type by content."),
    INT(struct upload_out, width, .doc = "Pixels."),
    INT(struct upload_out, height, .doc = "Pixels."),
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
    if (!request_run(rq, &call, facts, err)) return false;
    *thumb_out = thumb;
    thumb = -1;
    return true;
}

/* Decodes it in the worker; what decodes is a picture. A worker may die of something else: a file is only to
 * blame when a second one dies of it. */
static bool inspect(struct request *rq, int *thumb_out, struct media_facts *facts, struct error *err)
{
    bool good = decode(rq, thumb_out, facts, err);
    if (!good && (err->cause == CAUSE_CRASHED || err->cause == CAUSE_ABANDONED))
        good = decode(rq, thumb_out, facts, err);
    if (!good) return refuse(err);
    if (!facts->mime_type || !text_starts(facts->mime_type, "image/") || !extension_of(facts->mime_type))
        return fail(err, CAUSE_UNSUPPORTED, "files of this type are not accepted");
    return (facts->width > 0 && facts->height > 0) || fail(err, CAUSE_BAD_MEDIA, "the picture has no size");
}

struct keeping {
    const struct library *lib;
    const struct asset *asset;
};

static bool put_body(struct tx *tx, void *with, struct error *err)
{
    const struct keeping *const keeping = with;
    const struct asset *const asset = keeping->asset;
    return quota_check_storage(tx, &keeping->lib->quota, asset->owner_id, asset->file_size, err) &&
           asset_put(tx, asset, err);
}

static bool keep(struct app *app, struct request *rq, int thumb, const struct media_facts *facts,
                 struct asset *out, struct error *err)
{
    const char *const title = text_cut(rq->mem, rq->upload.filename, 200);
    struct digest digest;
    struct asset asset = asset_new(rq->mem, rq->caller.subject, "image", facts);
    asset.file_path = arena_printf(rq->mem, "images/%s.%s", asset.id, extension_of(facts->mime_type));
    asset.public_url = media_url(rq->mem, asset.file_path);
    const char *const thumb_name = arena_printf(rq->mem, "images/thumb-%s.jpg", asset.id);
    asset.thumbnail_url = media_url(rq->mem, thumb_name);
    asset.file_size = rq->upload.size_bytes;
    asset.title = text_empty(title) ? NULL : title;
    asset.source_type = "uploaded";
    if (!hash_file(rq->upload.fd, &digest, err)) return false;
    asset.checksum = arena_text(rq->mem, digest.hex);
    const struct blob files[] = { { thumb_name, thumb }, { asset.file_path, rq->upload.fd } };
    struct keeping keeping = { &app->lib, &asset };
    if (!library_keep(&app->lib, files, COUNT_OF(files), put_body, &keeping, err)) return false;
    *out = asset;
    return true;
}

static bool upload(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    AUTO(fd) int thumb = -1;
    struct media_facts facts;
    struct asset asset;
    const struct actor actor = request_actor(rq);
    if (!actor_may_own(&actor, err)) return false;
    if (!rq->upload.size_bytes) return fail_field(err, CAUSE_INVALID, "file", "the uploaded file is empty");
    if (!inspect(rq, &thumb, &facts, err) || !keep(app, rq, thumb, &facts, &asset, err)) return false;
    const struct upload_out out = { asset.public_url, asset.thumbnail_url, asset.id,       asset.mime_type,
                                    facts.width,      facts.height,        asset.file_size };
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
    struct blob_file file;
    bool trashed;
    if (!signed_admit(rq, terms, media_url(rq->mem, name), &admitted, err) ||
        !trash_holds(&app->lib, rq->mem, name, &trashed, err))
        return false;
    if (trashed) return fail(err, CAUSE_NOT_FOUND, "Not Found");
    if (!blob_open(&app->lib.blobs, name, &file, err)) return false;
    reply_file(rq, rp,
               (struct reply_file){
                   .fd = file.fd,
                   .size_bytes = file.size_bytes,
                   .modified_at = file.modified_at,
                   .type = mime_of(name),
                   .etag = arena_printf(rq->mem, "%llx-%llx", (unsigned long long)file.modified_at,
                                        (unsigned long long)file.size_bytes),
                   .cache = admitted.cache,
                   .download_as = admitted.by_link ? terms->download : NULL,
               });
    return true;
}

const struct route upload_routes[] = {
    { METHOD_POST, "/media/upload", upload, .body = BODY_FILE, .out = &upload_shape, .tag = "media",
      .doc = "Takes a picture (JPEG, PNG, WebP, GIF) as form part `file`. Its content decides, not its "
             "name." },
    { METHOD_GET, "/media/{path*}", serve, .needs = NEED_NOTHING, .optional_login = true, .rate = RATE_NONE,
      .query = &media_query_shape,
      .out_type = "application/octet-stream", .tag = "media",
      .doc = "A stored file by its URL, with ranges and conditional requests. The ids in it cannot be "
             "guessed; with UMAM_MEDIA_ACCESS=signed it takes a token or a signed link." },
    { 0 },
};
