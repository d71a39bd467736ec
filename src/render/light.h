/* Lighting keys, hours of the day and weather, and the air they make together: what the sky, the sun and the
 * haze of one world look like. Colours are linear light where 1.0 is a white wall in the midday sun. */
#pragma once

#include "base/scope.h"
#include "render/vec.h"

enum hour { HOUR_ANY, HOUR_DAY, HOUR_DAWN, HOUR_SUNSET, HOUR_DUSK, HOUR_NIGHT };
enum weather {
    WEATHER_ANY,
    WEATHER_CLEAR,
    WEATHER_CLOUDY,
    WEATHER_STORM,
    WEATHER_RAIN,
    WEATHER_FOG,
    WEATHER_SNOW
};

struct light {
    const char *name;
    enum hour hour;           /* when the prompt names none */
    float azimuth_deg;        /* of the sun, 0 = behind the subject, + right */
    float elevation_deg;      /* of the sun, 0 = as the hour has it */
    float key, fill;          /* multiply sunlight and skylight */
    float haze;               /* multiplies fog */
    float exposure, contrast; /* of the whole picture */
    float tint[3];            /* colour of everything */
    float left[3], right[3];  /* coloured lamps from both sides, added to the tint */
    float glow;               /* multiplies the grade's glow */
    float flicker;            /* unrest of a flame, 0..1 */
    float strobe_hz;          /* flashes a second; below 3, the limit for photosensitive viewers */
    float shafts;             /* visible beams around the sun, 0..1 */
    float vignette;           /* pool of light: darkening toward the corners, 0..1 */
};

extern const struct light lights[];
extern const size_t light_count;

/* NULL when there is none of this name. */
const struct light *light_find(const char *name);

/* Brightness of the picture at one moment: 1 but for flicker and strobe. */
float light_pulse(const struct light *light, double time_s, uint32_t seed);

struct air {
    struct vec3 sun; /* unit, toward the sun or moon */
    float sun_azimuth, sun_elevation;
    vec4 sunlight;        /* on a surface that faces the sun */
    vec4 skylight;        /* on a surface that faces up */
    vec4 zenith, horizon; /* sky colours */
    vec4 halo;            /* glow around the sun */
    vec4 disc;            /* radiance of the sun or moon itself */
    float disc_radius;    /* radians */
    float fog;            /* extinction per metre */
    float cover;          /* clouds, 0..1 */
    float cloud_dark;     /* 0 = white heaps, 1 = thunder */
    float stars;          /* 0..1 */
    float lamps;          /* how much windows and beacons shine, 0..1 */
    float waves;          /* slope of the water */
    float shafts;
    enum weather weather;
};

/* The air of an hour, a weather and a lighting key. */
struct air air_of(enum hour hour, enum weather weather, const struct light *light);

/* Sky without clouds, stars and disc in a direction; below the horizon it stays the horizon's. */
vec4 air_sky(const struct air *air, float azimuth, float elevation);
