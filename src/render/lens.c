#include "render/lens.h"

#include "render/fetch.h"
#include "render/noise.h"

#include <string.h>

enum { BAND = 16 };

void lens_map(const struct lens *lens, enum projection projection, float x, float y, float *u_out,
              float *v_out)
{
    float cx = (x - 0.5f * (float)lens->width) / lens->focal_px,
          cy = (0.5f * (float)lens->height - y) / lens->focal_px;
    float cz = 1;
    if (lens->fisheye > 0) {
        const float r = sqrtf(cx * cx + cy * cy) + 1e-6f;
        const float angle = mixf(atanf(r), minf(r, 1.5f), lens->fisheye), s = sinf(angle) / r;
        cx *= s;
        cy *= s;
        cz = cosf(angle);
    }
    const float cr = cosf(lens->roll), sr = sinf(lens->roll), cp = cosf(lens->pitch), sp = sinf(lens->pitch);
    const float lx = cx * cr + cy * sr, ly = cy * cr - cx * sr;
    const float away = cz * cp - ly * sp, up = cz * sp + ly * cp;
    if (projection == PROJECTION_PANORAMA) {
        *u_out = lens->yaw + atan2f(lx, away);
        *v_out = clampf(up / (sqrtf(lx * lx + away * away) + 1e-6f), -6, 6);
        return;
    }
    const float cw = cosf(lens->yaw), sw = sinf(lens->yaw);
    const float front = maxf(away * cw - lx * sw, 0.08f);
    *u_out = clampf((lx * cw + away * sw) / front, -12, 12);
    *v_out = clampf(up / front, -12, 12);
}

void lens_bounds(const struct lens *lens, enum projection projection, float bounds_out[4])
{
    bounds_out[0] = bounds_out[2] = 1e9f;
    bounds_out[1] = bounds_out[3] = -1e9f;
    for (int j = 0; j <= 16; j++)
        for (int i = 0; i <= 16; i++) {
            float u, v;
            lens_map(lens, projection, (float)(lens->width * i) / 16, (float)(lens->height * j) / 16, &u, &v);
            bounds_out[0] = minf(bounds_out[0], u);
            bounds_out[1] = maxf(bounds_out[1], u);
            bounds_out[2] = minf(bounds_out[2], v);
            bounds_out[3] = maxf(bounds_out[3], v);
        }
    const float spare = 0.012f * (bounds_out[3] - bounds_out[2]);
    bounds_out[2] -= spare;
    bounds_out[3] += spare;
}

/* Film grain is soft: white noise less its neighbourhood, slightly blurred, so that it has no slow waves. */
void grain_bake(int8_t *grain, uint32_t seed)
{
    for (int y = 0; y < GRAIN_SIDE; y++)
        for (int x = 0; x < GRAIN_SIDE; x++) {
            float sum = 0;
            for (int j = -1; j <= 1; j++)
                for (int i = -1; i <= 1; i++) {
                    const uint32_t h = hash_at(seed, (x + i) & (GRAIN_SIDE - 1), (y + j) & (GRAIN_SIDE - 1));
                    const float white = (float)((h & 255) + ((h >> 8) & 255) + ((h >> 16) & 255)) - 382.5f;
                    sum += white * (i == 0 && j == 0 ? 1.0f : i == 0 || j == 0 ? 0.25f : 0.0f);
                }
            grain[y * GRAIN_SIDE + x] = (int8_t)clampf(sum * 0.225f, -127, 127);
        }
}

struct drawing {
    const struct canvas *canvas;
    const struct lens *lenses;
    int count;
    const struct finish *finish;
    const struct planes *out;
    int16_t shade[WIDE_MOST], row_shade[WIDE_MOST]; /* in 1/32768 */
};

/* Everything one band needs on the stack of its thread. */
struct bench {
    struct line edges[SMEAR_MOST][2]; /* along the upper and lower edge of the band, for each moment */
    struct line line;
    int32_t sum[WIDE_MOST / 2], blue[WIDE_MOST / 2], red[WIDE_MOST / 2];
    int16_t tint[WIDE_MOST / 2], luma[WIDE_MOST + NODE];
    int16_t half[BAND / 2 + 2][WIDE_MOST / 2 + 2]; /* smeared rows, one for two of the frame */
    int8_t grain[WIDE_MOST];
};

