#include "render/column.h"

#include "render/water.h"

#include <assert.h>

void view_rows(struct view *view)
{
    const struct canvas *canvas = view->canvas;
    assert(canvas->high <= ROWS_MOST);
    for (int y = 0; y < canvas->high; y++) {
        const float elevation = atanf(canvas->top - (float)y * canvas->step);
        view->sky_at[y] = clampf(elevation / SKY_TOP * SKY_HIGH - 0.5f, 0, SKY_HIGH - 1.001f);
        view->cloud_at[y] = elevation > 0 ? clampf(elevation / CLOUD_TOP * CLOUD_HIGH - 0.5f, 0, CLOUD_HIGH - 1.001f) : -1;
    }
}

/* Adds a stretch between two row coordinates (low = nearer the bottom = larger) with the colours at its ends,
 * weighted by how much of each pixel it covers. */
static void stretch_wide(vec4 *pixels, int rows, float low, float high, vec4 at_low, vec4 at_high)
{
    const float per = 1 / (low - high);
    const vec4 slope = (at_low - at_high) * splat(per);
    const float top = fmaxf(high, 0), bottom = fminf(low, (float)rows);
    if (bottom <= top) return;
    const int first = (int)top, last = (int)bottom < rows - 1 ? (int)bottom : rows - 1;
    vec4 color = at_high + slope * splat((float)first + 0.5f - high);
    if (first == last) {
        pixels[first] += color * splat(bottom - top);
        return;
    }
    pixels[first] += (at_high + slope * splat(0.5f * ((float)first + 1 - top) + top - high)) * splat((float)first + 1 - top);
    for (int i = first + 1; i < last; i++) {
        color += slope;
        pixels[i] += color;
    }
    pixels[last] += (color + slope) * splat(bottom - (float)last);
}

static inline void stretch(vec4 *pixels, int rows, float low, float high, vec4 at_low, vec4 at_high)
{
    const int pixel = (int)low;
    if (high >= (float)pixel && pixel < rows && high >= 0) {
        pixels[pixel] += (at_low + at_high) * splat(0.5f * (low - high));
        return;
    }
    stretch_wide(pixels, rows, low, high, at_low, at_high);
}

/* The walk outward: what the last step saw and how high the seen ground reaches. */
struct walk {
    const struct view *view;
    struct column *column;
    vec4 *pixels;
    float horizon;  /* row coordinate, falls as the ground rises */
    float row, far; /* of the last step */
    float height;
    vec4 color;
    bool water;
};

static inline float row_of(const struct canvas *canvas, float v) { return (canvas->top - v) / canvas->step + 0.5f; }

/* A step has arrived at `row`: the part of it above the horizon is new. */
static inline void reveal(struct walk *walk, float row, vec4 color)
{
    if (row >= walk->horizon) return;
    vec4 from = walk->color;
    float low = walk->row;
    if (low > walk->horizon) {
        from = mix4(from, color, (low - walk->horizon) / (low - row + 1e-9f));
        low = walk->horizon;
    } else if (low < walk->horizon) {
        low = walk->horizon;
    }
    stretch(walk->pixels, walk->view->canvas->high, low, row, from, color);
    walk->horizon = row;
}

static void reveal_water(struct walk *walk, float row, float far)
{
    if (row >= walk->horizon) return;
    struct column *column = walk->column;
    struct stretch_of_water *last = &column->water[column->waters - 1];
    if (column->waters > 0 && last->high == walk->horizon) {
        last->high = row;
        last->far = far;
    } else if (column->waters < WATERS_MOST) {
        column->water[column->waters++] = (struct stretch_of_water){ walk->horizon, row, far };
    }
    walk->horizon = row;
}

/* Where a ray leaves the square map of a level, seen from the eye. */
static float leaves(const struct level *level, const struct vec3 *eye, float dx, float dy)
{
    const float half = level->cell_m * (LEVEL_SIDE / 2 - 2.5f);
    const float tx = fabsf(dx) > 1e-6f ? ((dx > 0 ? half : -half) - eye->x) / dx : 1e9f;
    const float ty = fabsf(dy) > 1e-6f ? ((dy > 0 ? half : -half) - eye->y) / dy : 1e9f;
    if (fabsf(eye->x) > half || fabsf(eye->y) > half) return 0;
    return fminf(tx, ty);
}

