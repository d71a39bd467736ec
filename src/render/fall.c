#include "render/fall.h"

#include "render/noise.h"

/* Metres and seconds. */
struct drops {
    float speed, length, width;
    float swing; /* how far a flake wanders sideways */
    float cover; /* how much of what lies behind one hides */
};

static const struct drops rain = { 8.5f, 0.3f, 0.007f, 0, 0.24f };
static const struct drops snow = { 1.3f, 0.026f, 0.026f, 0.18f, 0.8f };

#define APART 0.33f /* between columns of drops, */
#define ABOVE 2.1f  /* and between the drops of a column */

struct shell {
    const struct view *view;
    const struct drops *drops;
    float far, azimuth; /* of the shell, and of the column to draw */
    vec4 color;
    vec4 *pixels;
};

/* The rows of one drop in one column. */
static void drop_rows(const struct shell *shell, float z, float cover)
{
    const struct canvas *canvas = shell->view->canvas;
    const float per = canvas->per / shell->far, half = maxf(0.5f * shell->drops->length * per, 1);
    const float middle = canvas->top * canvas->per - z * per + 0.5f;
    const float high = maxf(middle - half, 0), low = minf(middle + half, (float)canvas->high);
    for (int y = (int)high; (float)y < low; y++) {
        const float part = minf(low, (float)y + 1) - maxf(high, (float)y);
        const float soft = clampf(1.4f * (1 - fabsf((float)y + 0.5f - middle) / (half + 0.5f)), 0, 1);
        const vec4 before = shell->pixels[y];
        shell->pixels[y] = mix4(before, shell->color, cover * part * soft);
        shell->pixels[y][3] = before[3];
    }
}

/* All drops of one column of them that show in this column of pixels. */
static void drops_draw(const struct shell *shell, int cell, uint32_t seed)
{
    const struct view *view = shell->view;
    const struct drops *drops = shell->drops;
    const float per = view->canvas->per,
                low = view->canvas->top - (float)view->canvas->high * view->canvas->step;
    const float wide = drops->width / shell->far * per, half = maxf(0.5f * wide, 1);
    const double fallen = view->time_s * (double)drops->speed;
    const int first = (int)floor(((double)(low * shell->far) + fallen) / (double)ABOVE) - 1;
    const int last = (int)ceil(((double)(view->canvas->top * shell->far) + fallen) / (double)ABOVE) + 1;
    for (int k = first; k <= last; k++) {
        const uint32_t h = hash_at(seed, cell, k);
        const float aside = (float)(h & 255) / 255, phase = (float)(h >> 8 & 255) / 255;
        const float sway = drops->swing * sinf((float)view->time_s * (1 + phase) + 6.3f * aside);
        const float at = ((float)cell + aside) * APART + sway;
        const float off = fabsf(at / shell->far - shell->azimuth) * per;
        if (off >= half + 0.5f) continue;
        const float cover = drops->cover * minf(wide, 1) * clampf(1.4f * (1 - off / (half + 0.5f)), 0, 1);
        drop_rows(shell, (float)((double)(((float)k + phase) * ABOVE) - fallen), cover);
    }
}

void fall_draw(const struct view *view, float azimuth, vec4 haze, vec4 *pixels)
{
    const struct air *air = &view->world->air;
    const bool wet = air->weather == WEATHER_RAIN || air->weather == WEATHER_STORM;
    if (!wet && air->weather != WEATHER_SNOW) return;
    static const float shells[] = { 3, 6.5f, 14 };
    struct shell shell = { .view = view,
                           .drops = wet ? &rain : &snow,
                           .azimuth = azimuth,
                           .color = wet ? haze * splat(1.25f) + air->skylight * splat(0.3f)
                                        : air->skylight * splat(1.7f) + air->sunlight * splat(0.25f),
                           .pixels = pixels };
    for (uint32_t i = 0; i < 3; i++) {
        shell.far = shells[2 - i];
        const int cell = floori(azimuth * shell.far / APART);
        for (int c = cell - 1; c <= cell + 1; c++) drops_draw(&shell, c, view->world->brief.seed + 77 + i);
    }
}