static void edge_make(const struct drawing *draw, const struct lens *lens, float y, struct line *line)
{
    const struct canvas *canvas = draw->canvas;
    for (int i = 0; i * NODE < lens->width + NODE; i++) {
        float u, v;
        lens_map(lens, canvas->projection, (float)(i * NODE), y, &u, &v);
        line->u[i] = (u - canvas->left) * canvas->per;
        line->v[i] = (canvas->top - v) * canvas->per;
    }
}

/* The line `t` of the way from the upper edge to the lower. */
static void line_make(const struct line edges[2], float t, int width, struct line *line)
{
    for (int i = 0; i * NODE < width + NODE; i++) {
        line->u[i] = mixf(edges[0].u[i], edges[1].u[i], t);
        line->v[i] = mixf(edges[0].v[i], edges[1].v[i], t);
    }
}

/* The vignette is a bell over the distance from the middle: the product of one factor per column and one per
 * row. The corner gets 1 - strength. */
static int16_t shade_at(float strength, int i, int count, int other)
{
    const float half = 0.5f * (float)count, off = (float)i + 0.5f - half;
    const float corner = half * half + 0.25f * (float)other * (float)other;
    return (int16_t)(32767 * expf(logf(1 - minf(strength, 0.95f)) * off * off / corner));
}

/* a * b / 2^15, rounded: one instruction where there are vectors. */
static inline int16_t times(int16_t a, int16_t b) { return (int16_t)(((a * b >> 14) + 1) >> 1); }

/* Grain is strongest in the middle tones and fades toward black and white. */
__attribute__((target_clones("avx2", "default"))) static void
store_luma(const int16_t *restrict luma, const int16_t *restrict shade, const int8_t *restrict grain,
           int16_t row_shade, int16_t gain, int count, uint8_t *restrict out)
{
    for (int i = 0; i < count; i++) {
        const int16_t shaded = times(luma[i], times(shade[i], row_shade)); /* Y' * 64 above black */
        const int16_t level = (int16_t)(shaded >> 6), middle = (int16_t)(level * (int16_t)(255 - level));
        const int16_t grit = (int16_t)((int16_t)(grain[i] * gain) >> 4);
        const int16_t noisy = (int16_t)(shaded + times(grit, (int16_t)(middle + 6000)));
        const int16_t value = (int16_t)(16 + ((int16_t)(noisy + 32) >> 6));
        out[i] = (uint8_t)(value < 16 ? 16 : value > 235 ? 235 : value);
    }
}

__attribute__((target_clones("avx2", "default"))) static void
store_chroma(const int16_t *restrict tint, const int16_t *restrict shade, const int8_t *restrict grain,
             int16_t row_shade, int count, uint8_t *restrict out)
{
    for (int i = 0; i < count; i++) {
        const int16_t shaded = times(tint[i], times(shade[2 * i], row_shade));
        const int16_t value = (int16_t)(128 + ((int16_t)(shaded + 32 + (grain[i] >> 2)) >> 6));
        out[i] = (uint8_t)(value < 16 ? 16 : value > 240 ? 240 : value);
    }
}

__attribute__((target_clones("avx2", "default"))) static void
average(const int32_t *restrict sum, int moments, int count, int16_t *restrict out)
{
    const int32_t per = 4096 / moments;
    for (int i = 0; i < count; i++) out[i] = (int16_t)((sum[i] * per) >> 12);
}

/* Between two rows of half size and their pixels: three parts of the nearer, one of the farther. */
__attribute__((target_clones("avx2", "default"))) static void
enlarge(const int16_t *restrict near, const int16_t *restrict other, int count, int16_t *restrict out)
{
    int16_t row[WIDE_MOST / 2 + 2];
    for (int i = 0; i < count + 2; i++) row[i] = (int16_t)((3 * near[i] + other[i]) >> 2);
    for (int i = 0; i < count; i++) {
        out[2 * i] = (int16_t)((3 * row[i + 1] + row[i]) >> 2);
        out[2 * i + 1] = (int16_t)((3 * row[i + 1] + row[i + 2]) >> 2);
    }
}

static void grain_row(const struct finish *finish, int y, int count, int8_t *row)
{
    const int8_t *from = finish->grain + ((y + finish->grain_y) & (GRAIN_SIDE - 1)) * GRAIN_SIDE;
    const int x0 = finish->grain_x & (GRAIN_SIDE - 1);
    for (int x = 0; x < count;) {
        const int at = (x + x0) & (GRAIN_SIDE - 1);
        const int n = GRAIN_SIDE - at < count - x ? GRAIN_SIDE - at : count - x;
        memcpy(row + x, from + at, (size_t)n);
        x += n;
    }
}

