/* GET /api/media/assets/{asset_id}/hls/...: streams for players (HLS, RFC 8216), made when the first one
 * asks.
 *
 * A film that players take as it is becomes one rendition, "direct", its packets only packed anew. Any other
 * gets a ladder of renditions, each converted when a player asks for it. A rendition is one file in the
 * cache: an MP4 in fragments, behind it the index of its segments as the worker wrote it, behind that the
 * length of the index in 8 bytes. Playlists point into it by byte ranges, so that one entry holds all of it
 * or nothing. */
#include "api/signed.h"

#include "base/file.h"
#include "base/text.h"
#include "library/cache.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { INDEX_MAX_BYTES = 16 << 20 };

/* The ladder: at most as large as the source, and one at least. `bit_rate` of the picture. */
static const struct rendition {
    const char *name;
    int64_t short_side, long_side, bit_rate;
} renditions[] = {
    { "1080p", 1080, 1920, 5000000 },
    { "720p", 720, 1280, 2800000 },
    { "360p", 360, 640, 800000 },
};
enum { AUDIO_BIT_RATE = 160000, OVERHEAD_PERCENT = 10, FPS_MAX = 60 };

struct playback_query {
    struct signed_terms terms;
};

static const struct field playback_query_fields[] = { SIGNED_FIELDS(struct playback_query), { 0 } };
static const struct shape playback_query_shape =
    SHAPE("PlaybackQuery", struct playback_query, playback_query_fields);

/* What one request is about. */
struct viewing {
    struct request *rq;
    struct asset asset;
    struct admission admitted;
    int source;
    struct playback playback;
    const char *suffix; /* of every address in a playlist: the signature that this one came with, or "" */
};

/* ---- what the worker makes ---- */

static bool find_playback(void *with, int fd, struct error *err)
{
    const struct viewing *const view = with;
    struct verify_in nothing;
    struct playback found;
    shape_init(&verify_in_shape, &nothing);
    const struct worker_file files[] = { { "in", view->source } };
    const struct worker_call call = {
        .kind = TASK_PLAYBACK, .in = &nothing, .files = files, .file_count = 1, .cancel_fd = -1
    };
    if (!request_run(view->rq, &call, &found, err)) return false;
    const char *const text = shape_text(view->rq->mem, &playback_shape, &found);
    return file_put(fd, text, strlen(text), err);
}

static bool read_playback(struct viewing *view, struct error *err)
{
    const struct app *const app = view->rq->app;
    struct cache_file file;
    char text[2048] = "";
    const struct json *json;
    const char *const recipe = arena_printf(view->rq->mem, "playback 1 %s", view->asset.file_path);
    if (!cache_get(app->cache, view->rq->mem, recipe, find_playback, view, &file, err)) return false;
    AUTO(fd) int fd = file.fd;
    const ssize_t size = pread(fd, text, sizeof text - 1, 0);
    return json_parse(text, size > 0 ? (size_t)size : 0, view->rq->mem, &json, NULL, err) &&
           shape_take(&playback_shape, json, view->rq->mem, &view->playback, err);
}

struct making {
    struct viewing *view;
    const struct transcode_in *in;
};

/* The index and its length behind the film. */
static bool append_index(int index, int film, struct error *err)
{
    int64_t size_bytes, done = 0;
    char chunk[1 << 16];
    if (!file_size(index, &size_bytes, err)) return false;
    if (size_bytes > INDEX_MAX_BYTES) return fail(err, CAUSE_TOO_LARGE, "the film has too many segments");
    if (lseek(film, 0, SEEK_END) < 0) return fail_errno(err, errno, "the stream cannot be written");
    for (ssize_t got; (got = pread(index, chunk, sizeof chunk, done)) > 0; done += got)
        if (!file_put(film, chunk, (size_t)got, err)) return false;
    return file_put(film, &done, sizeof done, err);
}

static bool make_rendition(void *with, int fd, struct error *err)
{
    const struct making *const making = with;
    struct media_facts facts;
    AUTO(fd) int index = memfd_create("index", MFD_CLOEXEC);
    if (index < 0) return fail_errno(err, errno, "there is no room for the index of a stream");
    const struct worker_file files[] = { { "in", making->view->source }, { "out", fd }, { "index", index } };
    const struct worker_call call = {
        .kind = TASK_TRANSCODE, .in = making->in, .files = files, .file_count = 3, .cancel_fd = -1
    };
    const bool made = making->in->copy ? request_run(making->view->rq, &call, &facts, err)
                                       : request_convert(making->view->rq, &call, &facts, err);
    return made && append_index(index, fd, err);
}

/* ---- renditions ---- */

/* Whether the ladder of this film has it. */
static bool offered(const struct playback *playback, const struct rendition *rendition)
{
    const int64_t side = playback->width < playback->height ? playback->width : playback->height;
    return playback->video && !playback->direct &&
           (rendition->short_side <= side || rendition == &renditions[COUNT_OF(renditions) - 1]);
}

