#include "render/depth.h"

#include <stdlib.h>
#include <string.h>

enum { GRID = 48 }; /* cells along the longer side */

struct grid {
    int wide, high;
    vec4 *color; /* mean, square root of light; w: contrast inside the cell */
    float *near, *work;
};

static void grid_fill(struct grid *grid, const vec4 *pixels, int wide, int high)
{
    for (int gy = 0; gy < grid->high; gy++)
        for (int gx = 0; gx < grid->wide; gx++) {
            const int x0 = gx * wide / grid->wide, x1 = (gx + 1) * wide / grid->wide;
            const int y0 = gy * high / grid->high, y1 = (gy + 1) * high / grid->high;
            vec4 sum = splat(0);
            float edges = 0;
            int count = 0;
            for (int y = y0; y < (y1 > y0 ? y1 : y0 + 1); y++)
                for (int x = x0; x < (x1 > x0 ? x1 : x0 + 1); x++, count++) {
                    const vec4 c = pixels[y * wide + x];
                    sum += rgb(sqrtf(c[0]), sqrtf(c[1]), sqrtf(c[2]));
                    if (x > 0) edges += fabsf(sqrtf(luma4(c)) - sqrtf(luma4(pixels[y * wide + x - 1])));
                }
            vec4 mean = sum * splat(1 / (float)count);
            mean[3] = edges / (float)count;
            grid->color[gy * grid->wide + gx] = mean;
        }
}

static float unlike(vec4 a, vec4 b)
{
    const vec4 d = a - b;
    return sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

/* Difference from the nearest colours along the upper and side borders: what stands before a background. */
static float stands_out(const struct grid *grid, vec4 color)
{
    float least = 9;
    for (int x = 0; x < grid->wide; x++) least = minf(least, unlike(color, grid->color[x]));
    for (int y = 0; y < grid->high * 3 / 4; y++) {
        least = minf(least, unlike(color, grid->color[y * grid->wide]));
        least = minf(least, unlike(color, grid->color[y * grid->wide + grid->wide - 1]));
    }
    return least;
}

static void grid_judge(struct grid *grid)
{
    for (int y = 0; y < grid->high; y++)
        for (int x = 0; x < grid->wide; x++) {
            const vec4 color = grid->color[y * grid->wide + x];
            const float fx = ((float)x + 0.5f) / (float)grid->wide * 2 - 1,
                        fy = ((float)y + 0.5f) / (float)grid->high;
            const float middle = expf(-2.2f * fx * fx - 3 * (fy - 0.55f) * (fy - 0.55f));
            const float out = smoothf(0.05f, 0.32f, stands_out(grid, color)) * (0.35f + 0.65f * middle);
            /* What stands out is one thing and stays in one plane; the ground comes nearer toward the foot.
             */
            const float sharp = smoothf(0.01f, 0.06f, color[3]), low = smoothf(0.5f, 1.12f, fy);
            const float ground = low * (0.78f + 0.1f * sharp);
            grid->near[y * grid->wide + x] = mixf(ground, 0.5f, clampf(1.4f * out, 0, 1));
        }
}

/* Smooths over cells of like colour and leaves borders between unlike ones. */
static void grid_smooth(struct grid *grid)
{
    memcpy(grid->work, grid->near, sizeof(float) * (size_t)(grid->wide * grid->high));
    for (int y = 0; y < grid->high; y++)
        for (int x = 0; x < grid->wide; x++) {
            float sum = 0, weight = 0;
            for (int j = -2; j <= 2; j++)
                for (int i = -2; i <= 2; i++) {
                    const int at =
                        clampi(y + j, 0, grid->high - 1) * grid->wide + clampi(x + i, 0, grid->wide - 1);
                    const float d = unlike(grid->color[at], grid->color[y * grid->wide + x]);
                    const float w = expf(-80 * d * d - 0.15f * (float)(i * i + j * j));
                    sum += w * grid->work[at];
                    weight += w;
                }
            grid->near[y * grid->wide + x] = sum / weight;
        }
}

/* Each pixel takes the nearness of the cells around it whose colour it shares. */
static void spread(const struct grid *grid, const vec4 *pixels, int wide, int high, float *near)
{
    for (int y = 0; y < high; y++)
        for (int x = 0; x < wide; x++) {
            const float gx = ((float)x + 0.5f) * (float)grid->wide / (float)wide - 0.5f;
            const float gy = ((float)y + 0.5f) * (float)grid->high / (float)high - 0.5f;
            const int ix = floori(gx), iy = floori(gy);
            const vec4 c = pixels[y * wide + x], root = rgb(sqrtf(c[0]), sqrtf(c[1]), sqrtf(c[2]));
            float sum = 0, weight = 0;
            for (int k = 0; k < 4; k++) {
                const int cx = ix + (k & 1), cy = iy + (k >> 1);
                const int at = clampi(cy, 0, grid->high - 1) * grid->wide + clampi(cx, 0, grid->wide - 1);
                const float tent = (1 - fabsf(gx - (float)cx)) * (1 - fabsf(gy - (float)cy));
                const float d = unlike(root, grid->color[at]), w = (tent + 0.01f) / (0.004f + d * d);
                sum += w * grid->near[at];
                weight += w;
            }
            near[y * wide + x] = sum / weight;
        }
}

bool depth_guess(const vec4 *pixels, int wide, int high, float *near_out)
{
    const int longer = wide > high ? wide : high, cells = longer < GRID ? longer : GRID;
    struct grid grid = { .wide = clampi(wide * cells / longer, 1, GRID),
                         .high = clampi(high * cells / longer, 1, GRID) };
    grid.color = aligned_alloc(16, sizeof(vec4) * GRID * GRID);
    grid.near = calloc(GRID * GRID, sizeof(float));
    grid.work = calloc(GRID * GRID, sizeof(float));
    const bool done = grid.color && grid.near && grid.work;
    if (done) {
        grid_fill(&grid, pixels, wide, high);
        grid_judge(&grid);
        for (int i = 0; i < 3; i++) grid_smooth(&grid);
        spread(&grid, pixels, wide, high, near_out);
    }
    free(grid.color);
    free(grid.near);
    free(grid.work);
    return done;
}
