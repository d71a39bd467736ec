#include "render/lens.h"

#include "render/noise.h"

#include <string.h>

enum { NODE = 16, BAND = 16, WIDE_MOST = 4096 };

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
    int32_t shade[WIDE_MOST], row_shade[WIDE_MOST];
};

/* One row of canvas positions in 1/256 pixels for luma and, at half the rate, for chroma. */
struct track {
    int32_t u[WIDE_MOST + NODE], v[WIDE_MOST + NODE];
};

/* Nodes every NODE pixels along rows a and b of a band, then straight lines between them. */
struct nodes {
    float u[2][WIDE_MOST / NODE + 2], v[2][WIDE_MOST / NODE + 2];
};

static void node_row(const struct drawing *draw, const struct lens *lens, float y, float *u, float *v)
{
    const struct canvas *canvas = draw->canvas;
    const float per = 256 / canvas->step;
    for (int i = 0; i * NODE < lens->width + NODE; i++) {
        lens_map(lens, canvas->projection, (float)(i * NODE), y, &u[i], &v[i]);
        u[i] = (u[i] - canvas->left) * per;
        v[i] = (canvas->top - v[i]) * per;
    }
}

/* Straight lines from node to node; `half` gives every second position, centred on pairs. */
__attribute__((target_clones("avx2", "default"))) static void
track_row(const struct nodes *nodes, float t, int count, int stride, struct track *track)
{
    const int per_node = NODE / stride;
    for (int n = 0; n * per_node < count; n++) {
        const float u0 = mixf(nodes->u[0][n], nodes->u[1][n], t),
                    u1 = mixf(nodes->u[0][n + 1], nodes->u[1][n + 1], t);
        const float v0 = mixf(nodes->v[0][n], nodes->v[1][n], t),
                    v1 = mixf(nodes->v[0][n + 1], nodes->v[1][n + 1], t);
        const float per = 1.0f / (float)per_node;
        for (int i = 0; i < per_node; i++) {
            const float at = ((float)i + 0.5f) * per;
            track->u[n * per_node + i] = (int32_t)(u0 + (u1 - u0) * at);
            track->v[n * per_node + i] = (int32_t)(v0 + (v1 - v0) * at);
        }
    }
}

/* Two neighbouring items as one load. */
static inline int32_t pair_at(const int16_t *at)
{
    int32_t pair;
    memcpy(&pair, at, sizeof pair);
    return pair;
}

__attribute__((target_clones("avx2", "default"))) static void
fetch_luma(const struct canvas *canvas, const struct track *track, int count, int32_t *restrict sum)
{
    const int wide = canvas->wide, most_u = (wide - 2) * 256, most_v = (canvas->high - 2) * 256;
    const int16_t *luma = canvas->luma;
    for (int i = 0; i < count; i++) {
        int u = track->u[i] < 0 ? 0 : track->u[i], v = track->v[i] < 0 ? 0 : track->v[i];
        u = u > most_u ? most_u : u;
        v = v > most_v ? most_v : v;
        const int at = (v >> 8) * wide + (u >> 8), fu = u & 255, fv = v & 255;
        const int32_t top = pair_at(luma + at), low = pair_at(luma + at + wide);
        const int32_t left = (int16_t)top * (256 - fv) + (int16_t)low * fv;
        const int32_t right = (top >> 16) * (256 - fv) + (low >> 16) * fv;
        sum[i] += ((left >> 4) * (256 - fu) + (right >> 4) * fu) >> 12;
    }
}

__attribute__((target_clones("avx2", "default"))) static void fetch_chroma(const struct canvas *canvas,
                                                                           const struct track *track,
                                                                           int count, int32_t *restrict blue,
                                                                           int32_t *restrict red)
{
    const int wide = canvas->wide, most_u = (wide - 2) * 256, most_v = (canvas->high - 2) * 256;
    const int16_t *chroma = canvas->chroma;
    for (int i = 0; i < count; i++) {
        int u = track->u[i] < 0 ? 0 : track->u[i], v = track->v[i] < 0 ? 0 : track->v[i];
        u = u > most_u ? most_u : u;
        v = v > most_v ? most_v : v;
        const int at = 2 * ((v >> 8) * wide + (u >> 8)), fu = u & 255, fv = v & 255;
        const int32_t a = pair_at(chroma + at), b = pair_at(chroma + at + 2);
        const int32_t c = pair_at(chroma + at + 2 * wide), d = pair_at(chroma + at + 2 * wide + 2);
        const int wa = (256 - fu) * (256 - fv), wb = fu * (256 - fv), wc = (256 - fu) * fv, wd = fu * fv;
        blue[i] += (((int16_t)a >> 1) * wa + ((int16_t)b >> 1) * wb + ((int16_t)c >> 1) * wc +
                    ((int16_t)d >> 1) * wd) >>
                   15;
        red[i] += ((a >> 17) * wa + (b >> 17) * wb + (c >> 17) * wc + (d >> 17) * wd) >> 15;
    }
}

