#include "render/light.h"

#include "render/noise.h"

#include <string.h>

#define WHITE                                                                                                \
    {                                                                                                        \
        1, 1, 1                                                                                              \
    }

const struct light lights[] = {
    /* high_energy */
    { "high_contrast", HOUR_DAY, 62, 24, 1.25f, 0.5f, 0.6f, 1, 1.3f, WHITE, .glow = 0.8f, .vignette = 0.1f },
    { "neon_glow",
      HOUR_NIGHT,
      -30,
      20,
      0.8f,
      1.3f,
      1.6f,
      1.35f,
      1.1f,
      { 0.75f, 0.75f, 1 },
      { 0.9f, 0.0f, 0.75f },
      { 0.0f, 0.55f, 0.9f },
      .glow = 2.6f },
    { "strobe_effect",
      HOUR_DUSK,
      20,
      0,
      1,
      1,
      1,
      1.15f,
      1.15f,
      { 0.92f, 0.97f, 1.1f },
      .glow = 1.3f,
      .strobe_hz = 2.5f },
    { "harsh_shadows", HOUR_DAY, -78, 16, 1.5f, 0.3f, 0.45f, 1, 1.16f, { 1.05f, 1, 0.93f }, .glow = 0.7f },
    /* luxury_reveal */
    { "golden_hour", HOUR_SUNSET, 17, 6, 1.2f, 1, 1.3f, 1.05f, 1, { 1.08f, 1, 0.88f }, .glow = 1.4f },
    { "soft_key", HOUR_DAY, -40, 38, 0.6f, 1.5f, 1.7f, 1.08f, 0.86f, { 1.02f, 1, 0.98f }, .glow = 1.3f },
    { "rim_lighting", HOUR_SUNSET, -8, 9, 1.6f, 0.45f, 1.5f, 0.9f, 1.2f, { 1, 0.98f, 0.97f }, .glow = 1.8f },
    { "three_point",
      HOUR_DAY,
      42,
      32,
      1.05f,
      0.95f,
      0.9f,
      1.02f,
      1.02f,
      WHITE,
      { 0.10f, 0.06f, 0 },
      { 0, 0.02f, 0.09f },
      .glow = 1,
      .vignette = 0.22f },
    /* intimate_story */
    { "natural", HOUR_ANY, 36, 0, 1, 1, 1, 1, 1, WHITE, .glow = 1 },
    { "warm_ambient", HOUR_SUNSET, 50, 14, 0.7f, 1.35f, 1.2f, 1, 0.9f, { 1.16f, 1, 0.76f }, .glow = 1.3f },
    { "soft_window",
      HOUR_DAWN,
      -64,
      18,
      0.75f,
      1.2f,
      1.9f,
      1,
      0.9f,
      { 0.95f, 1, 1.07f },
      { 0.25f, 0.25f, 0.22f },
      { -0.22f, -0.2f, -0.16f },
      .glow = 1.7f },
    { "candlelight",
      HOUR_DUSK,
      15,
      0,
      0.8f,
      1,
      1,
      1.15f,
      1.08f,
      { 1.38f, 0.82f, 0.40f },
      .glow = 1.7f,
      .flicker = 0.16f,
      .vignette = 0.55f },
    /* surreal_trip */
    { "neon_noir",
      HOUR_NIGHT,
      -16,
      14,
      0.8f,
      0.8f,
      2.2f,
      1.2f,
      1.35f,
      { 0.52f, 0.62f, 0.9f },
      { 0.75f, 0.02f, 0.22f },
      { 0.0f, 0.35f, 0.6f },
      .glow = 2.4f,
      .vignette = 0.3f },
    { "volumetric",
      HOUR_SUNSET,
      10,
      17,
      1.2f,
      0.9f,
      3.2f,
      0.95f,
      1.02f,
      { 1.02f, 1, 0.92f },
      .glow = 1.7f,
      .shafts = 1 },
    { "colored_gels",
      HOUR_DUSK,
      32,
      0,
      1,
      1.3f,
      1,
      1.15f,
      1.05f,
      { 0.45f, 0.45f, 0.5f },
      { 1.15f, 0.12f, 0.1f },
      { 0.05f, 0.45f, 1.1f },
      .glow = 1.4f },
    { "mystical_glow",
      HOUR_DUSK,
      -20,
      0,
      1,
      1.4f,
      3,
      1.1f,
      0.92f,
      { 0.72f, 0.92f, 1.14f },
      { 0.18f, 0, 0.32f },
      { 0, 0.2f, 0.2f },
      .glow = 3,
      .shafts = 0.5f },
};
const size_t light_count = COUNT_OF(lights);

const struct light *light_find(const char *name)
{
    for (size_t i = 0; i < light_count; i++)
        if (strcmp(lights[i].name, name) == 0) return &lights[i];
    return NULL;
}

float light_pulse(const struct light *light, double time_s, uint32_t seed)
{
    float pulse = 1;
    if (light->flicker > 0) {
        const float t = (float)time_s;
        pulse += light->flicker * (noise(seed, 3.1f * t, 0.5f) + 0.6f * noise(seed + 9, 8.7f * t, 0.5f));
    }
    if (light->strobe_hz > 0) {
        const double beat = time_s * light->strobe_hz;
        pulse *= 0.5f + 1.1f * expf(-5 * (float)(beat - floor(beat)));
    }
    return pulse;
}

struct hour_look {
    float elevation_deg, disc_radius_deg;
    vec4 sunlight, skylight, zenith, horizon, halo, disc;
    float fog, stars, lamps;
};

