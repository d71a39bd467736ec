#include "render/tone.h"

#include <stdlib.h>
#include <string.h>

#define CURVE_LOW   0x1p-12f
#define CURVE_TOP   0x1.ffffp+3f
#define CURVE_FIRST 0x39800000 /* the bits of CURVE_LOW */

enum { CURVE_SHIFT = 15, GLOW = 8, STRIP = 16 };

void tone_expose(struct tone *tone, float exposure)
{
    /* BT.709 R'G'B' 0..1 to Y' 0..219 and Cb, Cr -112..112, times 64. */
    static const float share[3][3] = { { 0.2126f, -0.114572f, 0.5f },
                                       { 0.7152f, -0.385428f, -0.454153f },
                                       { 0.0722f, 0.5f, -0.045847f } };
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < CURVE_SIZE; i++) {
            const int32_t bits = CURVE_FIRST + (i << CURVE_SHIFT) + (1 << (CURVE_SHIFT - 1));
            float linear;
            memcpy(&linear, &bits, sizeof linear);
            if (i == 0) linear = 0;
            const float shown = grade_curve(tone->grade, c, linear * exposure, tone->light->contrast) * 64;
            int16_t *at = tone->curves[c] + 4 * i;
            at[0] = (int16_t)lrintf(shown * share[c][0] * 219);
            at[1] = (int16_t)lrintf(shown * share[c][1] * 224);
            at[2] = (int16_t)lrintf(shown * share[c][2] * 224);
            at[3] = 0;
        }
}

bool tone_open(struct tone *tone, const struct grade *grade, const struct light *light,
               size_t canvas_capacity, struct error *err)
{
    *tone = (struct tone){ .grade = grade, .light = light };
    tone->glow_capacity = canvas_capacity / (GLOW * GLOW) * 2 + 4096;
    tone->glow = aligned_alloc(64, 2 * tone->glow_capacity * sizeof(vec4));
    bool done = tone->glow != NULL;
    for (int c = 0; c < 3; c++) {
        tone->curves[c] = aligned_alloc(64, 4 * CURVE_SIZE * sizeof(int16_t));
        done = done && tone->curves[c];
    }
    if (!done) {
        tone_close(tone);
        return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for the colour tables.");
    }
    tone_expose(tone, light->exposure);
    return true;
}

void tone_close(struct tone *tone)
{
    free(tone->glow);
    for (int c = 0; c < 3; c++) free(tone->curves[c]);
    *tone = (struct tone){ 0 };
}

struct pass {
    struct tone *tone;
    struct canvas *canvas;
    vec4 *glow, *spare; /* glow_wide x glow_high */
    int glow_wide, glow_high;
    float pulse, centre, spread;
    vec4 row[3]; /* colour matrix: how much of input r, g, b goes to each output */
};

/* Light above the paper white of the picture, averaged over GLOW x GLOW pixels. */
static void glow_gather(void *context, int gy)
{
    const struct pass *pass = context;
    const struct canvas *canvas = pass->canvas;
    for (int gx = 0; gx < pass->glow_wide; gx++) {
        vec4 sum = splat(0);
        for (int j = 0; j < GLOW; j += 2)
            for (int i = 1; i < GLOW; i += 4) {
                const int x = clampi(gx * GLOW + i, 0, canvas->wide - 1),
                          y = clampi(gy * GLOW + j, 0, canvas->high - 1);
                const vec4 c = canvas->light[x * canvas->across + y * canvas->down];
                const float bright = luma4(c), over = bright > 0.55f ? (bright - 0.55f) / bright : 0;
                sum += c * splat(minf(over, 6 / (bright + 1e-3f)) + 0.05f);
            }
        pass->glow[gy * pass->glow_wide + gx] = sum * splat(8.0f / (GLOW * GLOW));
    }
}

/* Three box blurs of a line make a bell; radius in glow cells. */
static void blur_line(vec4 *line, int count, int stride, int radius, vec4 *work)
{
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < count; i++) work[i] = line[i * stride];
        vec4 sum = splat(0);
        const float per = 1.0f / (float)(2 * radius + 1);
        for (int i = -radius; i <= radius; i++) sum += work[clampi(i, 0, count - 1)];
        for (int i = 0; i < count; i++) {
            line[i * stride] = sum * splat(per);
            sum += work[clampi(i + radius + 1, 0, count - 1)] - work[clampi(i - radius, 0, count - 1)];
        }
    }
}

static void glow_blur(struct pass *pass)
{
    const int wide = pass->glow_wide, high = pass->glow_high;
    const int radius = clampi((wide < high ? wide : high) / 22, 1, 24);
    for (int y = 0; y < high; y++) blur_line(pass->glow + y * wide, wide, 1, radius, pass->spare);
    for (int x = 0; x < wide; x++) blur_line(pass->glow + x, high, wide, radius, pass->spare);
}

