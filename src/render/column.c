#include "render/column.h"

#include "render/fall.h"
#include "render/water.h"

#include <assert.h>

void view_rows(struct view *view)
{
    const struct canvas *canvas = view->canvas;
    const float clouds = (float)view->world->cloud_high;
    assert(canvas->high <= ROWS_MOST);
    for (int y = 0; y < canvas->high; y++) {
        const float elevation = atanf(canvas->top - (float)y * canvas->step);
        view->sky_at[y] = clampf(elevation / SKY_TOP * SKY_HIGH - 0.5f, 0, SKY_HIGH - 1.001f);
        view->cloud_at[y] =
            elevation > 0 ? clampf(elevation / CLOUD_TOP * clouds - 0.5f, 0, clouds - 1.001f) : -1;
    }
}

/* Adds a stretch between two row coordinates (low = nearer the bottom = larger) with the colours at its ends,
 * weighted by how much of each pixel it covers. */
static inline void stretch_wide(vec4 *pixels, int rows, float low, float high, vec4 at_low, vec4 at_high)
{
    const float per = 1 / (low - high);
    const vec4 slope = (at_low - at_high) * splat(per);
    const float top = maxf(high, 0), bottom = minf(low, (float)rows);
    if (bottom <= top) return;
    const int first = (int)top, last = (int)bottom < rows - 1 ? (int)bottom : rows - 1;
    vec4 color = at_high + slope * splat((float)first + 0.5f - high);
    if (first == last) {
        pixels[first] += color * splat(bottom - top);
        return;
    }
    pixels[first] += (at_high + slope * splat(0.5f * ((float)first + 1 - top) + top - high)) *
                     splat((float)first + 1 - top);
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
    vec4 haze;
    vec4 texel;                    /* of the last step, without haze */
    vec4 shown;                    /* with haze, if the last step is the horizon */
    float horizon;                 /* row coordinate, falls as the ground rises */
    float row, far;                /* of the last step */
    float fog, top, per, nearness; /* kept here so that a step reads nothing else */
    const int *stands;             /* what stands in this bucket of columns, near to far */
    int stand_count, stands_passed;
    float next_stand; /* distance of the next to pass */
    float *horizons;  /* the horizon when each was passed */
    int rows;
    bool water;
};

static inline float row_of(const struct canvas *canvas, float v)
{
    return (canvas->top - v) * canvas->per + 0.5f;
}

/* Colour through the haze; `near` is rows per metre at that distance. 1 / (1 + t + t^2/2 + t^3/6) follows
 * e^-t closely and costs one division. */
static inline vec4 fogged(const struct walk *walk, vec4 color, float far, float near)
{
    const float t = far * walk->fog, through = 1 / (1 + t * (1 + t * (0.5f + 0.167f * t)));
    vec4 seen = mix4(walk->haze, color, through);
    seen[3] = walk->nearness * near;
    return seen;
}

/* A step has arrived at `row`, above the horizon: the part from there up is new. */
static inline void reveal(struct walk *walk, float row, float far, float near, vec4 texel)
{
    vec4 from = walk->shown;
    if (walk->row != walk->horizon) from = fogged(walk, walk->texel, walk->far, walk->per / walk->far);
    const vec4 color = fogged(walk, texel, far, near);
    if (walk->row > walk->horizon)
        from = mix4(from, color, (walk->row - walk->horizon) / (walk->row - row + 1e-9f));
    stretch(walk->pixels, walk->rows, walk->horizon, row, from, color);
    walk->horizon = row;
    walk->shown = color;
}

/* The walk has come to where something stands: what hides it is the horizon now. */
static void pass_stand(struct walk *walk, float far)
{
    const struct standing *all = walk->view->stands->at;
    while (walk->stands_passed < walk->stand_count && all[walk->stands[walk->stands_passed]].far <= far)
        walk->horizons[walk->stands_passed++] = walk->horizon;
    walk->next_stand =
        walk->stands_passed < walk->stand_count ? all[walk->stands[walk->stands_passed]].far : 1e9f;
}