/* What makes the rendition of this name; false when there is none. */
static bool plan(const struct playback *playback, const char *name, struct transcode_in *out)
{
    const bool upright = playback->height > playback->width;
    shape_init(&transcode_in_shape, out);
    out->container = "hls";
    out->fps_max = FPS_MAX;
    out->copy = playback->direct;
    if (playback->direct || !playback->video) return text_is(name, playback->direct ? "direct" : "audio");
    for (size_t i = 0; i < COUNT_OF(renditions); i++) {
        const struct rendition *const rendition = &renditions[i];
        if (!text_is(name, rendition->name) || !offered(playback, rendition)) continue;
        out->width = upright ? rendition->short_side : rendition->long_side;
        out->height = upright ? rendition->long_side : rendition->short_side;
        out->bit_rate = rendition->bit_rate;
        return true;
    }
    return false;
}

struct film {
    struct cache_file file;
    int64_t film_bytes, index_bytes;
};

/* The rendition from the cache, made now when it is not there. The caller closes it. */
static bool open_film(struct viewing *view, const char *name, struct film *out, struct error *err)
{
    const struct app *const app = view->rq->app;
    struct transcode_in in;
    struct making making = { view, &in };
    if (!plan(&view->playback, name, &in))
        return fail(err, CAUSE_NOT_FOUND, "this film has no rendition '%s'", name);
    const char *const recipe = arena_printf(view->rq->mem, "hls 1 %s %s", view->asset.file_path,
                                            shape_text(view->rq->mem, &transcode_in_shape, &in));
    if (!cache_get(app->cache, view->rq->mem, recipe, make_rendition, &making, &out->file, err)) return false;
    const int64_t length_at = out->file.size_bytes - (int64_t)sizeof out->index_bytes;
    if (pread(out->file.fd, &out->index_bytes, sizeof out->index_bytes, length_at) ==
            sizeof out->index_bytes &&
        out->index_bytes > 0 && out->index_bytes <= INDEX_MAX_BYTES && out->index_bytes < length_at) {
        out->film_bytes = length_at - out->index_bytes;
        return true;
    }
    fd_cleanup(&out->file.fd);
    return fail(err, CAUSE_INTERNAL,
                "an entry of the cache is damaged; empty the folder cache while the server is stopped");
}

/* ---- playlists ---- */

static void send_playlist(struct viewing *view, struct reply *rp, const struct buf *text)
{
    reply_bytes(rp, "application/vnd.apple.mpegurl", buf_str(text), text->size);
    reply_header(rp, "Cache-Control", view->admitted.cache);
    reply_header(rp, "Cross-Origin-Resource-Policy", "cross-origin");
}

static void put_variant(const struct viewing *view, struct buf *out, const char *name, int64_t bit_rate,
                        int64_t width, int64_t height)
{
    const struct playback *const playback = &view->playback;
    buf_printf(out, "#EXT-X-STREAM-INF:BANDWIDTH=%lld",
               (long long)(bit_rate + bit_rate / 100 * OVERHEAD_PERCENT));
    if (width > 0) buf_printf(out, ",RESOLUTION=%lldx%lld", (long long)width, (long long)height);
    if (playback->codecs && playback->direct) buf_printf(out, ",CODECS=\"%s\"", playback->codecs);
    buf_printf(out, "\n%s.m3u8%s\n", name, view->suffix);
}

