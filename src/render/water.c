#include "render/water.h"

/* One layer of waves: slopes along x and y of a tile `1 / per` metres wide, somewhere on it. */
static inline vec4 slopes(const vec4 *waves, float x, float y, float per)
{
    const float gx = x * (per * WAVE_SIDE), gy = y * (per * WAVE_SIDE);
    const int ix = floori(gx), iy = floori(gy);
    const vec4 *at = waves + (iy & (WAVE_SIDE - 1)) * (WAVE_SIDE + 1) + (ix & (WAVE_SIDE - 1));
    return bilinear(at, WAVE_SIDE + 1, gx - (float)ix, gy - (float)iy);
}

struct surface {
    float dx, dy; /* the way the column looks */
    float time;
    float strength; /* slope of the waves */
    float sun_tan;  /* tangent of the sun's elevation */
    float sun_side; /* azimuth from the column to the sun */
    vec4 glitter, deep;
};

/* Slope of the water at a distance, along and across the view; fades where waves are smaller than pixels. */
static inline void slope_at(const struct view *view, const struct surface *surface, float far, float *along,
                            float *across)
{
    const float x = view->eye.x + surface->dx * far, y = view->eye.y + surface->dy * far, t = surface->time;
    const vec4 big = slopes(view->world->waves, x + 1.1f * t, y - 2.1f * t, 1.0f / 46);
    const vec4 small = slopes(view->world->waves, y * 0.8f + 0.9f * t, x * 0.8f + 0.6f * t, 1.0f / 13);
    const float fade_big = 1 / (1 + far * far * (1.0f / (420 * 420)));
    const float fade_small = 0.7f / (1 + far * far * (1.0f / (120 * 120)));
    const float wx = surface->strength * (big[0] * fade_big + small[1] * fade_small);
    const float wy = surface->strength * (big[1] * fade_big + small[0] * fade_small);
    *along = wx * surface->dx + wy * surface->dy;
    *across = wx * surface->dy - wy * surface->dx;
}

static inline vec4 mirrored(const struct view *view, const struct column *column, const vec4 *pixels, float v)
{
    const struct canvas *canvas = view->canvas;
    const float row = (canvas->top - v) * canvas->per;
    if (row >= 0 && row < (float)(canvas->high - 1)) {
        const int i = (int)row;
        return mix4(pixels[i], pixels[i + 1], row - (float)i);
    }
    const float elevation = v * (1.5707963f / (1 + v * 0.55f)) * 0.64f; /* near enough to atan for a mirror */
    const float y = clampf(elevation / SKY_TOP * SKY_HIGH - 0.5f, 0, SKY_HIGH - 1.001f);
    return mix4(column->sky[(int)y], column->sky[(int)y + 1], y - (float)(int)y);
}

/* What changes slowly from row to row. */
struct ripple {
    float along, across, through;
};

static inline struct ripple ripple_at(const struct view *view, const struct surface *surface, float v)
{
    const float far = -view->eye.z / v, t = far * view->world->air.fog;
    struct ripple ripple;
    slope_at(view, surface, far, &ripple.along, &ripple.across);
    ripple.through = 1 / (1 + t * (1 + t * (0.5f + 0.167f * t)));
    return ripple;
}

static inline vec4 water_at(const struct view *view, const struct column *column,
                            const struct surface *surface, const vec4 *pixels, float v,
                            const struct ripple *ripple)
{
    const float steep = -v, facing = minf(steep + 0.55f * fabsf(ripple->along) + 0.02f, 1);
    const float miss = 1 - facing * (1 - 0.29f * facing * facing), miss2 = miss * miss;
    const float fresnel = 0.03f + 0.97f * miss2 * miss2 * miss;
    const float up = maxf(steep + 2 * ripple->along, 0.004f + 0.3f * steep);
    vec4 color = mix4(surface->deep, mirrored(view, column, pixels, up), fresnel);
    const float dv = (up - surface->sun_tan) * 5, du = (surface->sun_side + 1.6f * ripple->across) * 7;
    const float q = 1 + dv * dv + du * du, spark = 1 / (q * q);
    color += surface->glitter * splat(spark * spark * (0.3f + 0.7f * fresnel));
    color = mix4(column->haze, color, ripple->through);
    color[3] = view->world->ground.unit_m * steep / view->eye.z;
    return color;
}

static inline float water_v(const struct canvas *canvas, int y)
{
    return minf(canvas->top - (float)y * canvas->step, -0.0004f);
}

/* One stretch; the ripples of odd rows are halfway between their neighbours'. */
static inline void stretch_draw(const struct view *view, const struct column *column,
                                const struct surface *surface, const struct stretch_of_water *water,
                                vec4 *pixels)
{
    const struct canvas *canvas = view->canvas;
    const int first = clampi((int)water->high, 0, canvas->high - 1);
    const int last = clampi((int)ceilf(water->low) - 1, 0, canvas->high - 1);
    struct ripple next = ripple_at(view, surface, water_v(canvas, first & ~1)), here = next;
    for (int y = first & ~1; y <= last; y++) {
        if (y % 2 == 0) {
            here = next;
            next = ripple_at(view, surface, water_v(canvas, y + 2));
        } else {
            here = (struct ripple){ 0.5f * (here.along + next.along), 0.5f * (here.across + next.across),
                                    0.5f * (here.through + next.through) };
        }
        const float cover = minf(water->low, (float)y + 1) - maxf(water->high, (float)y);
        if (cover > 0)
            pixels[y] +=
                water_at(view, column, surface, pixels, water_v(canvas, y), &here) * splat(minf(cover, 1));
    }
}

__attribute__((flatten, target_clones("avx2", "default"))) void
water_draw(const struct view *view, const struct column *column, vec4 *pixels)
{
    if (column->waters == 0) return;
    const struct air *air = &view->world->air;
    const struct surface surface = {
        .dx = sinf(column->azimuth),
        .dy = cosf(column->azimuth),
        .time = (float)view->time_s,
        .strength = 0.16f * air->waves,
        .sun_tan = tanf(air->sun_elevation),
        .sun_side = column->azimuth - air->sun_azimuth,
        .glitter = air->sunlight * splat(1.6f),
        .deep = air->skylight * rgb(0.05f, 0.10f, 0.11f) + air->sunlight * rgb(0.006f, 0.014f, 0.016f),
    };
    for (int i = column->waters - 1; i >= 0; i--)
        stretch_draw(view, column, &surface, &column->water[i], pixels);
}
