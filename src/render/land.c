#include "render/land.h"

#include "render/noise.h"

const struct land lands[] = {
    { "coast",
      340,
      900,
      0.7f,
      0.15f,
      3,
      60,
      4,
      WATER_SEA,
      { 0.10f, 0.13f, 0.05f },
      { 0.17f, 0.16f, 0.08f },
      { 0.16f, 0.145f, 0.13f },
      { 0.22f, 0.21f, 0.2f },
      420,
      TREE_NONE,
      0,
      0 },
    { "mountains",
      820,
      1500,
      0.8f,
      0.0f,
      9,
      130,
      12,
      WATER_LAKE,
      { 0.09f, 0.13f, 0.045f },
      { 0.15f, 0.14f, 0.07f },
      { 0.17f, 0.16f, 0.155f },
      { 0.82f, 0.86f, 0.92f },
      430,
      TREE_CONIFER,
      420,
      0 },
    { "hills",
      190,
      800,
      0.25f,
      0,
      12,
      150,
      5,
      WATER_NONE,
      { 0.12f, 0.18f, 0.05f },
      { 0.22f, 0.20f, 0.08f },
      { 0.18f, 0.16f, 0.12f },
      { 0.2f, 0.24f, 0.1f },
      400,
      TREE_LEAF,
      260,
      0 },
    { "lake",
      420,
      1100,
      0.55f,
      0,
      5,
      110,
      11,
      WATER_LAKE,
      { 0.10f, 0.15f, 0.05f },
      { 0.18f, 0.17f, 0.09f },
      { 0.16f, 0.15f, 0.14f },
      { 0.6f, 0.62f, 0.65f },
      380,
      TREE_CONIFER,
      480,
      0 },
    { "desert",
      130,
      620,
      0.6f,
      0,
      12,
      190,
      8,
      WATER_NONE,
      { 0.44f, 0.29f, 0.15f },
      { 0.50f, 0.34f, 0.19f },
      { 0.38f, 0.24f, 0.13f },
      { 0.46f, 0.31f, 0.17f },
      900,
      TREE_NONE,
      0,
      0 },
    { "canyon",
      330,
      800,
      0.45f,
      0.9f,
      7,
      120,
      7,
      WATER_NONE,
      { 0.36f, 0.20f, 0.10f },
      { 0.42f, 0.26f, 0.15f },
      { 0.37f, 0.16f, 0.08f },
      { 0.40f, 0.22f, 0.12f },
      260,
      TREE_BARE,
      24,
      0 },
    { "snow",
      620,
      1300,
      0.75f,
      0,
      9,
      130,
      10,
      WATER_NONE,
      { 0.80f, 0.84f, 0.90f },
      { 0.72f, 0.78f, 0.86f },
      { 0.24f, 0.24f, 0.26f },
      { 0.84f, 0.88f, 0.93f },
      60,
      TREE_CONIFER,
      300,
      0 },
    { "forest",
      260,
      900,
      0.35f,
      0,
      8,
      110,
      5,
      WATER_NONE,
      { 0.055f, 0.085f, 0.03f },
      { 0.10f, 0.09f, 0.045f },
      { 0.12f, 0.11f, 0.09f },
      { 0.08f, 0.12f, 0.05f },
      500,
      TREE_CONIFER,
      1100,
      0 },
    { "city",
      160,
      1400,
      0.3f,
      0,
      1,
      200,
      20,
      WATER_SEA,
      { 0.075f, 0.08f, 0.085f },
      { 0.10f, 0.10f, 0.10f },
      { 0.14f, 0.13f, 0.12f },
      { 0.12f, 0.13f, 0.1f },
      500,
      TREE_NONE,
      0,
      150 },
};
const size_t land_count = COUNT_OF(lands);

/* As many octaves as fit above twice the distance of samples. */
static int octaves(float scale_m, float cell_m, int most)
{
    int count = 1;
    for (float size = scale_m * 0.5f; count < most && size > 2 * cell_m; size *= 0.5f) count++;
    return count;
}

/* 1 behind the subject, less in front and at the sides: the stage is open toward the camera. */
static float backdrop(float x, float y)
{
    const float r = sqrtf(x * x + y * y) + 1e-3f;
    return mixf(0.12f, 1, smoothf(-0.35f, 0.75f, y / r));
}

static float relief(const struct ground *ground, float x, float y, float cell_m)
{
    const struct land *land = ground->land;
    const float r = sqrtf(x * x + y * y), unit = maxf(ground->unit_m, 30);
    const float begin = land->near * unit, full = begin + 1.6f * land->relief_scale_m;
    const float there = smoothf(begin * 0.7f, full, r);
    if (there <= 0) return 0;
    const float sx = x / land->relief_scale_m, sy = y / land->relief_scale_m;
    const int count = octaves(land->relief_scale_m, cell_m, 8);
    float sharp = 0, round = 0;
    if (land->ridge > 0) sharp = noise_ridge(ground->seed, sx, sy, count);
    if (land->ridge < 1)
        round =
            0.5f + 0.75f * noise_fbm(ground->seed + 40, sx, sy, land->ridge > 0.3f && count > 4 ? 4 : count);
    float height = mixf(round * round, sharp * sharp * 1.5f, land->ridge);
    if (land->steps > 0) {
        const float level = height * 5, base = floorf(level), edge = smoothf(0.55f, 0.85f, level - base);
        height = mixf(height, (base + edge) / 5, land->steps);
    }
    return land->relief_m * there * backdrop(x, y) * height;
}

