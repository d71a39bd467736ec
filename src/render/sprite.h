/* Pictures of single things, painted by rule: round shapes carry their normals, so that the sun of the scene
 * lights them from where it stands. */
#pragma once

#include "base/scope.h"
#include "render/vec.h"

enum sprite {
    SPRITE_LIGHTHOUSE,
    SPRITE_PERSON,
    SPRITE_CONIFER,
    SPRITE_LEAF,
    SPRITE_PALM,
    SPRITE_BARE,
    SPRITE_GRASS,
    SPRITE_COUNT
};
enum { SPRITE_WIDE = 64, SPRITE_HIGH = 128, SPRITE_SIZES = 4 };

/* Every value is premultiplied by the cover. */
struct texel {
    vec4 color; /* albedo; w: cover 0..1 */
    vec4 face;  /* x: normal to the right, y: up, z: toward the viewer; w: light of its own */
};

/* SPRITE_SIZES pictures, each half of the one before, in one block; NULL without memory. */
struct texel *sprite_new(enum sprite kind, uint32_t seed) MUST_USE;

/* Start of the picture `size` (0 = largest) in a block. */
static inline const struct texel *sprite_size(const struct texel *block, int size)
{
    for (int i = 0; i < size; i++) block += (SPRITE_WIDE >> i) * (SPRITE_HIGH >> i);
    return block;
}
