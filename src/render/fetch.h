/* Reads a graded canvas along a line of the frame, between pixels.
 *
 * A line comes as nodes: canvas positions in pixels at the left edge of frame pixels 0, NODE, 2 NODE, ...
 * and one past the last. Between nodes positions lie on straight lines. Every result is made with whole
 * numbers, so all processors agree on it. */
#pragma once

#include "render/canvas.h"

enum { NODE = 16, WIDE_MOST = 4096, NODES_MOST = WIDE_MOST / NODE + 10 };

struct line {
    float u[NODES_MOST], v[NODES_MOST];
};

/* Luma of every frame pixel, Y' * 64, into `out`, which has room for a whole number of NODEs. */
void fetch_luma(const struct canvas *canvas, const struct line *line, int count, int16_t *out);

/* Adds luma, Cb and Cr * 64 of every second frame pixel, centred on pairs. `luma` may be NULL. */
void fetch_pairs(const struct canvas *canvas, const struct line *line, int count, int32_t *luma,
                 int32_t *blue, int32_t *red);