static bool send_master(struct viewing *view, struct reply *rp, struct error *err)
{
    const struct playback *const playback = &view->playback;
    AUTO(buf) struct buf text = BUF(1 << 16);
    buf_text(&text, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    if (playback->direct)
        put_variant(view, &text, "direct", playback->bit_rate, playback->width, playback->height);
    else if (!playback->video)
        put_variant(view, &text, "audio", AUDIO_BIT_RATE, 0, 0);
    for (size_t i = 0; i < COUNT_OF(renditions); i++) {
        const struct rendition *const rendition = &renditions[i];
        if (!offered(playback, rendition)) continue;
        const bool upright = playback->height > playback->width;
        const double scale = fmin(1, fmin((double)(upright ? rendition->short_side : rendition->long_side) /
                                              (double)playback->width,
                                          (double)(upright ? rendition->long_side : rendition->short_side) /
                                              (double)playback->height));
        put_variant(view, &text, rendition->name,
                    rendition->bit_rate + (playback->audio ? AUDIO_BIT_RATE : 0),
                    2 * llround((double)playback->width * scale / 2),
                    2 * llround((double)playback->height * scale / 2));
    }
    send_playlist(view, rp, &text);
    return buf_check(&text, "the playlist", err);
}

/* Two numbers of a line, or one; false for anything the worker would not have written. */
static bool next_line(const char **at, int64_t *bytes_out, int64_t *length_us_out)
{
    char *end;
    *bytes_out = strtoll(*at, &end, 10);
    if (length_us_out) *length_us_out = strtoll(end, &end, 10);
    if (*end != '\n' || *bytes_out <= 0 || (length_us_out && *length_us_out < 0)) return false;
    *at = end + 1;
    return true;
}

/* One pass finds the longest segment (`text` NULL), the next one writes them. */
static bool put_segments(const char *index, int64_t film_bytes, const char *uri, int64_t *longest_us,
                         struct buf *text)
{
    int64_t bytes, length_us, at_bytes;
    if (!next_line(&index, &at_bytes, NULL)) return false;
    if (text) buf_printf(text, "#EXT-X-MAP:URI=\"%s\",BYTERANGE=\"%lld@0\"\n", uri, (long long)at_bytes);
    while (*index) {
        if (!next_line(&index, &bytes, &length_us) || bytes > film_bytes - at_bytes) return false;
        if (length_us > *longest_us) *longest_us = length_us;
        if (text)
            buf_printf(text, "#EXTINF:%.6f,\n#EXT-X-BYTERANGE:%lld@%lld\n%s\n", (double)length_us / 1e6,
                       (long long)bytes, (long long)at_bytes, uri);
        at_bytes += bytes;
    }
    return at_bytes == film_bytes;
}

static bool send_media_playlist(struct viewing *view, const char *name, struct reply *rp, struct error *err)
{
    struct film film;
    int64_t longest_us = 0;
    if (!open_film(view, name, &film, err)) return false;
    AUTO(fd) int fd = film.file.fd;
    char *const index = arena_alloc(view->rq->mem, (size_t)film.index_bytes + 1);
    const char *const uri = arena_printf(view->rq->mem, "%s.mp4%s", name, view->suffix);
    AUTO(buf) struct buf text = BUF((size_t)4 * INDEX_MAX_BYTES);
    if (pread(fd, index, (size_t)film.index_bytes, film.film_bytes) != (ssize_t)film.index_bytes ||
        !put_segments(index, film.film_bytes, uri, &longest_us, NULL))
        return fail(err, CAUSE_INTERNAL, "the index of a stream is damaged");
    buf_printf(&text, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%lld\n#EXT-X-MEDIA-SEQUENCE:0\n"
                      "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n",
               (long long)ceil((double)longest_us / 1e6));
    put_segments(index, film.film_bytes, uri, &longest_us, &text);
    buf_text(&text, "#EXT-X-ENDLIST\n");
    send_playlist(view, rp, &text);
    return buf_check(&text, "the playlist", err);
}

static bool send_film(struct viewing *view, const char *name, struct reply *rp, struct error *err)
{
    struct film film;
    if (!open_film(view, name, &film, err)) return false;
    reply_file(view->rq, rp, (struct reply_file){ .fd = film.file.fd,
                                                  .size_bytes = film.film_bytes,
                                                  .type = view->playback.video ? "video/mp4" : "audio/mp4",
                                                  .etag = film.file.key,
                                                  .cache = view->admitted.cache });
    return true;
}

/* ---- the route ---- */

static bool open_source(struct viewing *view, struct error *err)
{
    struct app *const app = view->rq->app;
    struct blob_file file;
    if (!text_is(view->asset.asset_type, "video") && !text_is(view->asset.asset_type, "audio"))
        return fail(err, CAUSE_NOT_FOUND, "only video and sound can be played");
    if (!blob_open(&app->lib.blobs, view->asset.file_path, &file, err)) return false;
    view->source = file.fd;
    return true;
}

static bool send_file(struct viewing *view, const char *file, struct reply *rp, struct error *err)
{
    const char *const dot = strrchr(file, '.');
    const char *const name = dot ? arena_text_n(view->rq->mem, file, (size_t)(dot - file)) : file;
    if (text_is(file, "master.m3u8")) return send_master(view, rp, err);
    if (dot && text_is(dot, ".m3u8")) return send_media_playlist(view, name, rp, err);
    if (dot && text_is(dot, ".mp4")) return send_film(view, name, rp, err);
    return fail(err, CAUSE_NOT_FOUND, "a stream has a master.m3u8, and the playlists it names");
}

static bool play(struct request *rq, struct reply *rp, struct error *err)
{
    const struct signed_terms *const terms = &((const struct playback_query *)rq->query)->terms;
    struct viewing view = { .rq = rq, .source = -1, .suffix = "" };
    if (!signed_asset(rq, terms, "hls", &view.asset, &view.admitted, err)) return false;
    if (view.admitted.by_link)
        view.suffix = arena_printf(rq->mem, "?expires=%s&signature=%s", terms->expires, terms->signature);
    const bool good = open_source(&view, err) && read_playback(&view, err) &&
                      send_file(&view, request_param(rq, "file"), rp, err);
    fd_cleanup(&view.source);
    return good;
}

const struct route playback_routes[] = {
    { METHOD_GET, "/api/media/assets/{asset_id}/hls/{file}", play, .needs = NEED_NOTHING,
      .optional_login = true, .rate = RATE_NONE, .query = &playback_query_shape,
      .out_type = "application/vnd.apple.mpegurl", .tag = "media",
      .doc = "master.m3u8 is a stream (HLS) of a video or sound, for hls.js, Safari and others; the other "
             "files are those "
             "it names. H.264 and AAC are packed anew, anything else is converted when a player first asks, "
             "which takes "
             "time. Open like /media/ unless UMAM_MEDIA_ACCESS=signed." },
    { 0 },
};
