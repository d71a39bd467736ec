#include "render/world.h"

#include "render/noise.h"
#include "render/sky.h"

#include <stdlib.h>

struct baking {
    struct world *world;
    int level;
};

static inline float place(const struct level *level, int i)
{
    return (float)(i - level->side / 2) * level->cell_m;
}

static vec4 sample(const struct level *level, float x, float y)
{
    const float per = 1 / level->cell_m, half = (float)(level->side / 2), most = 2 * half - 1.01f;
    const float gx = clampf(x * per + half, 0, most), gy = clampf(y * per + half, 0, most);
    const int ix = (int)gx, iy = (int)gy;
    return bilinear(level->texels + iy * level->pitch + ix, level->pitch, gx - (float)ix, gy - (float)iy);
}

/* 0 inside, 1 on the rim, where a map must equal the next coarser one. */
static float rim(int side, int x, int y)
{
    const int half = side / 2, out = abs(x - half) > abs(y - half) ? abs(x - half) : abs(y - half);
    return smoothf(0.84f, 0.97f, (float)out / (float)half);
}

/* No camera ever turns far enough to see what lies behind its opening position. */
static bool unseen(const struct world *world, float y) { return y < -2.3f * world->look->unit_m; }

static void height_row(void *context, int y)
{
    const struct baking *bake = context;
    const struct world *world = bake->world;
    const struct level *level = &world->levels[bake->level];
    if (unseen(world, place(level, y))) {
        for (int x = 0; x < level->side; x++) level->texels[y * level->pitch + x] = (vec4){ 0, 0, 0, 1 };
        return;
    }
    for (int x = 0; x < level->side; x++) {
        const float px = place(level, x), py = place(level, y), edge = rim(level->side, x, y);
        float height = land_height(&world->ground, px, py, level->cell_m);
        if (edge > 0 && bake->level + 1 < LEVELS)
            height = mixf(height, sample(&world->levels[bake->level + 1], px, py)[3], edge);
        level->texels[y * level->pitch + x] = (vec4){ 0, 0, 0, height };
    }
}

/* Part of the sun that reaches a point: the narrowest gap between the ray and the ground on its way. */
static float sunshine(const struct world *world, int index, float x, float y, float z)
{
    const struct vec3 sun = world->air.sun;
    const float flat = sqrtf(sun.x * sun.x + sun.y * sun.y), rise = sun.z / maxf(flat, 1e-3f);
    const float dx = sun.x / maxf(flat, 1e-3f), dy = sun.y / maxf(flat, 1e-3f);
    float open = 1, step = world->levels[index].cell_m * 1.5f, far = step;
    for (int i = 0; i < 18; i++, step *= 1.38f, far += step) {
        const float sx = x + dx * far, sy = y + dy * far, ray = z + rise * far;
        if (ray > world->top_m) break;
        while (index + 1 < LEVELS &&
               maxf(fabsf(sx), fabsf(sy)) >
                   world->levels[index].cell_m * (float)(world->levels[index].side / 2 - 2))
            index++;
        const struct level *level = &world->levels[index];
        const int ix = clampi((int)(sx / level->cell_m) + level->side / 2, 0, level->side - 1);
        const int iy = clampi((int)(sy / level->cell_m) + level->side / 2, 0, level->side - 1);
        const float gap = (ray - level->texels[iy * level->pitch + ix][3]) / (0.05f * far + 0.1f);
        if (gap < open) open = gap;
        if (open <= 0) return 0;
    }
    return open * open * (3 - 2 * open);
}