static void reveal_water(struct walk *walk, float row, float far)
{
    if (row >= walk->horizon) return;
    struct column *column = walk->column;
    struct stretch_of_water *last = column->waters > 0 ? &column->water[column->waters - 1] : NULL;
    if (last && last->high == walk->horizon) {
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
    const float half = level->cell_m * ((float)(level->side / 2) - 2.5f);
    const float tx = fabsf(dx) > 1e-6f ? ((dx > 0 ? half : -half) - eye->x) / dx : 1e9f;
    const float ty = fabsf(dy) > 1e-6f ? ((dy > 0 ? half : -half) - eye->y) / dy : 1e9f;
    if (fabsf(eye->x) > half || fabsf(eye->y) > half) return 0;
    return minf(tx, ty);
}

/* The water line lies between the last step and this one: both sides are finished at the shore itself. */
static void shore(struct walk *walk, float far, vec4 texel, bool wet)
{
    const float part = clampf(walk->texel[3] / (walk->texel[3] - texel[3] + 1e-9f), 0, 1);
    const float shore_far = mixf(walk->far, far, part);
    const float row = row_of(walk->view->canvas, -walk->view->eye.z / shore_far);
    if (!wet)
        reveal_water(walk, row, shore_far);
    else if (row < walk->horizon)
        reveal(walk, row, shore_far, walk->per / shore_far, walk->texel);
    if (!wet) walk->texel = texel;
    walk->shown = fogged(walk, walk->texel, shore_far, walk->per / shore_far);
    walk->row = row;
    walk->far = shore_far;
    walk->water = wet;
}

/* How far the walk may leap from a texel without missing anything: open water, or ground that stays hidden.
 */
static inline float leap(const struct walk *walk, const struct level *level, int ix, int iy, float far)
{
    const float peak = level->peaks[(iy >> BLOCK_SHIFT) * (level->side >> BLOCK_SHIFT) + (ix >> BLOCK_SHIFT)];
    const float length = level->cell_m * (BLOCK_SIDE - 1.5f);
    if (walk->water && peak < 0) return length;
    const float climb = maxf(peak, 0) - walk->view->eye.z;
    return climb * walk->per < (walk->top - walk->horizon) * (climb > 0 ? far : far + length) ? length : 0;
}

/* Walks through one level from `far` to `end`; returns where it stopped, beyond everything when nothing more
 * can be seen. */
static inline float walk_level(struct walk *walk, const struct level *level, float stride, float far,
                               float end, float dx, float dy)
{
    const struct view *view = walk->view;
    const struct vec3 eye = view->eye;
    const float per = 1 / level->cell_m, climb = maxf(view->world->top_m - eye.z, 0);
    const int side = level->side, pitch = level->pitch;
    const float gx0 = eye.x * per + (float)(side / 2), gy0 = eye.y * per + (float)(side / 2);
    const float top = walk->top, rows = walk->per;
    const bool wet_land = walk->column->wet;
    while (far < end) {
        const float gx = gx0 + dx * per * far, gy = gy0 + dy * per * far;
        const int ix = (int)gx, iy = (int)gy;
        const vec4 texel = bilinear(level->texels + iy * pitch + ix, pitch, gx - (float)ix, gy - (float)iy);
        const bool wet = wet_land && texel[3] < 0;
        const float near = rows / far, z = wet ? 0 : texel[3];
        const float row = top - (z - eye.z) * near;
        if (far >= walk->next_stand) pass_stand(walk, far);
        if (wet != walk->water) shore(walk, far, texel, wet);
        bool climbing = false;
        if (row < walk->horizon) {
            if (wet)
                reveal_water(walk, row, far);
            else
                reveal(walk, row, far, near, texel);
            if (row <= 0) return 1e9f;
            climbing = !wet;
        }
        if (top - climb * near > walk->horizon) return 1e9f;
        walk->row = row;
        walk->far = far;
        walk->texel = texel;
        const float on = climbing ? 0 : leap(walk, level, ix, iy, far);
        far += maxf(minf(stride, far * 0.02f + 0.01f), minf(on, maxf(walk->next_stand - far, 0)));
    }
    return far;
}

static inline void ground_draw(struct walk *walk, float azimuth)
{
    const struct view *view = walk->view;
    const struct world *world = view->world;
    const float dx = sinf(azimuth), dy = cosf(azimuth);
    const float floor_m = world_floor(world, view->eye.x, view->eye.y);
    const float lowest = view->canvas->top - (float)view->canvas->high * view->canvas->step;
    float far = 0.3f * (view->eye.z - floor_m) / maxf(-lowest, 0.3f);
    far = maxf(far, 0.05f);
    walk->far = far;
    walk->row = walk->horizon = (float)view->canvas->high;
    walk->texel = (vec4){ 0, 0, 0, floor_m };
    walk->fog = world->air.fog;
    walk->per = view->canvas->per;
    walk->nearness = world->ground.unit_m / walk->per;
    walk->haze = walk->column->haze;
    walk->rows = view->canvas->high;
    walk->shown = walk->texel;
    walk->top = row_of(view->canvas, 0);
    walk->water = walk->column->wet && floor_m <= 0;
    pass_stand(walk, far);
    for (int i = 0; i < LEVELS && far < 1e8f; i++) {
        const float end = leaves(&world->levels[i], &view->eye, dx, dy);
        const float stride = world->levels[i].cell_m * (i == 0 ? 1.25f : 1.6f);
        far = walk_level(walk, &world->levels[i], stride, far, end, dx, dy);
    }
    pass_stand(walk, 1e9f);
    if (walk->water && far < 1e8f) reveal_water(walk, row_of(view->canvas, -0.0002f), 30000);
}

/* The smooth sky along this azimuth, from the horizon up. */
static void sky_column(const struct world *world, float azimuth, vec4 *sky)
{
    const float turns = azimuth / (2 * PI_F) + 0.5f;
    const float x = clampf((turns - floorf(turns)) * SKY_WIDE - 0.5f, 0, SKY_WIDE - 1.001f);
    const int ix = (int)x;
    const vec4 *at = world->sky + ix;
    for (int y = 0; y < SKY_HIGH; y++) sky[y] = mix4(at[y * SKY_PITCH], at[y * SKY_PITCH + 1], x - (float)ix);
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
        walk->pixels[y] +=
            disc_at(view, azimuth, view->canvas->top - (float)y * view->canvas->step) * splat(open[y]);
}

/* Stars a little more than one pixel wide, so that none flickers while it crosses from pixel to pixel. */
static void stars_draw(const struct walk *walk, float azimuth, int rows, const float *open)
{
    const struct world *world = walk->view->world;
    const struct canvas *canvas = walk->view->canvas;
    int low = 0, high = world->star_count;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (world->stars[middle].azimuth < azimuth - 1.3f * canvas->step)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < world->star_count && world->stars[low].azimuth < azimuth + 1.3f * canvas->step; low++) {
        const struct star *star = &world->stars[low];
        const float across = 1 - fabsf(star->azimuth - azimuth) * canvas->per / 1.3f;
        const float at = (canvas->top - star->v) * canvas->per;
        for (int y = clampi((int)at - 1, 0, rows); y < clampi((int)at + 3, 0, rows); y++)
            walk->pixels[y] +=
                star->light * splat(across * maxf(0, 1 - fabsf((float)y - at) / 1.3f) * open[y]);
    }
}

