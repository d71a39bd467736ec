/* The surface of lakes and the sea in a column of the panorama. */
#pragma once

#include "render/column.h"

enum { WATERS_MOST = 48 };

struct stretch_of_water {
    float low, high; /* row coordinates, low is nearer and larger */
    float far;       /* distance of its far end */
};

/* What the parts of a column share. */
struct column {
    float azimuth;
    bool wet;
    vec4 haze;
    vec4 sky[SKY_HIGH + 1]; /* smooth sky along this azimuth */
    struct stretch_of_water water[WATERS_MOST];
    int waters;
};

/* Fills the stretches of water; everything else in the column is already there to be mirrored. */
void water_draw(const struct view *view, const struct column *column, vec4 *pixels);
