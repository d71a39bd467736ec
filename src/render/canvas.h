/* The picture before the lens: linear light on a grid that a camera turn does not change.
 *
 * A panorama's columns are azimuths and its rows the tangent of the elevation, so that every column is one
 * vertical plane through the eye. A flat canvas is an ordinary picture plane looking along +y. The lens
 * (lens.h) bends either into the frame. Pixels hold linear colour and in w nearness: unit distance /
 * distance, 0 at infinity. */
#pragma once

#include "base/error.h"
#include "render/vec.h"

enum projection { PROJECTION_PANORAMA, PROJECTION_FLAT };

struct canvas {
    enum projection projection;
    vec4 *light;
    size_t capacity; /* pixels that fit in `light` and the planes below */
    int wide, high;
    int across, down; /* distance in items from a pixel to the one right of it and below it */
    float left, top;  /* coordinates of the centre of the first pixel: azimuth or x, and v growing upward */
    float step, per;  /* coordinates per pixel, both ways, and pixels per coordinate */
    int16_t *luma;    /* graded picture, rows of `wide`: Y' * 64 */
    int16_t *chroma;  /* pairs Cb, Cr * 64 */
};

bool canvas_open(struct canvas *canvas, enum projection projection, size_t capacity,
                 struct error *err) MUST_USE;
void canvas_close(struct canvas *canvas);

/* Chooses the grid that covers the rectangle with about the given step; coarser when it would not fit. */
void canvas_fit(struct canvas *canvas, float left, float right, float low, float high, float step);
