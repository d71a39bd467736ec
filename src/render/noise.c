#include "render/noise.h"

#include "render/vec.h"

uint32_t hash_mix(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ (x >> 16);
}

uint32_t hash_at(uint32_t seed, int32_t x, int32_t y)
{
    uint32_t h = seed ^ ((uint32_t)x * 0x9e3779b1U) ^ ((uint32_t)y * 0x85ebca77U);
    h ^= h >> 15;
    h *= 0x2c1b3c6dU;
    h ^= h >> 12;
    h *= 0x297a2d39U;
    return h ^ (h >> 15);
}

uint64_t hash_text(uint64_t seed, const char *text)
{
    uint64_t h = 0xcbf29ce484222325ULL ^ seed;
    for (; *text; text++) h = (h ^ (unsigned char)*text) * 0x100000001b3ULL;
    return h ^ (h >> 29);
}

float chance(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return (float)((z ^ (z >> 31)) >> 40) * (1.0f / 16777216.0f);
}

/* One of sixteen gradients of length 1 and the dot product with the offset from its lattice point. */
static inline float gradient(uint32_t h, float x, float y)
{
    static const float way[16][2] = {
        { 1, 0 },          { .924f, .383f },   { .707f, .707f },   { .383f, .924f },
        { 0, 1 },          { -.383f, .924f },  { -.707f, .707f },  { -.924f, .383f },
        { -1, 0 },         { -.924f, -.383f }, { -.707f, -.707f }, { -.383f, -.924f },
        { 0, -1 },         { .383f, -.924f },  { .707f, -.707f },  { .924f, -.383f },
    };
    return way[h & 15][0] * x + way[h & 15][1] * y;
}

float noise(uint32_t seed, float x, float y)
{
    const int32_t ix = floori(x), iy = floori(y);
    const float fx = x - (float)ix, fy = y - (float)iy;
    const float sx = fx * fx * fx * (fx * (fx * 6 - 15) + 10), sy = fy * fy * fy * (fy * (fy * 6 - 15) + 10);
    const float a = gradient(hash_at(seed, ix, iy), fx, fy);
    const float b = gradient(hash_at(seed, ix + 1, iy), fx - 1, fy);
    const float c = gradient(hash_at(seed, ix, iy + 1), fx, fy - 1);
    const float d = gradient(hash_at(seed, ix + 1, iy + 1), fx - 1, fy - 1);
    const float top = a + (b - a) * sx, low = c + (d - c) * sx;
    return (top + (low - top) * sy) * 1.5f;
}

/* Each octave turns by about 37 degrees so that lattices never line up. */
static inline void turn(float *x, float *y)
{
    const float tx = 1.6f * *x + 1.2f * *y, ty = -1.2f * *x + 1.6f * *y;
    *x = tx + 17.3f;
    *y = ty - 9.1f;
}

float noise_fbm(uint32_t seed, float x, float y, int octaves)
{
    float sum = 0, weight = 0.5f;
    for (int i = 0; i < octaves; i++, weight *= 0.5f) {
        sum += weight * noise(seed + (uint32_t)i, x, y);
        turn(&x, &y);
    }
    return sum;
}

float noise_ridge(uint32_t seed, float x, float y, int octaves)
{
    float sum = 0, weight = 0.55f, carry = 1;
    for (int i = 0; i < octaves; i++, weight *= 0.5f) {
        const float n = 1 - fabsf(noise(seed + (uint32_t)i, x, y));
        const float crest = n * n * carry;
        sum += weight * crest;
        carry = crest < 0.5f ? crest * 1.6f : 0.8f;
        turn(&x, &y);
    }
    return sum > 1 ? 1 : sum;
}
