/* Small vectors and the few curves every part of the renderer uses.
 *
 * A vec4 is one SIMD register: linear-light red, green, blue and a fourth value the owner names. World space
 * is metres, x to the right of the opening view, y away from it, z up. Angles are radians unless a name says
 * deg. */
#pragma once

#include <math.h>
#include <stdint.h>

#define PI_F 3.14159265f

typedef float vec4 __attribute__((vector_size(16)));
typedef int32_t vec4i __attribute__((vector_size(16)));

struct vec3 {
    float x, y, z;
};

static inline float clampf(float x, float lo, float hi) { return x < lo ? lo : x > hi ? hi : x; }
static inline int clampi(int x, int lo, int hi) { return x < lo ? lo : x > hi ? hi : x; }
static inline float minf(float a, float b) { return a < b ? a : b; }
static inline float maxf(float a, float b) { return a > b ? a : b; }

/* The whole number at or below; for |x| < 2^31. */
static inline int floori(float x)
{
    const int whole = (int)x;
    return whole - (x < (float)whole);
}
static inline float mixf(float a, float b, float t) { return a + (b - a) * t; }
static inline float radians(float deg) { return deg * (PI_F / 180.0f); }

/* 0 below `a`, 1 above `b`, a cubic between; `a` may be greater than `b` for a falling step. */
static inline float smoothf(float a, float b, float x)
{
    const float t = clampf((x - a) / (b - a), 0, 1);
    return t * t * (3 - 2 * t);
}

static inline vec4 splat(float x) { return (vec4){ x, x, x, x }; }
static inline vec4 rgb(float r, float g, float b) { return (vec4){ r, g, b, 0 }; }
static inline vec4 mix4(vec4 a, vec4 b, float t) { return a + (b - a) * splat(t); }
static inline float luma4(vec4 c) { return 0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2]; }

/* Lane by lane. */
static inline vec4 min4(vec4 a, vec4 b)
{
    const vec4i less = a < b;
    return (vec4)(((vec4i)a & less) | ((vec4i)b & ~less));
}
static inline vec4 max4(vec4 a, vec4 b)
{
    const vec4i more = a > b;
    return (vec4)(((vec4i)a & more) | ((vec4i)b & ~more));
}

/* Bilinear mix of four neighbours: `at` is the upper left, `row` the distance to the row below in items. */
static inline vec4 bilinear(const vec4 *at, long row, float fx, float fy)
{
    const vec4 x = splat(fx);
    const vec4 top = at[0] + (at[1] - at[0]) * x;
    const vec4 low = at[row] + (at[row + 1] - at[row]) * x;
    return top + (low - top) * splat(fy);
}

static inline struct vec3 add3(struct vec3 a, struct vec3 b)
{
    return (struct vec3){ a.x + b.x, a.y + b.y, a.z + b.z };
}
static inline struct vec3 scale3(struct vec3 a, float by)
{
    return (struct vec3){ a.x * by, a.y * by, a.z * by };
}
static inline float dot3(struct vec3 a, struct vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline struct vec3 unit3(struct vec3 a) { return scale3(a, 1 / sqrtf(dot3(a, a) + 1e-20f)); }

/* The unit direction of an azimuth (0 = +y, growing to the right) and an elevation. */
static inline struct vec3 direction(float azimuth, float elevation)
{
    const float flat = cosf(elevation);
    return (struct vec3){ sinf(azimuth) * flat, cosf(azimuth) * flat, sinf(elevation) };
}
