#include "render/fetch.h"

#include <string.h>

enum { BLOCK = 8, CHUNK = 8 * NODE, FINE = 2048 };

typedef int16_t short8 __attribute__((vector_size(16)));
typedef uint8_t byte16 __attribute__((vector_size(16)));

/* What a chunk of pixels needs: left and right neighbours in three canvas rows, the way from left to right
 * and from row to row. */
struct near {
    int16_t left[3][CHUNK], right[3][CHUNK], across[CHUNK], down[2][CHUNK];
};

/* Where the halves of each node lie: their first pixels in FINE steps from a canvas pixel, and the way from
 * pixel to pixel. */
struct blocks {
    int32_t at[2][CHUNK / NODE]; /* of that canvas pixel */
    int32_t u[2][CHUNK / NODE], v[2][CHUNK / NODE], du[CHUNK / NODE], dv[CHUNK / NODE];
};

/* Eight frame pixels that lie within eight canvas pixels of three rows can be read with one load a row. */
static inline bool is_near(const struct line *line, int node)
{
    const float du = line->u[node + 1] - line->u[node], dv = line->v[node + 1] - line->v[node];
    return du >= 0 && du < 5.9f * NODE / (BLOCK - 1) && fabsf(dv) < 0.98f * NODE / (BLOCK - 1);
}

__attribute__((target_clones("avx2", "default"))) static void blocks_make(const struct canvas *canvas,
                                                                          const float *restrict u,
                                                                          const float *restrict v,
                                                                          struct blocks *restrict blocks)
{
    const int wide = canvas->wide, last_u = wide - 2, last_v = canvas->high - 3;
    for (int half = 0; half < 2; half++)
        for (int n = 0; n < CHUNK / NODE; n++) {
            const float du = (u[n + 1] - u[n]) * (1.0f / NODE), dv = (v[n + 1] - v[n]) * (1.0f / NODE);
            const float off = (float)(half * BLOCK) + 0.5f;
            const float first_u = maxf(u[n] + du * off, 0), first_v = maxf(v[n] + dv * off, 0);
            const float end_v = first_v + dv * (BLOCK - 1);
            int column = (int)first_u, row = (int)(end_v < first_v ? maxf(end_v, 0) : first_v);
            column = column < last_u ? column : last_u;
            row = row < last_v ? row : last_v;
            blocks->at[half][n] = row * wide + column;
            blocks->u[half][n] = (int)((first_u - (float)column) * FINE);
            blocks->v[half][n] = (int)((first_v - (float)row) * FINE);
            blocks->du[n] = (int)(du * FINE);
            blocks->dv[n] = (int)(dv * FINE);
        }
}

static inline void near_block(const int16_t *luma, int wide, const struct blocks *blocks, int n, int half,
                              struct near *near)
{
    const short8 lane = { 0, 1, 2, 3, 4, 5, 6, 7 };
    const short8 u = lane * (int16_t)blocks->du[n] + (int16_t)blocks->u[half][n];
    const short8 v = lane * (int16_t)blocks->dv[n] + (int16_t)blocks->v[half][n];
    const byte16 pick = (byte16)((u >> 11) * 0x0202 + 0x0100);
    const short8 above = v < FINE, first = (v & above) | (FINE & ~above);
    const short8 across = (u & (FINE - 1)) << 4, down[2] = { first << 3, (v - first) << 3 };
    const int i = n * NODE + half * BLOCK;
    memcpy(near->across + i, &across, sizeof across);
    for (int k = 0; k < 2; k++) memcpy(near->down[k] + i, &down[k], sizeof down[k]);
    for (int k = 0; k < 3; k++) {
        byte16 row;
        memcpy(&row, luma + blocks->at[half][n] + k * wide, sizeof row);
        const byte16 left = __builtin_shuffle(row, pick), right = __builtin_shuffle(row, pick + 2);
        memcpy(near->left[k] + i, &left, sizeof left);
        memcpy(near->right[k] + i, &right, sizeof right);
    }
}

/* Reads a chunk whose nodes are all near. */
__attribute__((flatten, target_clones("avx2", "default"))) static void
near_fetch(const struct canvas *canvas, const struct blocks *blocks, int nodes, struct near *near)
{
    const int16_t *luma = canvas->luma;
    const int wide = canvas->wide;
    for (int n = 0; n < nodes; n++) {
        near_block(luma, wide, blocks, n, 0, near);
        near_block(luma, wide, blocks, n, 1, near);
    }
}

/* a * b / 2^15, rounded: one instruction where there are vectors. */
static inline int16_t times(int16_t a, int16_t b) { return (int16_t)(((a * b >> 14) + 1) >> 1); }

/* Across in each of the three rows, then down from one to the next; `down` counts 2^14 a row of canvas. */
__attribute__((target_clones("avx2", "default"))) static void near_mix(const struct near *near,
                                                                       int16_t *restrict out)
{
    for (int i = 0; i < CHUNK; i++) {
        const int16_t across = near->across[i];
        const int16_t a =
            (int16_t)(near->left[0][i] + times((int16_t)(near->right[0][i] - near->left[0][i]), across));
        const int16_t b =
            (int16_t)(near->left[1][i] + times((int16_t)(near->right[1][i] - near->left[1][i]), across));
        const int16_t c =
            (int16_t)(near->left[2][i] + times((int16_t)(near->right[2][i] - near->left[2][i]), across));
        out[i] = (int16_t)(a + times((int16_t)(2 * (b - a)), near->down[0][i]) +
                           times((int16_t)(2 * (c - b)), near->down[1][i]));
    }
}

