/* POST /api/media/assets/{asset_id}/sign: hands out signed links. */
#include "api/signed.h"

#include "base/text.h"
#include "base/time.h"

static const char *const what_names[] = { "file", "thumbnail", "picture", "hls", NULL };

struct link_in {
    const char *what, *download;
    int64_t expires_in;
};

static const struct field link_in_fields[] = {
    ENUM(struct link_in, what, what_names, .initial_text = "file",
         .doc = "The stored file, its poster or thumbnail, pictures of any size (append width=... with &), "
                "or a playlist."),
    INT(struct link_in, expires_in, .min = SIGNED_MIN_S, .max = SIGNED_MAX_S, .initial = 3600,
        .doc = "Seconds the link is good for."),
    TEXT(struct link_in, download, .nullable = true, .min = 1, .max = 255,
         .doc = "Makes it a download of this name."),
    { 0 },
};
static const struct shape link_in_shape = SHAPE("SignRequest", struct link_in, link_in_fields);

struct link_out {
    const char *url;
    int64_t expires_at;
};

static const struct field link_out_fields[] = {
    TEXT(struct link_out, url, .format = "uri-reference", .doc = "Good without a token."),
    TIME(struct link_out, expires_at, .doc = "Until then."),
    { 0 },
};
static const struct shape link_out_shape = SHAPE("SignedLink", struct link_out, link_out_fields);

/* The path the link leads to, and the scope its signature is for. NULL: the asset has no such thing. */
static const char *path_of(struct arena *mem, const struct asset *asset, const char *what,
                           const char **scope_out)
{
    *scope_out = text_is(what, "file")        ? media_url(mem, asset->file_path)
                 : text_is(what, "thumbnail") ? asset->thumbnail_url
                                              : signed_scope(mem, asset->id, what);
    return text_is(what, "hls") ? arena_printf(mem, "%s/master.m3u8", *scope_out) : *scope_out;
}

static bool sign(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct link_in *const in = rq->in;
    const struct actor actor = request_actor(rq);
    const char *scope;
    struct asset asset;
    if (!asset_get(&app->lib, rq->mem, &actor, request_param(rq, "asset_id"), &asset, err)) return false;
    const char *const path = path_of(rq->mem, &asset, in->what, &scope);
    if (in->download && text_is(in->what, "hls"))
        return fail_field(err, CAUSE_INVALID, "download", "a stream is played, not saved; ask for the file");
    if (!path) return fail_field(err, CAUSE_INVALID, "what", "this asset has no %s", in->what);
    const int64_t expires_at = (time_now() / SECOND + in->expires_in) * SECOND;
    const struct link_out out = { arena_printf(rq->mem, "%s?%s", path,
                                               signed_query(app, rq->mem, scope, expires_at, in->download)),
                                  expires_at };
    reply_object(rp, &link_out_shape, &out);
    return true;
}

const struct route link_routes[] = {
    { METHOD_POST, "/api/media/assets/{asset_id}/sign", sign, .needs = NEED_READ, .body = BODY_JSON,
      .in = &link_in_shape, .out = &link_out_shape, .act = "asset.sign", .tag = "media",
      .doc = "A link that is good without a token for a time, for players, pages and caches." },
    { 0 },
};
