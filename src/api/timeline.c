/* What a player shows along its timeline, in the forms that players load: the sheet for scrubbing as WebVTT,
 * the waveform as JSON. Both say in text what the derivatives hold, and are written anew for each request. */
#include "api/signed.h"

#include "base/text.h"
#include "base/time.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

struct timeline_query {
    struct signed_terms terms;
};

static const struct field timeline_query_fields[] = { SIGNED_FIELDS(struct timeline_query), { 0 } };
static const struct shape timeline_query_shape =
    SHAPE("TimelineQuery", struct timeline_query, timeline_query_fields);

/* Most of one: 100 tiles with a signed address each, 65 536 pairs of at most ten characters. */
enum { VTT_MAX_BYTES = 64 << 10, PEAKS_MAX_BYTES = 1 << 20 };

/* The asset's derivative of this kind, for a caller who may see its pictures. */
static bool find(struct request *rq, const char *kind, struct asset *asset, struct admission *admitted,
                 const struct derivative **out, struct error *err)
{
    const struct timeline_query *const query = rq->query;
    if (!signed_asset(rq, &query->terms, "picture", asset, admitted, err)) return false;
    const struct derivative *const all = asset->derivatives.items;
    for (size_t i = 0; i < asset->derivatives.count; i++)
        if (text_is(all[i].kind, kind)) {
            *out = &all[i];
            return true;
        }
    return fail(err, CAUSE_NOT_FOUND, "this asset has no %s%s", kind,
                text_is(asset->status, "processing") ? " yet: it is still looked at" : "");
}

/* A later look at the file makes other derivatives, so nobody keeps the text for long. */
static void stay_fresh(struct reply *rp)
{
    reply_header(rp, "Cache-Control", "no-cache");
    reply_header(rp, "Cross-Origin-Resource-Policy", "cross-origin");
}

/* ---- the sheet ---- */

