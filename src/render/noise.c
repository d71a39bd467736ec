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

static inline float quintic(float t) { return t * t * t * (t * (t * 6 - 15) + 10); }

typedef uint32_t vec4u __attribute__((vector_size(16)));

/* The four corners of a lattice cell at once: a random gradient each, its dot product with the way from the
 * corner, and a quintic blend of the four. */
static inline float noise_here(uint32_t seed, float x, float y)
{
    const int32_t ix = floori(x), iy = floori(y);
    const float fx = x - (float)ix, fy = y - (float)iy;
    const uint32_t hx = (uint32_t)ix * 0x9e3779b1U, hy = (uint32_t)iy * 0x85ebca77U ^ seed * 0x27d4eb2fU;
    const uint32_t ex = hx + 0x9e3779b1U, ey = ((uint32_t)iy + 1) * 0x85ebca77U ^ seed * 0x27d4eb2fU;
    vec4u h = { hx ^ hy, ex ^ hy, hx ^ ey, ex ^ ey };
    h ^= h >> 15;
    h *= 0x2c1b3c6dU;
    h ^= h >> 13;
    h *= 0x297a2d39U;
    h ^= h >> 16;
    const vec4 gx = __builtin_convertvector((vec4i)(h & 0xffff), vec4),
               gy = __builtin_convertvector((vec4i)(h >> 16), vec4);
    const vec4 dx = { fx, fx - 1, fx, fx - 1 }, dy = { fy, fy, fy - 1, fy - 1 };
    const vec4 dots = (gx - 32768.0f) * dx + (gy - 32768.0f) * dy;
    const float sx = quintic(fx), sy = quintic(fy);
    const float top = dots[0] + (dots[1] - dots[0]) * sx, low = dots[2] + (dots[3] - dots[2]) * sx;
    return (top + (low - top) * sy) * (1.85f / 32768);
}

#define FAST __attribute__((flatten, target_clones("avx2", "default")))

FAST float noise(uint32_t seed, float x, float y) { return noise_here(seed, x, y); }

/* Each octave turns by about 37 degrees so that lattices never line up. */
static inline void turn(float *x, float *y)
{
    const float tx = 1.6f * *x + 1.2f * *y, ty = -1.2f * *x + 1.6f * *y;
    *x = tx + 17.3f;
    *y = ty - 9.1f;
}

FAST float noise_fbm(uint32_t seed, float x, float y, int octaves)
{
    float sum = 0, weight = 0.5f;
    for (int i = 0; i < octaves; i++, weight *= 0.5f) {
        sum += weight * noise_here(seed + (uint32_t)i, x, y);
        turn(&x, &y);
    }
    return sum;
}

FAST float noise_ridge(uint32_t seed, float x, float y, int octaves)
{
    float sum = 0, weight = 0.55f, carry = 1;
    for (int i = 0; i < octaves; i++, weight *= 0.5f) {
        const float n = 1 - fabsf(noise_here(seed + (uint32_t)i, x, y));
        const float crest = n * n * carry;
        sum += weight * crest;
        carry = crest < 0.5f ? crest * 1.6f : 0.8f;
        turn(&x, &y);
    }
    return sum > 1 ? 1 : sum;
}