/* The vignette is a bell over the distance from the middle: the product of one factor per column and one per
 * row, each in 1/4096. The corner gets 1 - strength. */
static int32_t shade_at(float strength, int i, int count, int other)
{
    const float half = 0.5f * (float)count, off = (float)i + 0.5f - half;
    const float corner = half * half + 0.25f * (float)other * (float)other;
    return (int32_t)(4096 * expf(logf(1 - minf(strength, 0.95f)) * off * off / corner));
}

/* Grain is strongest in the middle tones and fades toward black and white. */
__attribute__((target_clones("avx2", "default"))) static void
store_luma(const int32_t *restrict sum, const int32_t *restrict shade, const int8_t *restrict grain,
           int32_t per, int32_t row_shade, int32_t grain_gain, int count, uint8_t *restrict out)
{
    for (int i = 0; i < count; i++) {
        const int32_t luma = (sum[i] * per) >> 12; /* Y' * 64 above black */
        const int32_t shaded = (luma * ((shade[i] * row_shade) >> 12)) >> 12;
        const int32_t level = shaded >> 6, mid = level * (255 - level) + 6000;
        const int32_t noisy = shaded + ((grain[i] * grain_gain >> 8) * mid >> 16);
        const int32_t value = 16 + ((noisy + 32) >> 6);
        out[i] = (uint8_t)(value < 16 ? 16 : value > 235 ? 235 : value);
    }
}

__attribute__((target_clones("avx2", "default"))) static void
store_chroma(const int32_t *restrict sum, const int32_t *restrict shade, const int8_t *restrict grain,
             int32_t per, int32_t row_shade, int count, uint8_t *restrict out)
{
    for (int i = 0; i < count; i++) {
        const int32_t tint = (((sum[i] * per) >> 12) * ((shade[2 * i] * row_shade) >> 12)) >> 12;
        const int32_t value = 128 + ((tint + 32 + (grain[i] >> 2)) >> 6);
        out[i] = (uint8_t)(value < 16 ? 16 : value > 240 ? 240 : value);
    }
}

/* Everything one band needs on the stack of its thread. */
struct bench {
    struct nodes nodes[SMEAR_MOST];
    struct track track;
    int32_t sum[WIDE_MOST + NODE], blue[WIDE_MOST / 2 + NODE], red[WIDE_MOST / 2 + NODE];
    int8_t grain[WIDE_MOST];
};

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

static void luma_row(const struct drawing *draw, struct bench *bench, int y, float t)
{
    const struct lens *lens = &draw->lenses[0];
    const int width = lens->width;
    memset(bench->sum, 0, (size_t)width * sizeof bench->sum[0]);
    for (int k = 0; k < draw->count; k++) {
        track_row(&bench->nodes[k], t, width, 1, &bench->track);
        fetch_luma(draw->canvas, &bench->track, width, bench->sum);
    }
    grain_row(draw->finish, y, width, bench->grain);
    const int32_t gain = (int32_t)(draw->finish->grain_steps * 64 * 65536 / 22300 * 8);
    store_luma(bench->sum, draw->shade, bench->grain, 4096 / draw->count, draw->row_shade[y], gain, width,
               draw->out->y + y * draw->out->y_stride);
}

static void chroma_row(const struct drawing *draw, struct bench *bench, int y, float t)
{
    const struct lens *lens = &draw->lenses[0];
    const int width = lens->width / 2, per = 4096 / draw->count;
    memset(bench->blue, 0, (size_t)width * sizeof bench->blue[0]);
    memset(bench->red, 0, (size_t)width * sizeof bench->red[0]);
    for (int k = 0; k < draw->count; k++) {
        track_row(&bench->nodes[k], t, width, 2, &bench->track);
        fetch_chroma(draw->canvas, &bench->track, width, bench->blue, bench->red);
    }
    const int32_t row_shade = draw->row_shade[y];
    store_chroma(bench->blue, draw->shade, bench->grain, per, row_shade, width,
                 draw->out->u + y / 2 * draw->out->uv_stride);
    store_chroma(bench->red, draw->shade, bench->grain + width / 2, per, row_shade, width,
                 draw->out->v + y / 2 * draw->out->uv_stride);
}

static void draw_band(void *context, int index)
{
    const struct drawing *draw = context;
    struct bench bench;
    const int first = index * BAND, height = draw->lenses[0].height;
    for (int k = 0; k < draw->count; k++)
        for (int j = 0; j < 2; j++)
            node_row(draw, &draw->lenses[k], (float)(first + j * BAND), bench.nodes[k].u[j],
                     bench.nodes[k].v[j]);
    for (int y = first; y < first + BAND && y < height; y++) {
        luma_row(draw, &bench, y, ((float)(y - first) + 0.5f) / BAND);
        if (y % 2 == 0) chroma_row(draw, &bench, y, ((float)(y - first) + 1) / BAND);
    }
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
