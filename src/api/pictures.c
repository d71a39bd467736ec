/* GET /api/media/assets/{asset_id}/picture: pictures in the size a page needs, made once and kept in the
 * cache. */
#include "api/signed.h"

#include "base/text.h"
#include "library/cache.h"

static const char *const fit_names[] = { "contain", "cover", NULL };

/* Sizes are rounded up to one of these, so that a picture has few forms. Pixels. */
static const int64_t steps[] = { 64, 128, 256, 320, 480, 640, 960, 1280, 1920, 2560, 3840 };
enum { SIDE_MAX = 3840, PARTS = 16 };

struct picture_query {
    int64_t width, height;
    const char *fit, *format;
    struct signed_terms terms;
};

static const struct field picture_query_fields[] = {
    INT(struct picture_query, width, .max = SIDE_MAX,
        .doc = "Pixels at most, rounded up to a step; 0: as it comes."),
    INT(struct picture_query, height, .max = SIDE_MAX,
        .doc = "Pixels at most; with a width, both grow alike."),
    ENUM(struct picture_query, fit, fit_names, .initial_text = "contain",
         .doc =
             "contain: all of the picture within the box; cover: the box filled, the rest cut off evenly."),
    ENUM(struct picture_query, format, resize_format_names, .initial_text = "jpeg",
         .doc = "What it is written as."),
    SIGNED_FIELDS(struct picture_query),
    { 0 },
};
static const struct shape picture_query_shape =
    SHAPE("PictureQuery", struct picture_query, picture_query_fields);

static int64_t step_up(int64_t side)
{
    int64_t step = 0;
    for (size_t i = 0; i < COUNT_OF(steps) && step < side; i++) step = steps[i];
    return step;
}

/* The side of a box that is filled: what is left of its shape is a number of parts of the larger side. */
static int64_t part_of(int64_t side, int64_t large)
{
    return large ? (side * PARTS + large - 1) / large * step_up(large) / PARTS : 0;
}

/* One of the few boxes there are, not smaller than the one asked for. */
static struct resize_in rounded(const struct picture_query *query)
{
    const int64_t large = query->width > query->height ? query->width : query->height;
    const bool filled = text_is(query->fit, "cover");
    return (struct resize_in){ .width = filled ? part_of(query->width, large) : step_up(query->width),
                               .height = filled ? part_of(query->height, large) : step_up(query->height),
                               .fit = query->fit,
                               .format = query->format };
}

struct making {
    struct request *rq;
    const struct resize_in *in;
    int source;
};

static bool make(void *with, int fd, struct error *err)
{
    const struct making *const making = with;
    struct media_facts facts;
    const struct worker_file files[] = { { "in", making->source }, { "out", fd } };
    const struct worker_call call = {
        .kind = TASK_RESIZE, .in = making->in, .files = files, .file_count = 2, .cancel_fd = -1
    };
    return request_run(making->rq, LOAD_VIEWS, &call, &facts, err);
}

/* A picture is its own source, everything else has a poster. */
static bool open_source(struct request *rq, const struct asset *asset, const char **name_out,
                        struct blob_file *out, struct error *err)
{
    struct app *const app = rq->app;
    const bool picture = text_is(asset->asset_type, "image");
    *name_out = picture ? asset->file_path : media_url_blob(rq->mem, asset->thumbnail_url);
    if (*name_out) return blob_open(&app->lib.blobs, *name_out, out, err);
    return fail(err, CAUSE_NOT_FOUND, "there is no picture of this asset%s",
                text_is(asset->status, "processing") ? " yet: it is still looked at" : "");
}

static bool show(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct picture_query *const query = rq->query;
    const struct resize_in in = rounded(query);
    const char *name;
    struct asset asset;
    struct admission admitted;
    struct blob_file source;
    struct cache_file picture;
    if (!signed_asset(rq, &query->terms, "picture", &asset, &admitted, err) ||
        !open_source(rq, &asset, &name, &source, err))
        return false;
    AUTO(fd) int source_fd = source.fd;
    struct making making = { rq, &in, source_fd };
    const char *const recipe =
        arena_printf(rq->mem, "picture 2 %s %lld %s", name, (long long)source.modified_at,
                     shape_text(rq->mem, &resize_in_shape, &in));
    if (!cache_get(app->cache, rq->mem, recipe, make, &making, &picture, err)) return false;
    reply_file(rq, rp, (struct reply_file){ .fd = picture.fd,
                                            .size_bytes = picture.size_bytes,
                                            .type = arena_printf(rq->mem, "image/%s", in.format),
                                            .etag = picture.key,
                                            .cache = admitted.cache,
                                            .download_as = admitted.by_link ? query->terms.download : NULL });
    return true;
}

const struct route picture_routes[] = {
    { METHOD_GET, "/api/media/assets/{asset_id}/picture", show, .needs = NEED_NOTHING, .optional_login = true,
      .rate = RATE_NONE, .query = &picture_query_shape, .out_type = "image/*", .tag = "media",
      .doc = "The picture, or the poster of a video, in the size a page needs. Upright, in sRGB, never "
             "enlarged. Open "
             "like /media/ unless UMAM_MEDIA_ACCESS=signed." },
    { 0 },
};
