#include "render/water.h"

#include <string.h>

/* Rows are done four at a time, a lane of a vector each. */
enum { LANES = 4 };

struct surface {
    float dx, dy; /* the way the column looks */
    float time;
    float strength; /* slope of the waves */
    float sun_tan;  /* tangent of the sun's elevation */
    float sun_side; /* azimuth from the column to the sun */
    vec4 glitter, deep;
};

static inline vec4 abs4(vec4 x) { return max4(x, -x); }

/* One layer of waves: slopes along x and y of a tile `1 / per` metres wide, somewhere on it. */
static inline void slopes(const float *waves, vec4 x, vec4 y, float per, vec4 *along_x, vec4 *along_y)
{
    const vec4 gx = x * (per * WAVE_SIDE), gy = y * (per * WAVE_SIDE);
    vec4i ix = __builtin_convertvector(gx, vec4i), iy = __builtin_convertvector(gy, vec4i);
    ix += gx < __builtin_convertvector(ix, vec4);
    iy += gy < __builtin_convertvector(iy, vec4);
    const vec4 fx = gx - __builtin_convertvector(ix, vec4), fy = gy - __builtin_convertvector(iy, vec4);
    const vec4i at = (iy & (WAVE_SIDE - 1)) * (WAVE_SIDE + 1) + (ix & (WAVE_SIDE - 1));
    for (int i = 0; i < LANES; i++) {
        vec4 top, low; /* two neighbours, two slopes each */
        memcpy(&top, waves + 2 * at[i], sizeof top);
        memcpy(&low, waves + 2 * (at[i] + WAVE_SIDE + 1), sizeof low);
        const vec4 here = mix4(top, low, fy[i]);
        (*along_x)[i] = here[0] + (here[2] - here[0]) * fx[i];
        (*along_y)[i] = here[1] + (here[3] - here[1]) * fx[i];
    }
}

/* What changes slowly from row to row: the slope of the water along and across the view, fading where waves
 * are smaller than pixels, and how clear the air before it is. */
struct ripples {
    vec4 along, across, through;
};

static inline struct ripples ripples_at(const struct view *view, const struct surface *surface, vec4 v)
{
    const vec4 far = -view->eye.z / v, haze = far * view->world->air.fog;
    const vec4 x = view->eye.x + surface->dx * far, y = view->eye.y + surface->dy * far;
    const float t = surface->time, *waves = view->world->waves;
    vec4 big_x, big_y, small_x, small_y;
    slopes(waves, x + 1.1f * t, y - 2.1f * t, 1.0f / 46, &big_x, &big_y);
    slopes(waves, y * 0.8f + 0.9f * t, x * 0.8f + 0.6f * t, 1.0f / 13, &small_x, &small_y);
    const vec4 fade_big = surface->strength / (1 + far * far * (1.0f / (420 * 420)));
    const vec4 fade_small = 0.7f * surface->strength / (1 + far * far * (1.0f / (120 * 120)));
    const vec4 wx = big_x * fade_big + small_y * fade_small, wy = big_y * fade_big + small_x * fade_small;
    return (struct ripples){ .along = wx * surface->dx + wy * surface->dy,
                             .across = wx * surface->dy - wy * surface->dx,
                             .through = 1 / (1 + haze * (1 + haze * (0.5f + 0.167f * haze))) };
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

/* Colours of LANES rows whose surface is tilted by `tilt`. */
static inline void water_at(const struct view *view, const struct column *column,
                            const struct surface *surface, const vec4 *pixels, vec4 v,
                            const struct ripples *tilt, vec4 out[LANES])
{
    const vec4 steep = -v, facing = min4(steep + 0.55f * abs4(tilt->along) + 0.02f, splat(1));
    const vec4 miss = 1 - facing * (1 - 0.29f * facing * facing), miss2 = miss * miss;
    const vec4 fresnel = 0.03f + 0.97f * miss2 * miss2 * miss;
    const vec4 up = max4(steep + 2 * tilt->along, 0.004f + 0.3f * steep);
    const vec4 dv = (up - surface->sun_tan) * 5, du = (surface->sun_side + 1.6f * tilt->across) * 7;
    const vec4 q = 1 + dv * dv + du * du, spark = 1 / (q * q);
    const vec4 glint = spark * spark * (0.3f + 0.7f * fresnel);
    const vec4 nearness = view->world->ground.unit_m / view->eye.z * steep;
    for (int i = 0; i < LANES; i++) {
        vec4 color = mix4(surface->deep, mirrored(view, column, pixels, up[i]), fresnel[i]);
        color += surface->glitter * splat(glint[i]);
        color = mix4(column->haze, color, tilt->through[i]);
        color[3] = nearness[i];
        out[i] = color;
    }
}

/* Of rows y, y + step, ... */
static inline vec4 rows_v(const struct canvas *canvas, int y, float step)
{
    const vec4 rows = (float)y + step * (vec4){ 0, 1, 2, 3 };
    return min4(canvas->top - rows * canvas->step, splat(-0.0004f));
}

/* Rows 0 to 3 or 4 to 7 of those between ripples two rows apart; `end` is the ripple after the last. */
static inline vec4 spread(vec4 ripple, float end, bool second)
{
    const vec4 here = second ? (vec4){ ripple[2], ripple[2], ripple[3], ripple[3] }
                             : (vec4){ ripple[0], ripple[0], ripple[1], ripple[1] };
    const vec4 next = second ? (vec4){ ripple[2], ripple[3], ripple[3], end }
                             : (vec4){ ripple[0], ripple[1], ripple[1], ripple[2] };
    return 0.5f * (here + next);
}

static inline void rows_draw(const struct view *view, const struct column *column,
                             const struct surface *surface, const struct stretch_of_water *water,
                             const struct ripples *tilt, int y, int last, vec4 *pixels)
{
    vec4 colors[LANES];
    water_at(view, column, surface, pixels, rows_v(view->canvas, y, 1), tilt, colors);
    for (int i = 0; i < LANES && y + i <= last; i++) {
        const float row = (float)(y + i), cover = minf(water->low, row + 1) - maxf(water->high, row);
        if (cover > 0) pixels[y + i] += colors[i] * splat(minf(cover, 1));
    }
}

/* One stretch; ripples are computed for even rows, those of odd rows are halfway between. */
static inline void stretch_draw(const struct view *view, const struct column *column,
                                const struct surface *surface, const struct stretch_of_water *water,
                                vec4 *pixels)
{
    const struct canvas *canvas = view->canvas;
    const int first = clampi((int)water->high, 0, canvas->high - 1) & ~1;
    const int last = clampi((int)ceilf(water->low) - 1, 0, canvas->high - 1);
    struct ripples next = ripples_at(view, surface, rows_v(canvas, first, 2));
    for (int y = first; y <= last; y += 2 * LANES) {
        const struct ripples here = next;
        next = ripples_at(view, surface, rows_v(canvas, y + 2 * LANES, 2));
        for (int second = 0; second < 2 && y + second * LANES <= last; second++) {
            const struct ripples tilt = { spread(here.along, next.along[0], second),
                                          spread(here.across, next.across[0], second),
                                          spread(here.through, next.through[0], second) };
            rows_draw(view, column, surface, water, &tilt, y + second * LANES, last, pixels);
        }
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