/* The clouds along this azimuth, from the row of `first` pixels up to that of the topmost. */
static inline void cloud_column(const struct view *view, float azimuth, int rows, vec4 *clouds)
{
    const struct world *world = view->world;
    const float turns = (azimuth + (float)(view->time_s * 0.0035)) / (2 * PI_F) + 0.5f;
    const int wide = world->cloud_wide;
    const float x = (turns - floorf(turns)) * (float)wide;
    const int ix = clampi((int)x, 0, wide - 2), last = rows > 0 ? (int)view->cloud_at[0] + 1 : -1;
    const float fx = clampf(x - (float)ix, 0, 1);
    for (int y = (int)maxf(rows > 0 ? view->cloud_at[rows - 1] : 0, 0); y <= last; y++) {
        const vec4 *at = world->clouds + y * (wide + ROW_SPARE) + ix;
        clouds[y] = mix4(at[0], at[1], fx);
    }
}

static inline void sky_draw(struct walk *walk, float azimuth)
{
    const struct view *view = walk->view;
    const int rows = clampi((int)ceilf(walk->horizon), 0, view->canvas->high);
    vec4 clouds[CLOUD_HIGH_MOST];
    float open[ROWS_MOST];
    cloud_column(view, azimuth, rows, clouds);
    for (int y = 0; y < rows; y++) {
        const float sy = view->sky_at[y], cy = view->cloud_at[y];
        const vec4 *sky = walk->column->sky + (int)sy;
        vec4 color = mix4(sky[0], sky[1], sy - (float)(int)sy);
        float clear = 1;
        if (cy >= 0) {
            const vec4 cloud = mix4(clouds[(int)cy], clouds[(int)cy + 1], cy - (float)(int)cy);
            clear = 1 - cloud[3];
            color = color * splat(clear) + cloud;
        }
        color[3] = 0;
        const float part = minf(1, walk->horizon - (float)y);
        walk->pixels[y] += color * splat(part);
        open[y] = clear * clear * part;
    }
    disc_draw(walk, azimuth, rows, open);
    stars_draw(walk, azimuth, rows, open);
}

/* Far to near, each clipped to the horizon of its distance. */
static void stands_draw(const struct walk *walk, float azimuth, int x)
{
    const struct view *view = walk->view;
    struct cut cut = { view->world, view->canvas, walk->pixels, view->eye, azimuth, walk->column->haze, 0 };
    for (int i = walk->stand_count - 1; i >= 0; i--) {
        const struct standing *standing = &view->stands->at[walk->stands[i]];
        if (x < standing->first || x > standing->last) continue;
        cut.horizon = walk->horizons[i];
        stand_draw(&cut, standing);
    }
}

__attribute__((flatten, target_clones("avx2", "default"))) void column_draw(const struct view *view, int x)
{
    const struct canvas *canvas = view->canvas;
    const float azimuth = canvas->left + (float)x * canvas->step;
    struct column column = { .azimuth = azimuth, .wet = view->world->ground.land->water != WATER_NONE };
    float horizons[STAND_COLUMN_MOST];
    const int bucket = x / STAND_BUCKET;
    struct walk walk = { .view = view,
                         .column = &column,
                         .pixels = canvas->light + x * canvas->across,
                         .stands = view->stands->in_bucket + bucket * STAND_COLUMN_MOST,
                         .stand_count = view->stands->bucket_count[bucket],
                         .horizons = horizons };
    sky_column(view->world, azimuth, column.sky);
    column.haze = column.sky[1];
    for (int y = 0; y < canvas->high; y++) walk.pixels[y] = splat(0);
    ground_draw(&walk, azimuth);
    sky_draw(&walk, azimuth);
    water_draw(view, &column, walk.pixels);
    stands_draw(&walk, azimuth, x);
    fall_draw(view, azimuth, column.haze, walk.pixels);
}