static inline vec4 fogged(const struct walk *walk, vec4 color, float far)
{
    const float t = far * walk->view->world->air.fog, through = 1 / (1 + t * (1 + t * (0.5f + 0.167f * t)));
    vec4 seen = mix4(walk->column->haze, color, through);
    seen[3] = walk->view->world->ground.unit_m / far;
    return seen;
}

static inline void step_to(struct walk *walk, float far, vec4 texel, float fall)
{
    const struct view *view = walk->view;
    const bool wet = walk->column->wet && texel[3] < 0;
    const float z = wet ? 0 : texel[3];
    const float row = row_of(view->canvas, (z - view->eye.z) / far - far * fall);
    if (wet != walk->water) { /* the shore lies between two steps */
        const float part = walk->height / (walk->height - texel[3] + 1e-9f);
        const float shore_far = mixf(walk->far, far, clampf(part, 0, 1));
        const float shore = row_of(view->canvas, -view->eye.z / shore_far);
        if (wet) {
            reveal(walk, shore, walk->color);
        } else {
            reveal_water(walk, shore, shore_far);
            walk->color = fogged(walk, texel, far);
        }
        walk->row = shore;
        walk->water = wet;
    }
    if (wet) {
        reveal_water(walk, row, far);
    } else if (row < walk->horizon) {
        const vec4 color = fogged(walk, texel, far);
        reveal(walk, row, color);
        walk->color = color;
    } else {
        walk->color = fogged(walk, texel, far);
    }
    walk->row = row;
    walk->far = far;
    walk->height = texel[3];
}

/* Walks through one level from `far` to `end`; returns where it stopped. */
static float walk_level(struct walk *walk, const struct level *level, float far, float end, float dx, float dy)
{
    const struct view *view = walk->view;
    const struct vec3 eye = view->eye;
    const float per = 1 / level->cell_m, climb = (view->world->top_m - eye.z);
    const float gx0 = eye.x * per + LEVEL_SIDE / 2, gy0 = eye.y * per + LEVEL_SIDE / 2;
    while (far < end) {
        const float gx = gx0 + dx * per * far, gy = gy0 + dy * per * far;
        const int ix = (int)gx, iy = (int)gy;
        const vec4 texel = bilinear(level->texels + iy * LEVEL_SIDE + ix, LEVEL_SIDE, gx - (float)ix, gy - (float)iy);
        step_to(walk, far, texel, 0);
        if (walk->horizon <= 0) return 1e9f;
        if (row_of(view->canvas, climb > 0 ? climb / far : 0) > walk->horizon) return 1e9f;
        far += fminf(level->cell_m, far * 0.02f + 0.01f);
    }
    return far;
}

static void ground_draw(struct walk *walk, float azimuth)
{
    const struct view *view = walk->view;
    const struct world *world = view->world;
    const float dx = sinf(azimuth), dy = cosf(azimuth);
    const float floor_m = world_floor(world, view->eye.x, view->eye.y);
    const float lowest = view->canvas->top - (float)view->canvas->high * view->canvas->step;
    float far = 0.3f * (view->eye.z - floor_m) / fmaxf(-lowest, 0.3f);
    far = fmaxf(far, 0.05f);
    walk->far = far;
    walk->row = walk->horizon = (float)view->canvas->high;
    walk->height = floor_m;
    walk->water = walk->column->wet && floor_m <= 0;
    for (int i = 0; i < LEVELS && far < 1e8f; i++) {
        const float end = leaves(&world->levels[i], &view->eye, dx, dy);
        far = walk_level(walk, &world->levels[i], far, end, dx, dy);
    }
    if (walk->water && far < 1e8f) reveal_water(walk, row_of(view->canvas, -0.0002f), 30000);
}

