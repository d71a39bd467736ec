/* How a frame looks to the eye in three numbers, measured on a small grey copy. Users of this header speak
 * libav. */
#pragma once

#include "base/error.h"

#include <libavutil/frame.h>

struct SwsContext;

/* A frame whose `peak` is not above this is black: noise and grain on black stay below it, a night sky with
 * stars does not. */
enum { LUMA_BLACK_PEAK = 12 };

/* All from 0 (black) to 255 (white), whatever range and depth the video has. */
struct luma {
    double mean;
    int peak;         /* only one pixel in a thousand is brighter */
    double sharpness; /* mean absolute second difference: near 0 for an even or blurred picture */
    double exposed;   /* share of pixels that are neither black nor burnt out, 0..1 */
};

struct luma_meter {
    struct SwsContext *scaler;
    uint8_t *grey;
    int width, height;
    int row_step; /* of a large frame only every so many rows are read */
    int from_width, from_height, from_format;
};

/* The zero value is a meter at rest. It adapts itself to the frame's size and format. */
bool luma_measure(struct luma_meter *meter, const AVFrame *frame, struct luma *out,
                  struct error *err) MUST_USE;

void luma_meter_close(struct luma_meter *meter);

static inline void luma_meter_cleanup(struct luma_meter *meter) { luma_meter_close(meter); }