static void put_moment(struct buf *out, double at_s)
{
    const long long ms = llround(at_s * 1000);
    buf_printf(out, "%02lld:%02lld:%02lld.%03lld", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* One cue for each tile (task/ingest.h); the last one ends with the film. */
static void put_cues(struct buf *out, const struct json *analysis, const char *url)
{
    const struct json *const sprite = json_get(analysis, "sprite");
    const int64_t columns = json_get_int(sprite, "columns", 1), tiles = json_get_int(sprite, "tiles", 0);
    const int64_t width = json_get_int(sprite, "tile_width", 0);
    const int64_t height = json_get_int(sprite, "tile_height", 0);
    const double step_s = json_get_real(sprite, "interval_s", 0);
    const double film_s = json_get_real(analysis, "duration_s", 0);
    for (int64_t i = 0; i < tiles; i++) {
        const double begin_s = (double)i * step_s;
        buf_text(out, "\n");
        put_moment(out, begin_s);
        buf_text(out, " --> ");
        put_moment(out, i + 1 == tiles && film_s > begin_s ? film_s : begin_s + step_s);
        buf_printf(out, "\n%s#xywh=%lld,%lld,%lld,%lld\n", url, (long long)(i % columns * width),
                   (long long)(i / columns * height), (long long)width, (long long)height);
    }
}

/* Where the sheet is, good for as long as the link that the caller came with. */
static const char *sheet_url(const struct request *rq, const struct derivative *sheet,
                             const struct admission *admitted)
{
    const struct timeline_query *const query = rq->query;
    int64_t expires_s;
    if (!admitted->by_link || !text_to_int(query->terms.expires, &expires_s)) return sheet->url;
    return arena_printf(rq->mem, "%s?%s", sheet->url,
                        signed_query(rq->app, rq->mem, sheet->url, expires_s * SECOND, NULL));
}

static bool show_sheet(struct request *rq, struct reply *rp, struct error *err)
{
    AUTO(buf) struct buf text = BUF(VTT_MAX_BYTES);
    const struct derivative *sheet;
    const struct json *analysis;
    struct asset asset;
    struct admission admitted;
    if (!find(rq, "sprite", &asset, &admitted, &sheet, err)) return false;
    const char *const json = asset.analysis ? asset.analysis : "{}";
    if (!json_parse(json, strlen(json), rq->mem, &analysis, NULL, err)) return false;
    buf_text(&text, "WEBVTT\n");
    put_cues(&text, analysis, sheet_url(rq, sheet, &admitted));
    reply_bytes(rp, "text/vtt", buf_str(&text), text.size);
    stay_fresh(rp);
    return buf_check(&text, "the sheet", err);
}

/* ---- the waveform ---- */

/* What audiowaveform writes. */
struct waveform {
    int64_t version, channels, sample_rate, samples_per_pixel, bits, length;
    const char *data;
};

static const struct field waveform_fields[] = {
    INT(struct waveform, version, .doc = "Of the format: 2."),
    INT(struct waveform, channels, .doc = "1: all channels mixed."),
    INT(struct waveform, sample_rate, .doc = "Samples per second of the sound."),
    INT(struct waveform, samples_per_pixel, .doc = "Samples behind each pair."),
    INT(struct waveform, bits, .doc = "8: from -128 to 127."),
    INT(struct waveform, length, .doc = "Pairs."),
    DATA(struct waveform, data, .format = "array", .doc = "Lowest and highest sample by turns."),
    { 0 },
};
static const struct shape waveform_shape = SHAPE("Waveform", struct waveform, waveform_fields);

/* Number `i` of the head of the file (media/peaks.h): version, flags, rate, step, pairs, channels. */
static int64_t word(const unsigned char *bytes, int i)
{
    const unsigned char *const at = bytes + 4 * (ptrdiff_t)i;
    return at[0] | (int64_t)at[1] << 8 | (int64_t)at[2] << 16 | (int64_t)at[3] << 24;
}

/* The samples of the file that the worker wrote, as an array. */
static void put_samples(struct buf *out, const unsigned char *bytes, int64_t count)
{
    struct json_out json = { .buf = out };
    json_put_open(&json, '[');
    for (int64_t i = 0; i < count; i++) json_put_int(&json, (signed char)bytes[i]);
    json_put_close(&json, ']');
}

static bool show_peaks(struct request *rq, struct reply *rp, struct error *err)
{
    enum { WORD = 4, HEAD_BYTES = 6 * WORD, FILE_MAX_BYTES = HEAD_BYTES + (2 << 16) };
    struct app *const app = rq->app;
    AUTO(buf) struct buf text = BUF(PEAKS_MAX_BYTES);
    const struct derivative *peaks;
    struct asset asset;
    struct admission admitted;
    struct blob_file file;
    if (!find(rq, "peaks", &asset, &admitted, &peaks, err) ||
        !blob_open(&app->lib.blobs, peaks->name, &file, err))
        return false;
    AUTO(fd) int fd = file.fd;
    unsigned char *const bytes = arena_alloc(rq->mem, FILE_MAX_BYTES);
    const ssize_t got = pread(fd, bytes, FILE_MAX_BYTES, 0);
    if (got < HEAD_BYTES || got != file.size_bytes || got - HEAD_BYTES != 2 * word(bytes, 4))
        return fail(err, CAUSE_INTERNAL, "the waveform is damaged; `umam check --repair` makes it again");
    put_samples(&text, bytes + HEAD_BYTES, got - HEAD_BYTES);
    const struct waveform out = { word(bytes, 0), word(bytes, 5), word(bytes, 2), word(bytes, 3), 8,
                                  word(bytes, 4), buf_str(&text) };
    reply_object(rp, &waveform_shape, &out);
    stay_fresh(rp);
    return buf_check(&text, "the waveform", err);
}

const struct route timeline_routes[] = {
    { METHOD_GET, "/api/media/assets/{asset_id}/sprite.vtt", show_sheet, .needs = NEED_NOTHING,
      .optional_login = true, .rate = RATE_NONE, .query = &timeline_query_shape, .out_type = "text/vtt",
      .tag = "media",
      .doc = "The sheet for scrubbing as players load it: WebVTT, each cue a part of the picture (#xywh). "
             "Open like pictures; with a link's `expires` and `signature` for pictures, the sheet's address "
             "inside is signed too." },
    { METHOD_GET, "/api/media/assets/{asset_id}/peaks.json", show_peaks, .needs = NEED_NOTHING,
      .optional_login = true, .rate = RATE_NONE, .large = true, .query = &timeline_query_shape,
      .out = &waveform_shape, .tag = "media",
      .doc = "The waveform of its sound, as audiowaveform writes it and peaks.js and wavesurfer.js read it; "
             "binary (.dat) it is the derivative `peaks`. Open like pictures." },
    { 0 },
};
