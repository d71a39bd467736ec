/* Things that stand on the ground: sprites that face the camera (trees, people, round towers) and blocks with
 * walls and roofs. The column renderer cuts each with the vertical plane of a picture column. */
#pragma once

#include "render/brief.h"
#include "render/vec.h"

enum sprite { SPRITE_LIGHTHOUSE, SPRITE_PERSON, SPRITE_CONIFER, SPRITE_LEAF, SPRITE_PALM, SPRITE_BARE, SPRITE_GRASS,
              SPRITE_COUNT };
enum { SPRITE_WIDE = 96, SPRITE_HIGH = 192 };

/* Albedo premultiplied by cover; `side` and `up` point the surface; `lamp` shines by itself. */
struct texel {
    vec4 color; /* w: cover 0..1 */
    float side, up, lamp;
};

enum shape { SHAPE_SPRITE, SHAPE_BLOCK, SHAPE_GATE };

struct prop {
    enum shape shape;
    enum sprite sprite;
    float x, y, z;       /* the foot */
    float width, height; /* metres; a block is `width` along its own x */
    float depth, turn;   /* a block along its own y, and its rotation */
    float roof;          /* rise of a gable over the height */
    float shade;         /* sunlight that reaches it, 0..1 */
    vec4 color;
    uint32_t seed;
};

struct props {
    struct prop *at;
    int count;
    struct texel *sprites[SPRITE_COUNT]; /* NULL when none is used */
};

struct world;
bool props_place(struct world *world, bool gate) MUST_USE; /* false without memory */
void props_clear(struct props *props);
