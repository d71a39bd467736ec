/* The lens: bends the graded canvas into the frame with zoom, roll, fish-eye and the smear of an open
 * shutter, and lays grain and vignette over it. */
#pragma once

#include "render/canvas.h"
#include "render/render.h"
#include "render/team.h"

struct lens {
    int width, height; /* of the frame */
    float focal_px;
    float yaw, pitch, roll;
    float fisheye; /* 0 = rectilinear, 1 = angles keep their size */
};

struct finish {
    const int8_t *grain;  /* GRAIN_SIDE squared, standard deviation 32 */
    int grain_x, grain_y; /* where this frame's grain starts */
    float grain_steps;    /* standard deviation in 8 bit steps at middle grey */
    float vignette;       /* darkening of the corners, 0..1 */
};

enum { GRAIN_SIDE = 256, SMEAR_MOST = 20 };

/* Where a frame position (pixels, centre of the first = 0.5) lies on a canvas. */
void lens_map(const struct lens *lens, enum projection projection, float x, float y, float *u_out,
              float *v_out);

/* The rectangle of the canvas a lens sees: left, right, low, high. */
void lens_bounds(const struct lens *lens, enum projection projection, float bounds_out[4]);

/* Draws the frame seen by `lenses[0..count-1]`, moments of one exposure, averaged. */
void lens_draw(const struct canvas *canvas, const struct lens *lenses, int count, const struct finish *finish,
               struct team *team, const struct planes *out);

/* Fills GRAIN_SIDE squared values of film grain. */
void grain_bake(int8_t *grain, uint32_t seed);
