#include "render/sprite.h"

#include "render/noise.h"

#include <stdlib.h>

/* What is at a point: `u` -1..1 from left to right, `t` 0..1 from the foot up; a sprite is twice as high as
 * wide, so one unit of u is a quarter of the height. */
struct spot {
    float cover;
    vec4 albedo;
    float side, up; /* normal */
    float lamp;
};

static struct spot solid(vec4 albedo, float side, float up)
{
    return (struct spot){ 1, albedo, clampf(side, -1, 1), up, 0 };
}
static const struct spot nothing = { 0 };

static struct spot lighthouse(float u, float t, uint32_t seed)
{
    (void)seed;
    const vec4 white = rgb(0.78f, 0.76f, 0.72f), red = rgb(0.52f, 0.06f, 0.05f),
               dark = rgb(0.06f, 0.06f, 0.07f);
    const float width = t < 0.74f    ? mixf(0.50f, 0.29f, powf(t / 0.74f, 0.8f))
                        : t < 0.765f ? 0.42f
                        : t < 0.885f ? 0.20f
                        : t < 0.905f ? 0.27f
                        : t < 0.97f  ? 0.25f * sqrtf(maxf(0, 1 - (t - 0.905f) / 0.065f))
                                     : 0.02f;
    const float x = u / width;
    if (fabsf(x) > 1) {
        const bool rail = t >= 0.765f && t < 0.80f && fabsf(u) < 0.42f;
        return rail && (t > 0.793f || (int)((u + 2) * 24) % 2 == 0) ? solid(dark, u * 2, 0) : nothing;
    }
    if (t >= 0.765f && t < 0.885f) {
        struct spot glass = solid(rgb(0.25f, 0.24f, 0.2f), x, 0);
        glass.lamp = fabsf(x) > 0.9f || (int)((x + 2) * 4) % 4 == 0 ? 0.25f : 1;
        return glass;
    }
    if (t >= 0.885f) return solid(red * splat(0.7f), x, 0.3f);
    if (t >= 0.74f) return solid(dark, x, 0.2f);
    const bool window = fabsf(u) < 0.045f && t > 0.12f && fmodf(t - 0.08f, 0.2f) < 0.035f;
    if (window) return solid(dark, x, 0);
    return solid((int)(t / 0.148f) % 2 ? red : white, x, 0.05f);
}

/* Distance to a line from (ax, ay) to (bx, by) with a thickness at each end; negative inside. */
static float limb(float x, float y, float ax, float ay, float bx, float by, float ra, float rb)
{
    const float dx = bx - ax, dy = by - ay;
    const float along = clampf(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy + 1e-9f), 0, 1);
    const float ox = x - ax - dx * along, oy = y - ay - dy * along;
    return sqrtf(ox * ox + oy * oy) - mixf(ra, rb, along);
}

/* A figure in a long coat, seen from behind, weight on one leg. */
static struct spot person(float u, float t, uint32_t seed)
{
    const float x = u, y = t * 4;
    float out = limb(x, y, 0.13f, 1.7f, 0.17f, 0.05f, 0.15f, 0.09f);
    out = minf(out, limb(x, y, -0.12f, 1.7f, -0.19f, 0.05f, 0.15f, 0.09f));
    const float coat = limb(x, y, 0, 2.9f, 0.0f, 1.35f, 0.30f, 0.36f);
    out = minf(out, minf(coat, limb(x, y, 0, 3.05f, 0, 2.6f, 0.34f, 0.30f)));
    out = minf(out, limb(x, y, 0.34f, 2.98f, 0.43f, 2.0f, 0.13f, 0.09f));
    out = minf(out, limb(x, y, -0.34f, 2.98f, -0.45f, 2.05f, 0.13f, 0.09f));
    const float head = limb(x, y, 0.01f, 3.66f, 0.01f, 3.56f, 0.21f, 0.19f);
    out = minf(out, minf(head, limb(x, y, 0, 3.4f, 0, 3.2f, 0.1f, 0.12f)));
    if (out > 0) return nothing;
    const bool dark = (seed & 1) != 0;
    vec4 color = dark ? rgb(0.05f, 0.055f, 0.08f) : rgb(0.30f, 0.055f, 0.05f);
    if (y < 1.2f) color = rgb(0.04f, 0.04f, 0.05f);
    if (head < 0) color = y > 3.5f ? rgb(0.045f, 0.03f, 0.02f) : rgb(0.30f, 0.19f, 0.14f);
    return solid(color, x / 0.42f, 0.15f);
}

