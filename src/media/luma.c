#include "media/luma.h"

#include <libavutil/common.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

enum { LONG_SIDE = 320, BLACK = 10, BURNT = 245 };

static int small_side(int side, int long_side)
{
    if (long_side <= LONG_SIDE) return FFMAX(side, 1);
    return FFMAX((int)((int64_t)side * LONG_SIDE / long_side), 1);
}

static bool adapt(struct luma_meter *meter, const AVFrame *frame, struct error *err)
{
    if (meter->grey && meter->from_width == frame->width && meter->from_height == frame->height &&
        meter->from_format == frame->format)
        return true;
    const int long_side = FFMAX(frame->width, frame->height);
    luma_meter_close(meter);
    meter->width = small_side(frame->width, long_side);
    meter->height = small_side(frame->height, long_side);
    meter->grey =
        malloc((size_t)meter->width * (size_t)meter->height + 64); /* the scaler writes whole vectors */
    meter->row_step = FFMAX(frame->height / (2 * meter->height), 1);
    meter->scaler =
        sws_getContext(frame->width, frame->height / meter->row_step, (enum AVPixelFormat)frame->format,
                       meter->width, meter->height, AV_PIX_FMT_GRAY8, SWS_BILINEAR, NULL, NULL, NULL);
    if (!meter->grey || !meter->scaler)
        return fail(err, CAUSE_BAD_MEDIA, "the video's pictures are of a kind that cannot be shown");
    const int *const table = sws_getCoefficients(SWS_CS_ITU709);
    sws_setColorspaceDetails(meter->scaler, table, frame->color_range == AVCOL_RANGE_JPEG, table, 1, 0,
                             1 << 16, 1 << 16);
    meter->from_width = frame->width;
    meter->from_height = frame->height;
    meter->from_format = frame->format;
    return true;
}

static double sharpness(const struct luma_meter *meter)
{
    const int width = meter->width, height = meter->height;
    if (width < 3 || height < 3) return 0;
    int64_t sum = 0;
    for (int y = 1; y < height - 1; y++) {
        const uint8_t *const row = meter->grey + y * width;
        for (int x = 1; x < width - 1; x++)
            sum += abs(4 * row[x] - row[x - 1] - row[x + 1] - row[x - width] - row[x + width]);
    }
    return (double)sum / ((double)(width - 2) * (height - 2) * 4);
}

static void read_histogram(const struct luma_meter *meter, struct luma *out)
{
    const int pixels = meter->width * meter->height;
    int count[256] = { 0 }, above = 0, exposed = 0;
    int64_t sum = 0;
    for (int i = 0; i < pixels; i++) count[meter->grey[i]]++;
    for (int level = 0; level < 256; level++) sum += (int64_t)level * count[level];
    for (int level = BLACK + 1; level < BURNT; level++) exposed += count[level];
    out->mean = (double)sum / pixels;
    out->exposed = (double)exposed / pixels;
    for (out->peak = 255; out->peak > 0 && above + count[out->peak] <= pixels / 1000; out->peak--)
        above += count[out->peak];
}

bool luma_measure(struct luma_meter *meter, const AVFrame *frame, struct luma *out, struct error *err)
{
    if (!adapt(meter, frame, err)) return false;
    const int stride = meter->width;
    const int step = meter->row_step;
    const int strides[4] = { frame->linesize[0] * step, frame->linesize[1] * step, frame->linesize[2] * step,
                             frame->linesize[3] * step };
    const int rows = sws_scale(meter->scaler, (const uint8_t *const *)frame->data, strides, 0,
                               frame->height / step, &meter->grey, &stride);
    if (rows != meter->height)
        return fail(err, CAUSE_BAD_MEDIA, "a picture of the video cannot be converted");
    read_histogram(meter, out);
    out->sharpness = sharpness(meter);
    return true;
}

void luma_meter_close(struct luma_meter *meter)
{
    sws_freeContext(meter->scaler);
    free(meter->grey);
    *meter = (struct luma_meter){ 0 };
}
