/* Colour grades: one row each, real transforms in the order lens glow, white balance and saturation in linear
 * light, tone curve, then lift, gamma and gain per channel with split toning, in display values.
 *
 * The tone map is documented at grade_curve(). */
#pragma once

#include "base/scope.h"

struct grade {
    const char *name;
    float gain[3];       /* multiplies linear light: white balance */
    float saturation;    /* of linear light, 1 = unchanged */
    float contrast;      /* slope of the curve at middle grey, 1 = unchanged */
    float lift;          /* where black ends up, display 0..1: a faded print has 0.04 */
    float shadows[3];    /* added to display values of dark tones */
    float highlights[3]; /* added to display values of light tones */
    float swirl;         /* mixes channels: 0 = none, 1 = full rotation to the next primary */
    float grain;         /* standard deviation in 8 bit steps at middle grey */
    float vignette;      /* darkening of the corners, 0..1 */
    float glow;          /* strength of the light spilling around highlights */
};

extern const struct grade grades[];
extern const size_t grade_count;

/* NULL when there is none of this name. */
const struct grade *grade_find(const char *name);

/* The film curve for one channel (0 red, 1 green, 2 blue): linear scene light, 0 and up, to display 0..1 with
 * the BT.709 camera curve applied. `more_contrast` multiplies the row's own. */
float grade_curve(const struct grade *grade, int channel, float linear, float more_contrast);
