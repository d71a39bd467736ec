/* Things that stand on the ground: sprites that face the camera (trees, people, round towers), blocks with
 * walls and roofs, and the gate a camera passes through. stand.h draws them. */
#pragma once

#include "render/brief.h"
#include "render/sprite.h"

enum shape { SHAPE_SPRITE, SHAPE_BLOCK, SHAPE_GATE };

struct prop {
    enum shape shape;
    enum sprite sprite;
    float x, y, z;       /* the foot */
    float width, height; /* metres; a block is `width` along its own x, a gate's opening has radius `width` */
    float depth, turn;   /* a block along its own y, and its rotation */
    float roof;          /* rise of a gable over the height, 0 = flat */
    float lamps;         /* part of a block's windows that shine */
    vec4 color;          /* albedo of walls, tint of sprites */
    vec4 cap;            /* albedo of a roof */
    uint32_t seed;
};

struct props {
    struct prop *at;
    int count;
    struct texel *sprites[SPRITE_COUNT]; /* NULL when none is used */
};

struct world;

/* Fills world->props; false without memory. `gate` puts a gate into the path of the camera, `tufts` tall
 * grass close to the lens whatever the land. */
bool props_place(struct world *world, bool gate, bool tufts) MUST_USE;
void props_clear(struct props *props);