static struct spot conifer(float u, float t, uint32_t seed)
{
    if (t < 0.09f) return fabsf(u) < 0.05f ? solid(rgb(0.07f, 0.05f, 0.035f), u / 0.05f, 0) : nothing;
    const float tier = (t - 0.07f) * 11, drop = tier - floorf(tier);
    const float ragged = 0.55f * noise(seed, u * 9, t * 22) + 0.35f * noise(seed + 1, u * 26, t * 55);
    const float width = (1 - t) * 0.62f * (1.22f - 0.5f * drop) + 0.13f * ragged * (1.15f - t);
    if (fabsf(u) > width) return nothing;
    const float tone = 0.75f + 0.5f * noise(seed + 2, u * 14, t * 30) - 0.35f * drop;
    return solid(rgb(0.045f, 0.085f, 0.04f) * splat(maxf(tone, 0.2f)), u / (width + 0.02f),
                 0.45f - 0.4f * drop);
}

static struct spot leaf(float u, float t, uint32_t seed)
{
    const float trunk = 0.075f - 0.05f * t + 0.06f * maxf(0, 0.08f - t);
    float best = -1, side = 0, up = 0;
    for (uint32_t i = 0; i < 14; i++) {
        const uint32_t h = hash_at(seed, (int32_t)i, 3);
        const float angle = (float)(h & 255) * (2 * PI_F / 256), out = (float)((h >> 8) & 255) / 255;
        const float cx = 0.56f * sqrtf(out) * cosf(angle), cy = 0.63f + 0.17f * sqrtf(out) * sinf(angle);
        const float radius = 0.24f + 0.12f * (float)((h >> 16) & 255) / 255;
        const float dx = (u - cx) / radius, dy = (t - cy) * 4 / radius * 0.72f;
        const float edge = 0.5f * noise(seed, u * 9, t * 30) + 0.35f * noise(seed + 1, u * 24, t * 80);
        const float in = 1 + edge * 0.75f - dx * dx - dy * dy;
        if (in > best && in > 0) best = in, side = dx, up = dy;
    }
    if (best > 0) {
        const float tone = 0.7f + 0.5f * noise(seed + 2, u * 16, t * 50) + 0.3f * up;
        return solid(rgb(0.10f, 0.15f, 0.035f) * splat(maxf(tone, 0.15f)), side * 0.8f, 0.35f + 0.5f * up);
    }
    if (t < 0.6f && fabsf(u) < trunk) return solid(rgb(0.09f, 0.065f, 0.045f), u / trunk, 0);
    return nothing;
}

static struct spot palm(float u, float t, uint32_t seed)
{
    const float lean = 0.16f * t * t;
    float out = fabsf(u - lean) - 0.035f;
    if (t < 0.8f && out < 0) return solid(rgb(0.14f, 0.10f, 0.06f), (u - lean) / 0.035f, 0);
    for (uint32_t i = 0; i < 9; i++) {
        const float way =
            -0.35f + (float)i * (2 * PI_F / 9) + (float)(hash_at(seed, (int32_t)i, 1) & 7) * 0.03f;
        const float x = (u - lean) * 1.0f, y = (t - 0.8f) * 4, far = x * cosf(way) + y * sinf(way);
        const float off = fabsf(-x * sinf(way) + y * cosf(way) + 0.35f * far * far * cosf(way));
        if (far > 0 && far < 0.85f && off < 0.09f * (1 - far) + 0.03f * noise(seed, far * 40, (float)i))
            return solid(rgb(0.07f, 0.12f, 0.035f), cosf(way) * 0.6f, 0.5f);
    }
    return nothing;
}

