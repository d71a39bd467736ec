/* Kinds of land: how high the ground is and what it is made of. One row each. */
#pragma once

#include "base/scope.h"
#include "render/vec.h"

enum water { WATER_NONE, WATER_LAKE, WATER_SEA };
enum tree { TREE_NONE, TREE_CONIFER, TREE_LEAF, TREE_PALM, TREE_BARE };

struct land {
    const char *name;
    float relief_m, relief_scale_m; /* the mountains behind */
    float ridge;                    /* 0 = rounded, 1 = sharp crests */
    float steps;                    /* 0..1: terraces like a canyon's */
    float roll_m, roll_scale_m;     /* hills around the subject */
    float near;                     /* where the relief begins, in subject distances */
    enum water water;
    vec4 low, soil, rock, top; /* albedo: flat ground, variation of it, steep ground, summits */
    float top_m;               /* height where summits begin */
    enum tree tree;
    int trees;
    int houses; /* blocks of a town around */
};

extern const struct land lands[];
extern const size_t land_count;

struct ground {
    const struct land *land;
    uint32_t seed;
    float unit_m;  /* distance of camera and subject */
    float mound_m; /* the subject stands on this */
};

/* Height over the water line at a place. `cell_m` is the distance to the next sample: finer detail is left
 * out. */
float land_height(const struct ground *ground, float x, float y, float cell_m);

/* What the ground reflects there, given its height and slope (0 = flat, 1 = upright). */
vec4 land_albedo(const struct ground *ground, float x, float y, float height, float slope, float cell_m);
