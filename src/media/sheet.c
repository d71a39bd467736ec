#include "media/sheet.h"

#include "media/phash.h"

#include <libswscale/swscale.h>
#include <math.h>
#include <string.h>

/* A tile a second, or as many as there may be. */
void sheet_init(struct sheet *sheet, double duration_s, int rotation)
{
    *sheet =
        (struct sheet){ .interval_s = fmax(1, ceil(duration_s / SHEET_TILES_MAX)), .rotation = rotation };
}

static int place_of(const struct sheet *sheet, double at_s)
{
    return (int)fmin(1 << 30, fmax(0, floor(at_s / sheet->interval_s + 1e-6)));
}

bool sheet_wants(const struct sheet *sheet, double at_s)
{
    const int place = place_of(sheet, at_s);
    return place >= SHEET_TILES_MAX || !sheet->tiles[place].rgb;
}

static void thin_out(struct sheet *sheet)
{
    for (int i = 0; i < SHEET_TILES_MAX; i++) {
        struct image *const from = &sheet->tiles[i];
        struct image *const to = &sheet->tiles[i / 2];
        if (from == to) continue;
        if (to->rgb)
            image_close(from);
        else
            *to = *from;
        *from = (struct image){ 0 };
    }
    sheet->count = (sheet->count + 1) / 2;
    sheet->interval_s *= 2;
}

/* The size of a tile before it is turned upright: square pixels, the long side SHEET_TILE_SIDE. */
static void fit(const AVFrame *frame, int *width_out, int *height_out)
{
    const AVRational aspect = frame->sample_aspect_ratio;
    double width = frame->width, height = frame->height;
    if (aspect.num > 0 && aspect.den > 0) width *= fmin(fmax(av_q2d(aspect), 0.25), 4);
    const double scale = SHEET_TILE_SIDE / fmax(width, height);
    *width_out = (int)fmax(2, 2 * round(width * scale / 2));
    *height_out = (int)fmax(2, 2 * round(height * scale / 2));
}

/* The scaler writes whole vectors past a row's end, so the picture gets rows of its own first. */
static bool draw(struct sheet *sheet, const AVFrame *frame, struct image *tile, struct error *err)
{
    AVFrame *rgb = av_frame_alloc();
    bool done = rgb && image_init(tile, tile->width, tile->height, err);
    if (done) {
        rgb->format = AV_PIX_FMT_RGB24;
        rgb->width = tile->width;
        rgb->height = tile->height;
        done = av_frame_get_buffer(rgb, 0) >= 0 &&
               sws_scale(sheet->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0,
                         frame->height, rgb->data, rgb->linesize) == tile->height;
    }
    for (int y = 0; done && y < tile->height; y++)
        memcpy(tile->rgb + (ptrdiff_t)y * tile->width * 3, rgb->data[0] + (ptrdiff_t)y * rgb->linesize[0],
               (size_t)tile->width * 3);
    av_frame_free(&rgb);
    return done || fail(err, CAUSE_BAD_MEDIA, "a picture of the video cannot be converted");
}

bool sheet_show(struct sheet *sheet, const AVFrame *frame, double at_s, struct error *err)
{
    struct image tile = { 0 };
    while (place_of(sheet, at_s) >= SHEET_TILES_MAX) thin_out(sheet);
    const int place = place_of(sheet, at_s);
    if (sheet->tiles[place].rgb) return true;
    fit(frame, &tile.width, &tile.height);
    sheet->scaler =
        sws_getCachedContext(sheet->scaler, frame->width, frame->height, (enum AVPixelFormat)frame->format,
                             tile.width, tile.height, AV_PIX_FMT_RGB24, SWS_BILINEAR, NULL, NULL, NULL);
    if (!sheet->scaler)
        return fail(err, CAUSE_BAD_MEDIA, "the video's pictures are of a kind that cannot be shown");
    if (!draw(sheet, frame, &tile, err) || !image_turn(&tile, sheet->rotation / 90, err)) {
        image_close(&tile);
        return false;
    }
    sheet->tiles[place] = tile;
    if (place >= sheet->count) sheet->count = place + 1;
    return true;
}

/* The nearest tile at or before this place, else the first there is. */
static const struct image *shown_at(const struct sheet *sheet, int place)
{
    for (int i = place; i >= 0; i--)
        if (sheet->tiles[i].rgb) return &sheet->tiles[i];
    while (!sheet->tiles[place].rgb) place++;
    return &sheet->tiles[place];
}

static void paste(const struct image *tile, struct image *onto, int left, int top, int width, int height)
{
    const int rows = tile->height < height ? tile->height : height,
              columns = tile->width < width ? tile->width : width;
    for (int y = 0; y < rows; y++)
        memcpy(onto->rgb + 3 * ((ptrdiff_t)(top + y) * onto->width + left),
               tile->rgb + 3 * (ptrdiff_t)y * tile->width, 3 * (size_t)columns);
}

static bool write_jpeg(const struct sheet *sheet, const struct ingest_sprite *layout, int fd,
                       struct error *err)
{
    AUTO(image) struct image whole = { 0 };
    const int width = (int)layout->tile_width, height = (int)layout->tile_height;
    if (!image_init(&whole, (int)layout->columns * width, (int)layout->rows * height, err)) return false;
    memset(whole.rgb, 0, (size_t)whole.width * (size_t)whole.height * 3);
    for (int i = 0; i < sheet->count; i++)
        paste(shown_at(sheet, i), &whole, i % SHEET_COLUMNS * width, i / SHEET_COLUMNS * height, width,
              height);
    return image_write(&whole, IMAGE_JPEG, 0, fd, err);
}

static void tell_hashes(const struct sheet *sheet, struct arena *mem, struct media_analysis *out)
{
    uint64_t hashes[INGEST_HASHES_MAX];
    const int step = (sheet->count + INGEST_HASHES_MAX - 1) / INGEST_HASHES_MAX;
    const char **const items = arena_array(mem, INGEST_HASHES_MAX, sizeof *items);
    size_t count = 0;
    for (int i = 0; i < sheet->count; i += step, count++) {
        hashes[count] = phash_of(shown_at(sheet, i));
        items[count] = phash_text(mem, hashes[count]);
    }
    out->frame_hashes = (struct texts){ items, count };
    out->phash = phash_text(mem, phash_majority(hashes, count));
}

bool sheet_write(struct sheet *sheet, double end_s, int fd, struct arena *mem, struct media_analysis *out,
                 struct error *err)
{
    if (!sheet->count) return true;
    while (sheet->count < SHEET_TILES_MAX && sheet->count * sheet->interval_s < end_s - 0.1) sheet->count++;
    const struct image *const tile = shown_at(sheet, 0);
    struct ingest_sprite *const layout = arena_new(mem, struct ingest_sprite);
    *layout = (struct ingest_sprite){
        .columns = sheet->count < SHEET_COLUMNS ? sheet->count : SHEET_COLUMNS,
        .rows = (sheet->count + SHEET_COLUMNS - 1) / SHEET_COLUMNS,
        .tiles = sheet->count,
        .tile_width = tile->width,
        .tile_height = tile->height,
        .interval_s = sheet->interval_s,
    };
    tell_hashes(sheet, mem, out);
    out->sprite = layout;
    return fd < 0 || write_jpeg(sheet, layout, fd, err);
}

void sheet_close(struct sheet *sheet)
{
    sws_freeContext(sheet->scaler);
    for (int i = 0; i < SHEET_TILES_MAX; i++) image_close(&sheet->tiles[i]);
}