/* What a column of light has for tint: the light's own plus lamps from the left and right. */
static vec4 tint_at(const struct pass *pass, int x)
{
    const struct light *light = pass->tone->light;
    const float *gain = pass->tone->grade->gain;
    const float side = clampf(
        (pass->canvas->left + (float)x * pass->canvas->step - pass->centre) / pass->spread, -1.2f, 1.2f);
    const float l = smoothf(0.35f, -1, side), r = smoothf(-0.35f, 1, side);
    vec4 tint = splat(0);
    for (int c = 0; c < 3; c++)
        tint[c] =
            maxf(0, gain[c] * (light->tint[c] + light->left[c] * l + light->right[c] * r)) * pass->pulse;
    return tint;
}

static inline vec4i curve_index(vec4 light)
{
    const vec4 within = min4(max4(light, splat(CURVE_LOW)), splat(CURVE_TOP));
    return ((vec4i)within - CURVE_FIRST) >> CURVE_SHIFT;
}

typedef int16_t video __attribute__((vector_size(8), may_alias));

__attribute__((flatten, target_clones("avx2", "default"))) static void tone_strip(void *context, int index)
{
    const struct pass *pass = context;
    const struct canvas *canvas = pass->canvas;
    const struct tone *tone = pass->tone;
    const int first = index * STRIP, count = canvas->wide - first < STRIP ? canvas->wide - first : STRIP;
    const video *const curves[3] = { (const video *)tone->curves[0], (const video *)tone->curves[1],
                                     (const video *)tone->curves[2] };
    vec4 tint[STRIP], upper[STRIP], rise[STRIP];
    int glow_y = -1;
    int glow_x[STRIP];
    float glow_fx[STRIP];
    for (int i = 0; i < count; i++) {
        tint[i] = tint_at(pass, first + i);
        const float gx = clampf(((float)(first + i) - 3.5f) / GLOW, 0, (float)pass->glow_wide - 1.001f);
        glow_x[i] = pass->glow_wide > 1 ? (int)gx : 0;
        glow_fx[i] = gx - (float)glow_x[i];
    }
    for (int y = 0; y < canvas->high; y++) {
        const float gy = clampf(((float)y - 3.5f) / GLOW, 0, (float)pass->glow_high - 1.001f);
        const vec4 *glow_row = pass->glow + (int)gy * pass->glow_wide;
        const vec4 glow_fy = splat(gy - (float)(int)gy);
        if ((int)gy != glow_y) {
            glow_y = (int)gy;
            const int down = glow_y + 1 < pass->glow_high ? pass->glow_wide : 0;
            for (int i = 0; i < count; i++) {
                const vec4 *at = glow_row + glow_x[i];
                upper[i] = mix4(at[0], at[1], glow_fx[i]);
                rise[i] = mix4(at[down], at[down + 1], glow_fx[i]) - upper[i];
            }
        }
        int16_t *luma = canvas->luma + y * canvas->wide + first,
                *chroma = canvas->chroma + 2 * (y * canvas->wide + first);
        for (int i = 0; i < count; i++) {
            vec4 c = canvas->light[(first + i) * canvas->across + y * canvas->down];
            c += upper[i] + rise[i] * glow_fy;
            c *= tint[i];
            const vec4 mixed =
                splat(c[0]) * pass->row[0] + splat(c[1]) * pass->row[1] + splat(c[2]) * pass->row[2];
            const vec4i at = curve_index(mixed);
            const video sum = curves[0][at[0]] + curves[1][at[1]] + curves[2][at[2]];
            luma[i] = sum[0];
            chroma[2 * i] = sum[1];
            chroma[2 * i + 1] = sum[2];
        }
    }
}

/* Saturation around luminance, then the grade's swirl of primaries. */
static void matrix_make(struct pass *pass)
{
    static const float weight[3] = { 0.2126f, 0.7152f, 0.0722f };
    const float s = pass->tone->grade->saturation, w = pass->tone->grade->swirl;
    for (int in = 0; in < 3; in++) {
        float out[3];
        for (int c = 0; c < 3; c++) out[c] = weight[in] * (1 - s) + (in == c ? s : 0);
        pass->row[in] = rgb(mixf(out[0], out[1], w), mixf(out[1], out[2], w), mixf(out[2], out[0], w));
    }
}

void tone_apply(struct tone *tone, struct canvas *canvas, float pulse, float centre, float spread,
                struct team *team)
{
    struct pass pass = { tone,
                         canvas,
                         (vec4 *)tone->glow,
                         (vec4 *)tone->glow + tone->glow_capacity,
                         (canvas->wide + GLOW - 1) / GLOW,
                         (canvas->high + GLOW - 1) / GLOW,
                         pulse,
                         centre,
                         spread,
                         { { 0 } } };
    matrix_make(&pass);
    team_run(team, glow_gather, &pass, pass.glow_high);
    glow_blur(&pass);
    const float strength = tone->grade->glow * tone->light->glow;
    for (int i = 0; i < pass.glow_wide * pass.glow_high; i++) pass.glow[i] *= splat(strength);
    team_run(team, tone_strip, &pass, (canvas->wide + STRIP - 1) / STRIP);
}