static vec4 lit(const struct world *world, int index, int x, int y)
{
    const struct level *level = &world->levels[index];
    const int left = x > 0, right = x<level->side - 1, low = y> 0, high = y < level->side - 1;
    const vec4 *at = level->texels + y * level->pitch + x;
    const float height = at[0][3];
    const float sx = (at[right][3] - at[-left][3]) / (level->cell_m * (float)(left + right));
    const float sy =
        (at[high * level->pitch][3] - at[-low * level->pitch][3]) / (level->cell_m * (float)(low + high));
    const struct vec3 up = unit3((struct vec3){ -sx, -sy, 1 });
    const float px = place(level, x), py = place(level, y);
    const vec4 albedo = land_albedo(&world->ground, px, py, height, 1 - up.z, level->cell_m);
    float facing = maxf(0, dot3(up, world->air.sun) + 0.04f);
    if (facing > 0) facing *= sunshine(world, index, px, py, height + 0.3f * level->cell_m);
    float hollow = 0;
    if (index + 1 < LEVELS)
        hollow = (sample(&world->levels[index + 1], px, py)[3] - height) / (6 * level->cell_m);
    const float open = clampf(0.5f + 0.5f * up.z, 0, 1) * clampf(0.92f - hollow, 0.45f, 1.12f);
    const vec4 bounce = world->air.sunlight * splat(0.06f);
    vec4 color =
        albedo * (world->air.sunlight * splat(facing) + (world->air.skylight + bounce) * splat(open));
    color[3] = height;
    return color;
}

/* Deep below the water, and so are all neighbours. */
static bool drowned(const struct world *world, const struct level *level, int x, int y)
{
    if (world->ground.land->water == WATER_NONE || x < 1 || y < 1 || x > level->side - 2 ||
        y > level->side - 2)
        return false;
    const vec4 *at = level->texels + y * level->pitch + x;
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++)
            if (at[j * level->pitch + i][3] > -0.4f) return false;
    return true;
}

/* Light is computed from the neighbours' heights, so only colours are written here. */
static void light_row(void *context, int y)
{
    const struct baking *bake = context;
    const struct world *world = bake->world;
    const struct level *level = &world->levels[bake->level];
    if (unseen(world, place(level, y))) return;
    for (int x = 0; x < level->side; x++) {
        if (drowned(world, level, x, y)) continue;
        vec4 color = lit(world, bake->level, x, y);
        const float edge = rim(level->side, x, y);
        if (edge > 0 && bake->level + 1 < LEVELS)
            color =
                mix4(color, sample(&world->levels[bake->level + 1], place(level, x), place(level, y)), edge);
        float *texel = (float *)&level->texels[y * level->pitch + x];
        for (int i = 0; i < 3; i++) texel[i] = color[i];
    }
}

/* The highest texel of a block and its eight neighbours: from anywhere in the block, nothing within
 * BLOCK_SIDE texels is higher. */
static float peak(const struct level *level, int bx, int by)
{
    float most = -1e9f;
    const int x1 = clampi((bx + 2) * BLOCK_SIDE, 0, level->side - 1),
              y1 = clampi((by + 2) * BLOCK_SIDE, 0, level->side - 1);
    for (int y = clampi((by - 1) * BLOCK_SIDE, 0, level->side); y <= y1; y++)
        for (int x = clampi((bx - 1) * BLOCK_SIDE, 0, level->side); x <= x1; x++)
            most = maxf(most, level->texels[y * level->pitch + x][3]);
    return most;
}

static void peak_row(void *context, int by)
{
    const struct baking *bake = context;
    const struct level *level = &bake->world->levels[bake->level];
    const int blocks = level->side >> BLOCK_SHIFT;
    for (int bx = 0; bx < blocks; bx++) level->peaks[by * blocks + bx] = peak(level, bx, by);
}