/* Sea: open toward the camera, mainland behind on one side. Lake: a basin in front of the subject. Far from
 * the shore its wandering, never more than one unit of noise, changes nothing. */
static float basin(const struct ground *ground, float x, float y)
{
    const struct land *land = ground->land;
    const float unit = ground->unit_m, side = ground->seed & 1 ? 1.0f : -1.0f;
    if (land->water == WATER_SEA) {
        const float coast = y - 1.6f * unit + side * 0.9f * x;
        if (coast < -1.95f * unit || coast > 2.15f * unit) return coast < 0 ? -7 : 5;
        const float wander =
            0.9f * unit * noise_fbm(ground->seed + 5, x / (2.2f * unit), y / (2.2f * unit), 4);
        return mixf(-7, 5, smoothf(-unit, 1.2f * unit, coast + wander));
    }
    if (land->water == WATER_LAKE) {
        const float cx = x + side * 0.5f * unit, cy = y + 0.75f * unit;
        const float out = sqrtf(cx * cx * 0.35f + cy * cy * 1.6f) / unit;
        if (out < 0.18f || out > 1.72f) return out < 1 ? -4 : 2.4f;
        const float wander = 0.35f * noise_fbm(ground->seed + 5, x / unit, y / unit, 4);
        return mixf(-4, 2.4f, smoothf(0.55f, 1.35f, out + wander));
    }
    return 2;
}

/* Wind ripples and dunes of sand. */
static float dunes(const struct ground *ground, float x, float y)
{
    const float bend = noise(ground->seed + 70, x * 0.008f, y * 0.008f);
    const float along = (x * 0.8f + y * 0.6f) * 0.02f + 1.4f * bend;
    const float crest = 1 - fabsf(noise(ground->seed + 71, along, 0.12f * (y - x) * 0.02f));
    return 7 * crest * crest;
}

float land_height(const struct ground *ground, float x, float y, float cell_m)
{
    const struct land *land = ground->land;
    const float r = sqrtf(x * x + y * y), unit = ground->unit_m, wide = maxf(unit, 30);
    float height = basin(ground, x, y) + relief(ground, x, y, cell_m);
    const int count = octaves(land->roll_scale_m, cell_m, 8);
    const float roll = noise_fbm(ground->seed + 20, x / land->roll_scale_m, y / land->roll_scale_m, count);
    height += land->roll_m * roll * mixf(0.12f, 1, smoothf(0.5f * wide, 5 * wide, r));
    if (land->low[0] > 0.4f && land->water == WATER_NONE && land->relief_m < 300)
        height += dunes(ground, x, y) * smoothf(0.8f * wide, 4 * wide, r);
    float rough = 0;
    if (cell_m < 1.5f)
        rough = 0.16f * noise_fbm(ground->seed + 31, x * 0.4f, y * 0.4f, octaves(2.5f, cell_m, 3));
    height += rough;
    if (r > 0.6f * unit) return height;
    const float foot = ground->mound_m * smoothf(0.42f * unit, 0.06f * unit, r * (1 + 1.6f * rough));
    const float crag =
        0.5f + noise_fbm(ground->seed + 33, x * 9 / unit, y * 9 / unit, octaves(unit / 9, cell_m, 5));
    if (ground->mound_m < 4) return height + foot;
    return height + foot * mixf(crag, 1, smoothf(0.16f * unit, 0.07f * unit, r));
}

vec4 land_albedo(const struct ground *ground, float x, float y, float height, float slope, float cell_m)
{
    const struct land *land = ground->land;
    const float patch = noise_fbm(ground->seed + 50, x * 0.021f, y * 0.021f, octaves(48, cell_m, 5));
    float fine = 0;
    if (cell_m < 1) fine = noise_fbm(ground->seed + 58, x * 0.9f, y * 0.9f, octaves(1.1f, cell_m, 3));
    vec4 color = mix4(land->low, land->soil, clampf(0.45f + 1.1f * patch + 0.5f * fine, 0, 1));
    const float steep = smoothf(0.22f, 0.42f, slope + 0.25f * patch * slope);
    const float band = 1 + 0.22f * land->steps * noise(ground->seed + 60, height * 0.09f, 0.3f);
    color = mix4(color, land->rock * splat(band * (1 + 0.5f * patch)), steep);
    const float cap = smoothf(land->top_m * 0.85f, land->top_m * 1.15f, height * (1 + 0.35f * patch));
    color = mix4(color, land->top, cap * (1 - 0.8f * smoothf(0.3f, 0.5f, slope)));
    if (land->water != WATER_NONE) {
        const float beach = smoothf(1.6f, 0.5f, height + 0.8f * patch);
        color = mix4(color, rgb(0.26f, 0.22f, 0.16f), beach * 0.8f * (1 - steep));
        color *= splat(mixf(0.5f, 1, smoothf(0.0f, 0.5f, height)));
    }
    return color * splat(1 + 0.35f * fine + 0.25f * patch);
}