/* A dead tree: three generations of forked limbs. */
static struct spot bare(float u, float t, uint32_t seed)
{
    const float x = u, y = t * 4;
    float out = limb(x, y, 0, 0, 0.05f, 1.9f, 0.11f, 0.07f);
    for (int i = 0; i < 5; i++) {
        const float r = (float)(hash_at(seed, i, 9) & 255) / 255, way = -1.1f + 0.55f * (float)i + 0.3f * r;
        const float sx = 0.04f, sy = 1.2f + 0.17f * (float)i, bx = sx + sinf(way) * 0.7f,
                    by = sy + cosf(way) * 1.1f;
        out = minf(out, limb(x, y, sx, sy, bx, by, 0.055f, 0.025f));
        out = minf(out, limb(x, y, bx, by, bx + sinf(way - 0.6f) * 0.3f, by + 0.55f, 0.024f, 0.008f));
        out = minf(out, limb(x, y, mixf(sx, bx, 0.6f), mixf(sy, by, 0.6f), bx + sinf(way + 0.7f) * 0.25f,
                             by + 0.3f, 0.02f, 0.008f));
    }
    return out < 0 ? solid(rgb(0.10f, 0.08f, 0.065f), u * 6, 0.1f) : nothing;
}

static struct spot grass(float u, float t, uint32_t seed)
{
    for (int i = 0; i < 26; i++) {
        const uint32_t h = hash_at(seed, i, 5);
        const float foot = ((float)(h & 255) / 255 - 0.5f) * 1.1f,
                    tall = 0.35f + 0.6f * (float)((h >> 8) & 255) / 255;
        const float bend = ((float)((h >> 16) & 255) / 255 - 0.5f) * 0.9f, s = t / tall;
        if (s > 1) continue;
        if (fabsf(u - foot - bend * s * s) < 0.022f * (1 - s))
            return solid(rgb(0.13f, 0.15f, 0.05f) * splat(0.5f + 0.7f * s), bend, 0.5f);
    }
    return nothing;
}

static struct spot (*const painters[SPRITE_COUNT])(float u, float t, uint32_t seed) = {
    [SPRITE_LIGHTHOUSE] = lighthouse,
    [SPRITE_PERSON] = person,
    [SPRITE_CONIFER] = conifer,
    [SPRITE_LEAF] = leaf,
    [SPRITE_PALM] = palm,
    [SPRITE_BARE] = bare,
    [SPRITE_GRASS] = grass,
};

static void add_spot(struct texel *texel, struct spot spot, float weight)
{
    const float cover = spot.cover * weight;
    const float toward = sqrtf(maxf(0, 1 - spot.side * spot.side - spot.up * spot.up));
    texel->color += spot.albedo * splat(cover) + (vec4){ 0, 0, 0, cover };
    texel->face += (vec4){ spot.side, spot.up, toward, spot.lamp } * splat(cover);
}

struct texel *sprite_new(enum sprite kind, uint32_t seed)
{
    struct texel *block = calloc(SPRITE_WIDE * SPRITE_HIGH * 3 / 2, sizeof *block), *from = block;
    if (!block) return NULL;
    for (int y = 0; y < SPRITE_HIGH; y++)
        for (int x = 0; x < SPRITE_WIDE; x++)
            for (int k = 0; k < 9; k++) {
                const float u = ((float)x + ((float)(k % 3) + 0.5f) / 3) / SPRITE_WIDE * 2 - 1;
                const float t = 1 - ((float)y + ((float)(k / 3) + 0.5f) / 3) / SPRITE_HIGH;
                add_spot(&block[y * SPRITE_WIDE + x], painters[kind](u, t, seed), 1.0f / 9);
            }
    for (int size = 1; size < SPRITE_SIZES; size++) {
        const int wide = SPRITE_WIDE >> size, high = SPRITE_HIGH >> size;
        struct texel *to = from + 4 * wide * high;
        for (int i = 0; i < wide * high; i++) {
            const struct texel *at = from + (i / wide * 2) * (2 * wide) + i % wide * 2;
            to[i].color =
                (at[0].color + at[1].color + at[2 * wide].color + at[2 * wide + 1].color) * splat(0.25f);
            to[i].face = (at[0].face + at[1].face + at[2 * wide].face + at[2 * wide + 1].face) * splat(0.25f);
        }
        from = to;
    }
    return block;
}
