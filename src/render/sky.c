#include "render/sky.h"

#include "render/noise.h"

#include <stdlib.h>

static float azimuth_of(int x, int wide) { return ((float)x + 0.5f) / (float)wide * 2 * PI_F - PI_F; }

static void sky_row(void *context, int y)
{
    struct world *world = context;
    const float elevation = ((float)y + 0.5f) / SKY_HIGH * SKY_TOP;
    for (int x = 0; x < SKY_WIDE; x++)
        world->sky[y * SKY_PITCH + x] = air_sky(&world->air, azimuth_of(x, SKY_WIDE), elevation);
}

/* Thickness of the clouds over a place of the cloud floor, 0..1. */
static float thickness(const struct world *world, float x, float y, int octaves)
{
    const uint32_t seed = world->brief.seed + 300;
    const float wx = noise(seed + 90, x * 0.7f, y * 0.7f), wy = noise(seed + 91, x * 0.7f, y * 0.7f);
    const float n = 0.5f + 0.72f * noise_fbm(seed, x + 0.5f * wx, y * 1.15f + 0.5f * wy, octaves);
    const float cover = world->air.cover;
    return smoothf(1.02f - cover, 1.02f - cover + 0.42f, n);
}

static vec4 cloud_at(const struct world *world, float azimuth, float elevation)
{
    const struct air *air = &world->air;
    const struct vec3 way = direction(azimuth, elevation);
    const float far = 1.25f / (way.z + 0.13f), x = way.x * far, y = way.y * far;
    const float thick = thickness(world, x, y, 6);
    const float seen = smoothf(0.015f, 0.17f, elevation);
    const float opacity = (1 - expf(-3.2f * thick)) * seen;
    if (opacity < 0.004f) return splat(0);
    const float toward = 0.16f;
    const float ahead = thickness(world, x + toward * air->sun.x, y + toward * air->sun.y, 4);
    const float lit = expf(-2.2f * ahead) * expf(-0.8f * thick);
    const float near = maxf(0, dot3(way, air->sun));
    const float rim = powf(near, 12) * expf(-2.5f * thick);
    const float bright = mixf(1, 0.42f, air->cloud_dark);
    vec4 color = air->skylight * splat(1.0f * bright) + air->sunlight * splat(0.46f * lit * bright);
    color += (air->halo + air->sunlight) * splat(0.55f * rim);
    color *= splat(1 - 0.6f * air->cloud_dark * thick);
    const vec4 haze = air_sky(air, azimuth, elevation);
    color = mix4(haze, color, smoothf(0.0f, 0.42f, elevation) * 0.75f + 0.2f);
    color *= splat(opacity);
    color[3] = opacity;
    return color;
}

static void cloud_row(void *context, int y)
{
    struct world *world = context;
    const float elevation = ((float)y + 0.5f) / (float)world->cloud_high * CLOUD_TOP;
    const float seen = 2.3f; /* no camera turns further from the opening view */
    for (int x = 0; x < world->cloud_wide; x++)
        if (fabsf(azimuth_of(x, world->cloud_wide)) > seen)
            world->clouds[y * (world->cloud_wide + ROW_SPARE) + x] = splat(0);
        else
            world->clouds[y * (world->cloud_wide + ROW_SPARE) + x] =
                cloud_at(world, azimuth_of(x, world->cloud_wide), elevation);
}

/* Slopes of a field of waves that tiles: a sum of sines with whole numbers of periods, one row at a time. */
static void wave_row(void *context, int y)
{
    enum { WAVES = 24 };
    struct world *world = context;
    uint64_t state = world->brief.seed;
    float *row = world->waves + 2 * y * (WAVE_SIDE + 1);
    for (int i = 0; i < WAVES; i++) {
        const float k = 2 + (float)i * 0.9f, way = (chance(&state) - 0.5f) * 2.4f;
        const float kx = roundf(k * sinf(way)), ky = roundf(k * cosf(way)), phase = chance(&state) * 2 * PI_F;
        const float steep = 0.42f / sqrtf((float)WAVES * (kx * kx + ky * ky));
        for (int x = 0; x <= WAVE_SIDE; x++) {
            const float c = cosf(2 * PI_F / WAVE_SIDE * (kx * (float)x + ky * (float)y) + phase) * steep;
            row[2 * x] += c * kx;
            row[2 * x + 1] += c * ky;
        }
    }
}

static int by_azimuth(const void *a, const void *b)
{
    const struct star *x = a, *y = b;
    return (x->azimuth > y->azimuth) - (x->azimuth < y->azimuth);
}

/* Many faint and few bright ones, some warm and some cold, fading where the air is thick. */
static void stars_make(struct world *world)
{
    uint64_t state = world->brief.seed + 11;
    world->star_count = world->air.stars > 0 ? STARS_MOST : 0;
    for (int i = 0; i < world->star_count; i++) {
        const float azimuth = (2 * chance(&state) - 1) * PI_F, up = chance(&state) * 0.95f;
        const float rare = chance(&state), warm = chance(&state) - 0.5f;
        const float bright = (0.02f + 0.55f * rare * rare * rare * rare * rare * rare) * world->air.stars;
        world->stars[i] = (struct star){ azimuth, up / sqrtf(1 - up * up),
                                         rgb(1 + 0.5f * warm, 1, 1 - 0.5f * warm) *
                                             splat(bright * smoothf(0.03f, 0.3f, up)) };
    }
    qsort(world->stars, (size_t)world->star_count, sizeof world->stars[0], by_azimuth);
}

void sky_bake(struct world *world, struct team *team)
{
    stars_make(world);
    team_run(team, sky_row, world, SKY_HIGH);
    team_run(team, cloud_row, world, world->cloud_high);
    if (world->ground.land->water != WATER_NONE) team_run(team, wave_row, world, WAVE_SIDE + 1);
}
