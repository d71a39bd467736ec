/* From linear light to graded video: glow, tint, saturation, film curve, BT.709 Y'CbCr, in one pass over the
 * canvas. */
#pragma once

#include "render/canvas.h"
#include "render/grade.h"
#include "render/light.h"
#include "render/team.h"

enum { CURVE_SIZE = 4096 };

/* Tables made once per shot: the curve of each channel, already multiplied by its share of Y', Cb and Cr. The
 * index is the logarithm of linear light from 2^-12 to 2^4, 256 steps to the stop: the top bits of the float.
 */
struct tone {
    const struct grade *grade;
    const struct light *light;
    int16_t *curves[3]; /* CURVE_SIZE times Y', Cb, Cr * 64 and nothing */
    float *glow;        /* the glow of the canvas at 1/8 of its size, vec4 items */
    size_t glow_capacity;
};

/* Exposed as the lighting has it. */
bool tone_open(struct tone *tone, const struct grade *grade, const struct light *light,
               size_t canvas_capacity, struct error *err) MUST_USE;

/* Makes the tables for another exposure: a factor on linear light. */
void tone_expose(struct tone *tone, float exposure);
void tone_close(struct tone *tone);

/* Fills canvas->luma and canvas->chroma. `pulse` is the brightness of the moment; `centre` and `spread` are
 * the canvas coordinates of the frame's middle and half width, for lamps from the sides. */
void tone_apply(struct tone *tone, struct canvas *canvas, float pulse, float centre, float spread,
                struct team *team);