/* Canvas positions in 1/256 pixels. */
struct track {
    int32_t u[CHUNK], v[CHUNK];
};

/* Straight lines from node to node, one position per `stride` frame pixels. */
__attribute__((target_clones("avx2", "default"))) static void track_make(const struct line *line, int x,
                                                                         int stride, struct track *track)
{
    const int per_node = NODE / stride;
    for (int n = 0; n < CHUNK / per_node; n++) {
        const int node = x * stride / NODE + n < NODES_MOST - 2 ? x * stride / NODE + n : NODES_MOST - 2;
        const float u = line->u[node], du = line->u[node + 1] - u, v = line->v[node],
                    dv = line->v[node + 1] - v;
        for (int i = 0; i < per_node; i++) {
            const float at = ((float)i + 0.5f) / (float)per_node;
            track->u[n * per_node + i] = (int32_t)((u + du * at) * 256);
            track->v[n * per_node + i] = (int32_t)((v + dv * at) * 256);
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

static inline int within(int at, int most) { return at < 0 ? 0 : at > most ? most : at; }

__attribute__((target_clones("avx2", "default"))) static void
add_luma(const struct canvas *canvas, const struct track *track, int count, int32_t *restrict sum)
{
    const int wide = canvas->wide, most_u = (wide - 2) * 256, most_v = (canvas->high - 2) * 256;
    const int16_t *luma = canvas->luma;
    for (int i = 0; i < count; i++) {
        const int u = within(track->u[i], most_u), v = within(track->v[i], most_v), fu = u & 255,
                  fv = v & 255;
        const int at = (v >> 8) * wide + (u >> 8);
        const int32_t top = pair_at(luma + at), low = pair_at(luma + at + wide);
        const int32_t left = (int16_t)top * (256 - fv) + (int16_t)low * fv;
        const int32_t right = (top >> 16) * (256 - fv) + (low >> 16) * fv;
        sum[i] += ((left >> 4) * (256 - fu) + (right >> 4) * fu) >> 12;
    }
}

void fetch_luma(const struct canvas *canvas, const struct line *line, int count, int16_t *out)
{
    for (int x = 0; x < count; x += CHUNK) {
        int16_t pixels[CHUNK];
        const int wide = count - x < CHUNK ? count - x : CHUNK;
        bool near = true;
        for (int n = x / NODE; n * NODE < x + wide; n++) near = near && is_near(line, n);
        if (near) {
            struct near parts;
            struct blocks blocks;
            blocks_make(canvas, line->u + x / NODE, line->v + x / NODE, &blocks);
            near_fetch(canvas, &blocks, (wide + NODE - 1) / NODE, &parts);
            near_mix(&parts, pixels);
        } else {
            struct track track;
            int32_t sum[CHUNK] = { 0 };
            track_make(line, x, 1, &track);
            add_luma(canvas, &track, wide, sum);
            for (int i = 0; i < CHUNK; i++) pixels[i] = (int16_t)sum[i];
        }
        memcpy(out + x, pixels, (size_t)wide * sizeof *out);
    }
}

__attribute__((target_clones("avx2", "default"))) static void add_chroma(const struct canvas *canvas,
                                                                         const struct track *track, int count,
                                                                         int32_t *restrict blue,
                                                                         int32_t *restrict red)
{
    const int wide = canvas->wide, most_u = (wide - 2) * 256, most_v = (canvas->high - 2) * 256;
    const int16_t *chroma = canvas->chroma;
    for (int i = 0; i < count; i++) {
        const int u = within(track->u[i], most_u), v = within(track->v[i], most_v), fu = u & 255,
                  fv = v & 255;
        const int at = 2 * ((v >> 8) * wide + (u >> 8));
        const int32_t a = pair_at(chroma + at), b = pair_at(chroma + at + 2);
        const int32_t c = pair_at(chroma + at + 2 * wide), d = pair_at(chroma + at + 2 * wide + 2);
        const int wa = (256 - fu) * (256 - fv), wb = fu * (256 - fv), wc = (256 - fu) * fv, wd = fu * fv;
        blue[i] += (((int16_t)a >> 1) * wa + ((int16_t)b >> 1) * wb + ((int16_t)c >> 1) * wc +
                    ((int16_t)d >> 1) * wd) >>
                   15;
        red[i] += ((a >> 17) * wa + (b >> 17) * wb + (c >> 17) * wc + (d >> 17) * wd) >> 15;
    }
}

void fetch_pairs(const struct canvas *canvas, const struct line *line, int count, int32_t *luma,
                 int32_t *blue, int32_t *red)
{
    for (int x = 0; x < count; x += CHUNK) {
        struct track track;
        const int wide = count - x < CHUNK ? count - x : CHUNK;
        track_make(line, x, 2, &track);
        if (luma) add_luma(canvas, &track, wide, luma + x);
        add_chroma(canvas, &track, wide, blue + x, red + x);
    }
}
