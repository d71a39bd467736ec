/* GET /api/media/assets/{asset_id}/hls/...: streams for players (HLS, RFC 8216), made when the first one
 * asks.
 *
 * A film as it is ("direct") has its packets only packed anew, into one file in the cache: an MP4 in
 * fragments, behind it the index of its segments as the worker wrote it, behind that the length of the index
 * in 8 bytes. Its playlist points into it by byte ranges. What must be converted is made piece by piece
 * (api/renditions.h): each is an entry of the cache, made when somebody asks for it. */
#include "api/renditions.h"
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
    if (!request_run(view->rq, LOAD_VIEWS, &call, &found, err)) return false;
    const char *const text = shape_text(view->rq->mem, &playback_shape, &found);
    return file_put(fd, text, strlen(text), err);
}

static bool read_playback(struct viewing *view, struct error *err)
{
    const struct app *const app = view->rq->app;
    struct cache_file file;
    char text[2048] = "";
    const struct json *json;
    const char *const recipe = arena_printf(view->rq->mem, "playback 2 %s", view->asset.file_path);
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

static bool make_direct(void *with, int fd, struct error *err)
{
    const struct making *const making = with;
    const struct app *const app = making->view->rq->app;
    struct media_facts facts;
    int64_t source_bytes;
    if (!file_size(making->view->source, &source_bytes, err) || !cache_takes(app->cache, source_bytes, err))
        return false;
    AUTO(fd) int index = memfd_create("index", MFD_CLOEXEC);
    if (index < 0) return fail_errno(err, errno, "there is no room for the index of a stream");
    const struct worker_file files[] = { { "in", making->view->source }, { "out", fd }, { "index", index } };
    const struct worker_call call = {
        .kind = TASK_TRANSCODE, .in = making->in, .files = files, .file_count = 3, .cancel_fd = -1
    };
    return request_run(making->view->rq, LOAD_VIEWS, &call, &facts, err) && append_index(index, fd, err);
}

static bool make_piece(void *with, int fd, struct error *err)
{
    const struct making *const making = with;
    struct media_facts facts;
    const struct worker_file files[] = { { "in", making->view->source }, { "out", fd } };
    const struct worker_call call = {
        .kind = TASK_SEGMENT, .in = making->in, .files = files, .file_count = 2, .cancel_fd = -1
    };
    return request_run(making->view->rq, LOAD_CONVERSIONS, &call, &facts, err);
}

/* The entry of what `in` makes. */
static bool open_made(struct viewing *view, const struct transcode_in *in, cache_make *make,
                      struct cache_file *out, struct error *err)
{
    const struct app *const app = view->rq->app;
    struct making making = { view, in };
    const char *const recipe = arena_printf(view->rq->mem, "hls 2 %s %s", view->asset.file_path,
                                            shape_text(view->rq->mem, &transcode_in_shape, in));
    return cache_get(app->cache, view->rq->mem, recipe, make, &making, out, err);
}

struct film {
    struct cache_file file;
    int64_t film_bytes, index_bytes;
};

/* The film as it is. The caller closes it. */
static bool open_film(struct viewing *view, const struct rendition *rendition, struct film *out,
                      struct error *err)
{
    if (!open_made(view, &rendition->in, make_direct, &out->file, err)) return false;
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

static void put_variant(const struct viewing *view, struct buf *out, const struct rendition *rendition)
{
    const struct playback *const playback = &view->playback;
    buf_printf(out, "#EXT-X-STREAM-INF:BANDWIDTH=%lld,CODECS=\"%s\"", (long long)rendition->bit_rate,
               rendition->codecs);
    if (playback->video)
        buf_printf(out, ",RESOLUTION=%lldx%lld,FRAME-RATE=%.3f", (long long)rendition->width,
                   (long long)rendition->height, (double)playback->rate_num / (double)playback->rate_den);
    buf_printf(out, "\n%s.m3u8%s\n", rendition->name, view->suffix);
}

static bool send_master(struct viewing *view, struct reply *rp, struct error *err)
{
    AUTO(buf) struct buf text = BUF(1 << 16);
    struct rendition *items;
    const size_t count = renditions_list(&view->playback, view->rq->mem, &items);
    buf_text(&text, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for (size_t i = 0; i < count; i++) put_variant(view, &text, &items[i]);
    send_playlist(view, rp, &text);
    return buf_check(&text, "the playlist", err);
}

static void begin_playlist(struct buf *text, int64_t longest_us)
{
    buf_printf(text,
               "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%lld\n#EXT-X-MEDIA-SEQUENCE:0\n"
               "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n",
               (long long)ceil((double)longest_us / 1e6));
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

static bool send_direct_playlist(struct viewing *view, const struct rendition *rendition, struct reply *rp,
                                 struct error *err)
{
    struct film film;
    int64_t longest_us = 0;
    if (!open_film(view, rendition, &film, err)) return false;
    AUTO(fd) int fd = film.file.fd;
    char *const index = arena_alloc(view->rq->mem, (size_t)film.index_bytes + 1);
    const char *const uri = arena_printf(view->rq->mem, "%s.mp4%s", rendition->name, view->suffix);
    AUTO(buf) struct buf text = BUF((size_t)4 * INDEX_MAX_BYTES);
    if (pread(fd, index, (size_t)film.index_bytes, film.film_bytes) != (ssize_t)film.index_bytes ||
        !put_segments(index, film.film_bytes, uri, &longest_us, NULL))
        return fail(err, CAUSE_INTERNAL, "the index of a stream is damaged");
    begin_playlist(&text, longest_us);
    put_segments(index, film.film_bytes, uri, &longest_us, &text);
    buf_text(&text, "#EXT-X-ENDLIST\n");
    send_playlist(view, rp, &text);
    return buf_check(&text, "the playlist", err);
}

/* Known before anything is made. */
static bool send_playlist_of_pieces(struct viewing *view, const struct rendition *rendition, struct reply *rp,
                                    struct error *err)
{
    const struct playback *const playback = &view->playback;
    AUTO(buf) struct buf text = BUF((size_t)1 << 23);
    int64_t begin, end;
    begin_playlist(&text, (int64_t)RENDITION_PIECE_S * 1000000);
    buf_printf(&text, "#EXT-X-MAP:URI=\"%s-head.mp4%s\"\n", rendition->name, view->suffix);
    for (int64_t number = 0; number < rendition_pieces(playback); number++) {
        rendition_piece(playback, number, &begin, &end);
        buf_printf(&text, "#EXTINF:%.6f,\n%s-%lld.m4s%s\n",
                   (double)(end - begin) * (double)playback->rate_den / (double)playback->rate_num,
                   rendition->name, (long long)number, view->suffix);
    }
    buf_text(&text, "#EXT-X-ENDLIST\n");
    send_playlist(view, rp, &text);
    return buf_check(&text, "the playlist", err);
}

static void send_bytes(const struct viewing *view, struct reply *rp, const struct cache_file *file,
                       int64_t size_bytes)
{
    reply_file(view->rq, rp,
               (struct reply_file){ .fd = file->fd,
                                    .size_bytes = size_bytes,
                                    .type = view->playback.video ? "video/mp4" : "audio/mp4",
                                    .etag = file->key,
                                    .cache = view->admitted.cache });
}

static bool send_direct(struct viewing *view, const struct rendition *rendition, struct reply *rp,
                        struct error *err)
{
    struct film film;
    if (!open_film(view, rendition, &film, err)) return false;
    send_bytes(view, rp, &film.file, film.film_bytes);
    return true;
}

/* `which` is head, or the number of a piece. */
static bool send_piece(struct viewing *view, const struct rendition *rendition, const char *which,
                       struct reply *rp, struct error *err)
{
    struct transcode_in in = rendition->in;
    struct cache_file file;
    int64_t number;
    if (!text_is(which, "head")) {
        if (!text_to_int(which, &number) || number < 0 || number >= rendition_pieces(&view->playback))
            return fail(err, CAUSE_NOT_FOUND, "the stream has no such piece");
        rendition_piece(&view->playback, number, &in.begin, &in.end);
    }
    if (!open_made(view, &in, make_piece, &file, err)) return false;
    send_bytes(view, rp, &file, file.size_bytes);
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

/* master.m3u8, RENDITION.m3u8, direct.mp4, RENDITION-head.mp4, RENDITION-NUMBER.m4s */
static bool send_file(struct viewing *view, const char *file, struct reply *rp, struct error *err)
{
    const char *const end = file + strlen(file), *const last = strrchr(file, '.');
    const char *const dot = last ? last : end, *const dash = memchr(file, '-', (size_t)(dot - file));
    const char *const name = arena_text_n(view->rq->mem, file, (size_t)((dash ? dash : dot) - file));
    const char *const which = dash ? arena_text_n(view->rq->mem, dash + 1, (size_t)(dot - dash - 1)) : NULL;
    const struct rendition *const rendition = rendition_find(&view->playback, view->rq->mem, name);
    if (text_is(file, "master.m3u8")) return send_master(view, rp, err);
    if (rendition && !which && text_is(dot, ".m3u8"))
        return (rendition->direct ? send_direct_playlist : send_playlist_of_pieces)(view, rendition, rp, err);
    if (rendition && rendition->direct && !which && text_is(dot, ".mp4"))
        return send_direct(view, rendition, rp, err);
    if (rendition && !rendition->direct && which && text_is(dot, text_is(which, "head") ? ".mp4" : ".m4s"))
        return send_piece(view, rendition, which, rp, err);
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
             "files are those it names. H.264 and AAC are packed anew; anything else, and smaller "
             "renditions, are converted piece by piece when a player asks for a piece. Open like /media/ "
             "unless UMAM_MEDIA_ACCESS=signed." },
    { 0 },
};