static const struct hour_look looks[] = {
    [HOUR_DAY] = { 34,
                   0.6f,
                   { 2.1f, 1.98f, 1.75f },
                   { 0.34f, 0.46f, 0.66f },
                   { 0.105f, 0.24f, 0.56f },
                   { 0.62f, 0.76f, 0.92f },
                   { 0.7f, 0.65f, 0.5f },
                   { 30, 29, 26 },
                   0.00030f,
                   0,
                   0 },
    [HOUR_DAWN] = { 8,
                    1.1f,
                    { 1.7f, 1.02f, 0.62f },
                    { 0.30f, 0.32f, 0.42f },
                    { 0.15f, 0.23f, 0.42f },
                    { 0.78f, 0.55f, 0.50f },
                    { 1.3f, 0.75f, 0.4f },
                    { 18, 12, 7 },
                    0.0008f,
                    0,
                    0.15f },
    [HOUR_SUNSET] = { 5,
                      1.2f,
                      { 2.3f, 0.98f, 0.36f },
                      { 0.24f, 0.23f, 0.33f },
                      { 0.085f, 0.125f, 0.27f },
                      { 0.80f, 0.40f, 0.22f },
                      { 1.9f, 0.72f, 0.2f },
                      { 24, 12, 4.2f },
                      0.00062f,
                      0,
                      0.4f },
    [HOUR_DUSK] = { 1.5f,
                    0,
                    { 0.42f, 0.20f, 0.16f },
                    { 0.12f, 0.14f, 0.24f },
                    { 0.030f, 0.055f, 0.15f },
                    { 0.36f, 0.20f, 0.17f },
                    { 0.55f, 0.20f, 0.09f },
                    { 0, 0, 0 },
                    0.0007f,
                    0.35f,
                    0.9f },
    [HOUR_NIGHT] = { 24,
                     1.3f,
                     { 0.20f, 0.27f, 0.40f },
                     { 0.022f, 0.034f, 0.066f },
                     { 0.0045f, 0.0095f, 0.027f },
                     { 0.030f, 0.050f, 0.088f },
                     { 0.07f, 0.09f, 0.12f },
                     { 2.6f, 2.7f, 2.6f },
                     0.0005f,
                     1,
                     1 },
};

struct weather_look {
    float cover, dark, sun, sky, fog, waves, stars;
};
static const struct weather_look weathers[] = {
    [WEATHER_CLEAR] = { 0.40f, 0.0f, 1, 1, 1, 1, 1 },
    [WEATHER_CLOUDY] = { 0.62f, 0.25f, 0.75f, 0.95f, 1.3f, 1.2f, 0.6f },
    [WEATHER_STORM] = { 0.86f, 0.85f, 0.22f, 0.6f, 2.6f, 2.6f, 0.1f },
    [WEATHER_RAIN] = { 0.84f, 0.55f, 0.25f, 0.75f, 3.2f, 1.6f, 0.1f },
    [WEATHER_FOG] = { 0.5f, 0.15f, 0.55f, 1, 7, 0.6f, 0.2f },
    [WEATHER_SNOW] = { 0.8f, 0.2f, 0.35f, 1, 3, 1, 0.2f },
};

struct air air_of(enum hour hour, enum weather weather, const struct light *light)
{
    if (hour == HOUR_ANY) hour = HOUR_DAY;
    if (weather == WEATHER_ANY) weather = WEATHER_CLEAR;
    const struct hour_look *look = &looks[hour];
    const struct weather_look *sky = &weathers[weather];
    const float elevation =
        light->elevation_deg > 0 && hour != HOUR_DUSK ? light->elevation_deg : look->elevation_deg;
    const vec4 grey = splat(luma4(look->horizon) * 0.75f), gloom = rgb(0.92f, 1, 1.06f) * grey;
    struct air air = {
        .sun_azimuth = radians(light->azimuth_deg),
        .sun_elevation = radians(elevation),
        .sunlight = look->sunlight * splat(light->key * sky->sun),
        .skylight = look->skylight * splat(light->fill * sky->sky),
        .zenith = mix4(look->zenith, gloom * splat(0.4f), sky->dark) * splat(sky->sky),
        .horizon = mix4(look->horizon, gloom, 0.8f * sky->dark) * splat(sky->sky),
        .halo = look->halo * splat(sky->sun),
        .disc = look->disc,
        .disc_radius = radians(look->disc_radius_deg),
        .fog = look->fog * light->haze * sky->fog,
        .cover = sky->cover,
        .cloud_dark = sky->dark,
        .stars = look->stars * sky->stars,
        .lamps = clampf(look->lamps + 0.6f * sky->dark, 0, 1),
        .waves = sky->waves,
        .shafts = light->shafts,
        .weather = weather,
    };
    air.sun = direction(air.sun_azimuth, air.sun_elevation);
    return air;
}

/* Beams: noise over the angle around the sun, fading with the distance from it. */
static float beams(const struct air *air, float azimuth, float elevation, float near)
{
    if (air->shafts <= 0) return 1;
    const float around = atan2f(elevation - air->sun_elevation, azimuth - air->sun_azimuth);
    const float x = 3.2f * cosf(around), y = 3.2f * sinf(around);
    return 1 + air->shafts * 1.6f * near * noise(77, 2 * x, 2 * y);
}

vec4 air_sky(const struct air *air, float azimuth, float elevation)
{
    const float up = maxf(elevation, 0);
    const float near = dot3(direction(azimuth, up), air->sun);
    const float front = 0.5f + 0.5f * near;
    vec4 sky = mix4(air->horizon * splat(mixf(0.62f, 1.05f, front)), air->zenith, 1 - expf(-up * 3.4f));
    const float wide = expf(-(1 - near) * 7), tight = expf(-(1 - near) * 160);
    sky += air->halo * splat((0.32f * wide + 0.9f * tight) * beams(air, azimuth, elevation, wide));
    return sky;
}
