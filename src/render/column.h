/* Draws a world as a panorama, one column at a time.
 *
 * A column is the vertical plane through the eye at one azimuth. Walking outward over the ground, each step
 * that rises above everything nearer is seen; its stretch of the column is filled with exact area coverage,
 * so ridges need no further smoothing. What remains above is sky; water is filled last because it mirrors the
 * rest. */
#pragma once

#include "render/canvas.h"
#include "render/stand.h"
#include "render/world.h"

enum { ROWS_MOST = 8192 };

struct view {
    const struct world *world;
    struct canvas *canvas;
    const struct stands *stands;
    struct vec3 eye;
    double time_s;   /* world time: waves, clouds, rain */
    float *sky_at;   /* per canvas row: row of the sky table; ROWS_MOST */
    float *cloud_at; /* and of the clouds, negative below the horizon */
};

/* Fills the per-row tables for the canvas as it is fitted now. */
void view_rows(struct view *view);

void column_draw(const struct view *view, int x);