static void luma_row(const struct drawing *draw, struct bench *bench, int y)
{
    const int width = draw->lenses[0].width;
    grain_row(draw->finish, y, width, bench->grain);
    const int16_t gain = (int16_t)minf(draw->finish->grain_steps * (2 * 16 * 32768.0f / 22300), 255);
    store_luma(bench->luma, draw->shade, bench->grain, draw->row_shade[y], gain, width,
               draw->out->y + y * draw->out->y_stride);
}

static void chroma_row(const struct drawing *draw, struct bench *bench, int y)
{
    const int width = draw->lenses[0].width / 2;
    grain_row(draw->finish, y, 2 * width, bench->grain);
    average(bench->blue, draw->count, width, bench->tint);
    store_chroma(bench->tint, draw->shade, bench->grain, draw->row_shade[y], width,
                 draw->out->u + y / 2 * draw->out->uv_stride);
    average(bench->red, draw->count, width, bench->tint);
    store_chroma(bench->tint, draw->shade, bench->grain + width, draw->row_shade[y], width,
                 draw->out->v + y / 2 * draw->out->uv_stride);
}

/* Sums every moment of the rows `y` and `y + 1`, which lie in the band or just beside it. */
static void pairs_sum(const struct drawing *draw, struct bench *bench, int y, int first, bool with_luma)
{
    const int width = draw->lenses[0].width, half = width / 2;
    memset(bench->sum, 0, (size_t)half * sizeof bench->sum[0]);
    memset(bench->blue, 0, (size_t)half * sizeof bench->blue[0]);
    memset(bench->red, 0, (size_t)half * sizeof bench->red[0]);
    for (int k = 0; k < draw->count; k++) {
        line_make(bench->edges[k], (float)(y - first + 1) / BAND, width, &bench->line);
        fetch_pairs(draw->canvas, &bench->line, half, with_luma ? bench->sum : NULL, bench->blue, bench->red);
    }
}

static void sharp_band(const struct drawing *draw, struct bench *bench, int first, int end)
{
    const int width = draw->lenses[0].width;
    for (int y = first; y < end; y++) {
        line_make(bench->edges[0], ((float)(y - first) + 0.5f) / BAND, width, &bench->line);
        fetch_luma(draw->canvas, &bench->line, width, bench->luma);
        luma_row(draw, bench, y);
        if (y % 2) continue;
        pairs_sum(draw, bench, y, first, false);
        chroma_row(draw, bench, y);
    }
}

/* A smeared picture has no detail that half its size would lose. */
static void smeared_band(const struct drawing *draw, struct bench *bench, int first, int end)
{
    const int half = draw->lenses[0].width / 2;
    for (int y = first - 2; y <= end; y += 2) {
        pairs_sum(draw, bench, y, first, true);
        int16_t *row = bench->half[(y - first) / 2 + 1];
        average(bench->sum, draw->count, half, row + 1);
        row[0] = row[1];
        row[half + 1] = row[half];
        if (y >= first && y < end) chroma_row(draw, bench, y);
    }
    for (int y = first; y < end; y++) {
        const int at = (y - first) / 2 + 1;
        enlarge(bench->half[at], bench->half[y % 2 ? at + 1 : at - 1], half, bench->luma);
        luma_row(draw, bench, y);
    }
}

static void draw_band(void *context, int index)
{
    const struct drawing *draw = context;
    struct bench bench;
    const int first = index * BAND, height = draw->lenses[0].height;
    const int end = first + BAND < height ? first + BAND : height;
    for (int k = 0; k < draw->count; k++)
        for (int j = 0; j < 2; j++)
            edge_make(draw, &draw->lenses[k], (float)(first + j * BAND), &bench.edges[k][j]);
    if (draw->count == 1)
        sharp_band(draw, &bench, first, end);
    else
        smeared_band(draw, &bench, first, end);
}

void lens_draw(const struct canvas *canvas, const struct lens *lenses, int count, const struct finish *finish,
               struct team *team, const struct planes *out)
{
    const int width = lenses[0].width, height = lenses[0].height;
    struct drawing draw = {
        .canvas = canvas, .lenses = lenses, .count = count, .finish = finish, .out = out
    };
    for (int x = 0; x < width; x++) draw.shade[x] = shade_at(finish->vignette, x, width, height);
    for (int y = 0; y < height; y++) draw.row_shade[y] = shade_at(finish->vignette, y, height, width);
    team_run(team, draw_band, &draw, (height + BAND - 1) / BAND);
}