/* The smooth sky along this azimuth, from the horizon up. */
static void sky_column(const struct world *world, float azimuth, vec4 *sky)
{
    const float turns = azimuth / (2 * PI_F) + 0.5f;
    const float x = clampf((turns - floorf(turns)) * SKY_WIDE - 0.5f, 0, SKY_WIDE - 1.001f);
    const int ix = (int)x;
    const vec4 *at = world->sky + ix;
    for (int y = 0; y < SKY_HIGH; y++) sky[y] = mix4(at[y * SKY_WIDE], at[y * SKY_WIDE + 1], x - (float)ix);
    sky[SKY_HIGH] = sky[SKY_HIGH - 1];
}

/* Sun or moon: the part of a pixel inside the disc. */
static vec4 disc_at(const struct view *view, float azimuth, float v)
{
    const struct air *air = &view->world->air;
    const float elevation = atanf(v);
    const float dx = (azimuth - air->sun_azimuth) * cosf(elevation), dy = elevation - air->sun_elevation;
    const float out = (air->disc_radius - sqrtf(dx * dx + dy * dy)) / view->canvas->step + 0.5f;
    return air->disc * splat(clampf(out, 0, 1));
}

static void disc_draw(const struct walk *walk, float azimuth, int rows, const float *open)
{
    const struct view *view = walk->view;
    const struct air *air = &view->world->air;
    const float wide = air->disc_radius + 2 * view->canvas->step;
    if (air->disc_radius <= 0 || fabsf(azimuth - air->sun_azimuth) * cosf(air->sun_elevation) > wide) return;
    const int first = (int)row_of(view->canvas, tanf(air->sun_elevation + wide));
    const int last = (int)row_of(view->canvas, tanf(air->sun_elevation - wide));
    for (int y = first < 0 ? 0 : first; y <= last && y < rows; y++)
        walk->pixels[y] += disc_at(view, azimuth, view->canvas->top - (float)y * view->canvas->step) * splat(open[y]);
}

static void sky_draw(struct walk *walk, float azimuth)
{
    const struct view *view = walk->view;
    const struct world *world = view->world;
    const int rows = clampi((int)ceilf(walk->horizon), 0, view->canvas->high);
    const float drift = (float)(view->time_s * 0.0035);
    const float turns = (azimuth + drift) / (2 * PI_F) + 0.5f;
    const float cx = (turns - floorf(turns)) * CLOUD_WIDE;
    const int ix = clampi((int)cx, 0, CLOUD_WIDE - 2);
    const float fx = clampf(cx - (float)ix, 0, 1);
    float open[ROWS_MOST];
    for (int y = 0; y < rows; y++) {
        const float sy = view->sky_at[y], cy = view->cloud_at[y];
        const vec4 *sky = walk->column->sky + (int)sy;
        vec4 color = mix4(sky[0], sky[1], sy - (float)(int)sy);
        open[y] = 1;
        if (cy >= 0) {
            const vec4 cloud = bilinear(world->clouds + (int)cy * CLOUD_WIDE + ix, CLOUD_WIDE, fx, cy - (float)(int)cy);
            color = color * splat(1 - cloud[3]) + cloud;
            open[y] = (1 - cloud[3]) * (1 - cloud[3]);
        }
        color[3] = 0;
        const float part = fminf(1, walk->horizon - (float)y);
        walk->pixels[y] += color * splat(part);
        open[y] *= part;
    }
    disc_draw(walk, azimuth, rows, open);
}

void column_draw(const struct view *view, int x)
{
    const struct canvas *canvas = view->canvas;
    const float azimuth = canvas->left + (float)x * canvas->step;
    struct column column = { .azimuth = azimuth, .wet = view->world->ground.land->water != WATER_NONE };
    struct walk walk = { .view = view, .column = &column, .pixels = canvas->light + x * canvas->across };
    sky_column(view->world, azimuth, column.sky);
    column.haze = column.sky[1];
    for (int y = 0; y < canvas->high; y++) walk.pixels[y] = splat(0);
    ground_draw(&walk, azimuth);
    sky_draw(&walk, azimuth);
    water_draw(view, &column, walk.pixels);
}