static void ground_bake(struct world *world, struct team *team)
{
    struct baking bake = { .world = world };
    for (bake.level = LEVELS - 1; bake.level >= 0; bake.level--)
        team_run(team, height_row, &bake, world->levels[0].side);
    for (bake.level = 0; bake.level < LEVELS; bake.level++)
        team_run(team, peak_row, &bake, world->levels[0].side >> BLOCK_SHIFT);
    for (int i = 0; i < LEVELS; i++)
        for (int t = 0; t < (world->levels[i].side >> BLOCK_SHIFT) * (world->levels[i].side >> BLOCK_SHIFT);
             t++)
            world->top_m = maxf(world->top_m, world->levels[i].peaks[t]);
    for (bake.level = LEVELS - 1; bake.level >= 0; bake.level--)
        team_run(team, light_row, &bake, world->levels[0].side);
}

float world_floor(const struct world *world, float x, float y)
{
    for (int i = 0; i < LEVELS; i++)
        if (i == LEVELS - 1 ||
            maxf(fabsf(x), fabsf(y)) < world->levels[i].cell_m * (float)(world->levels[i].side / 2 - 2)) {
            const float height = sample(&world->levels[i], x, y)[3];
            return world->ground.land->water != WATER_NONE ? maxf(height, 0) : height;
        }
    return 0;
}

static bool world_alloc(struct world *world, bool fine)
{
    world->cloud_wide = fine ? 2048 : 1024;
    world->cloud_high = fine ? 256 : 128;
    for (int i = 0; i < LEVELS; i++) {
        const size_t side = fine ? 512 : 256;
        world->levels[i].side = (int)side;
        world->levels[i].pitch = (int)side + ROW_SPARE;
        world->levels[i].texels = aligned_alloc(64, sizeof(vec4) * side * (side + ROW_SPARE));
        world->levels[i].peaks = malloc(sizeof(float) * (side >> BLOCK_SHIFT) * (side >> BLOCK_SHIFT));
        if (!world->levels[i].texels || !world->levels[i].peaks) return false;
    }
    world->sky = aligned_alloc(64, sizeof(vec4) * SKY_PITCH * SKY_HIGH);
    const size_t cloud_items = (size_t)(world->cloud_wide + ROW_SPARE) * (size_t)world->cloud_high;
    world->clouds = aligned_alloc(64, sizeof(vec4) * cloud_items);
    world->waves = calloc(2 * (WAVE_SIDE + 1) * (WAVE_SIDE + 1), sizeof *world->waves);
    return world->sky && world->clouds && world->waves;
}

/* The inner map resolves the subject, the outer one reaches the far mountains; the others lie between. */
static void world_measure(struct world *world)
{
    const float inner = world->look->unit_m / (float)(world->levels[0].side / 4),
                outer = 9216 / (float)world->levels[0].side;
    const float ratio = powf(outer / inner, 1.0f / (LEVELS - 1));
    float cell = inner;
    for (int i = 0; i < LEVELS; i++, cell *= ratio) world->levels[i].cell_m = cell;
}

bool world_open(const struct brief *brief, const struct light *light, bool fine, bool gate, bool tufts,
                struct team *team, struct world **out, struct error *err)
{
    struct world *world = calloc(1, sizeof *world);
    if (!world || !world_alloc(world, fine)) {
        world_close(world);
        return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for the scene.");
    }
    world->brief = *brief;
    world->air = air_of(brief->hour, brief->weather, light);
    world->look = &subjects[brief->subject];
    world->ground = (struct ground){ brief->land, brief->seed, world->look->unit_m, world->look->mound_m };
    world_measure(world);
    ground_bake(world, team);
    sky_bake(world, team);
    world->foot_m = world_floor(world, 0, 0);
    world->eye_m = world->look->eye_m + world_floor(world, 0, -world->look->unit_m);
    if (!props_place(world, gate, tufts)) {
        world_close(world);
        return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for the scene.");
    }
    *out = world;
    return true;
}

void world_close(struct world *world)
{
    if (!world) return;
    for (int i = 0; i < LEVELS; i++) {
        free(world->levels[i].texels);
        free(world->levels[i].peaks);
    }
    free(world->sky);
    free(world->clouds);
    free(world->waves);
    props_clear(&world->props);
    free(world);
}
