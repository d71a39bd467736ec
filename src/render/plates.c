#include "render/plates.h"

#include "render/depth.h"

#include <stdlib.h>
#include <string.h>

static float linear_of(float shown)
{
    return shown <= 0.04045f ? shown / 12.92f : powf((shown + 0.055f) / 1.055f, 2.4f);
}

/* The light a film curve would have needed to show this: the inverse of the natural grade's shoulder, so that
 * the natural grade gives the picture back. */
static float exposed(float light)
{
    if (light <= 0.5f) return light;
    return 0.5f - 0.625f * logf(1 - (minf(light, 0.985f) - 0.5f) / 0.5f);
}

/* Averages the picture's pixels under each working pixel, or interpolates when enlarging. */
static void scale(const struct picture *picture, vec4 *to, int wide, int high)
{
    float light[256];
    for (int i = 0; i < 256; i++) light[i] = linear_of((float)i / 255);
    const float sx = (float)picture->width / (float)wide, sy = (float)picture->height / (float)high;
    const int taps = clampi((int)ceilf(maxf(sx, sy)), 2, 8);
    for (int y = 0; y < high; y++)
        for (int x = 0; x < wide; x++) {
            vec4 sum = splat(0);
            for (int j = 0; j < taps; j++)
                for (int i = 0; i < taps; i++) {
                    const float width_x = maxf(sx, 1), width_y = maxf(sy, 1);
                    const float px =
                        ((float)x + 0.5f) * sx + (((float)i + 0.5f) / (float)taps - 0.5f) * width_x;
                    const float py =
                        ((float)y + 0.5f) * sy + (((float)j + 0.5f) / (float)taps - 0.5f) * width_y;
                    const int ix = clampi((int)px, 0, picture->width - 1),
                              iy = clampi((int)py, 0, picture->height - 1);
                    const uint8_t *at = picture->rgb + iy * picture->row_bytes + 3 * ix;
                    sum += rgb(light[at[0]], light[at[1]], light[at[2]]);
                }
            sum *= splat(1 / (float)(taps * taps));
            to[y * wide + x] = (vec4){ exposed(sum[0]), exposed(sum[1]), exposed(sum[2]), 1 };
        }
}

/* Paints over what is not covered from what is: weighted averages of pairs down to one pixel, then back up.
 * Pairs lie side by side first, so that hills and horizons go on behind what hid them. */
static bool fill_holes(vec4 *pixels, int wide, int high)
{
    if (wide <= 1 && high <= 1) {
        if (pixels[0][3] > 0) pixels[0] *= splat(1 / pixels[0][3]);
        return true;
    }
    const bool flat = wide > 1;
    const int w = flat ? (wide + 1) / 2 : wide, h = flat ? high : (high + 1) / 2;
    const int count = flat ? wide : high, half = flat ? w : h, step = flat ? 1 : wide,
              small_step = flat ? 1 : w;
    vec4 *small = aligned_alloc(16, sizeof(vec4) * (size_t)(w * h));
    if (!small) return false;
    for (int line = 0; line < (flat ? high : wide); line++)
        for (int i = 0; i < half; i++) {
            const vec4 *at = pixels + (flat ? line * wide : line) + 2 * i * step;
            const vec4 sum = 2 * i + 1 < count ? at[0] + at[step] : at[0];
            small[(flat ? line * w : line) + i * small_step] = sum[3] > 1 ? sum * splat(1 / sum[3]) : sum;
        }
    const bool done = fill_holes(small, w, h);
    for (int line = 0; done && line < (flat ? high : wide); line++)
        for (int i = 0; i < count; i++) {
            const float g = clampf(0.5f * (float)i - 0.25f, 0, (float)half - 1);
            const int ig = (int)g, next = ig + 1 < half ? small_step : 0;
            const vec4 *at = small + (flat ? line * w : line) + ig * small_step;
            vec4 *pixel = pixels + (flat ? line * wide : line) + i * step;
            *pixel += mix4(at[0], at[next], g - (float)ig) * splat(1 - (*pixel)[3]);
        }
    free(small);
    return done;
}

/* Nearness where each plane begins; the edge between two is soft. */
static const float begins[PLATES] = { -1, 0.34f, 0.66f };

static float belongs(float near, int plane)
{
    return plane >= PLATES ? 0 : smoothf(begins[plane] - 0.05f, begins[plane] + 0.05f, near);
}

/* The nearest of the neighbours along a line, so that colours at the rim of a near plane do not bleed behind
 * it. */
static void widen(const float *near, float *to, int count, int stride)
{
    for (int i = 0; i < count; i++) {
        float most = 0;
        for (int k = -3; k <= 3; k++) most = maxf(most, near[clampi(i + k, 0, count - 1) * stride]);
        to[i * stride] = most;
    }
}

/* A plane is opaque where its nearness begins; its colour there and behind the next plane comes from the
 * picture where the next plane is not. */
static bool split(struct plates *plates, const vec4 *picture, const float *near, float *wide, float *work)
{
    const int count = plates->wide * plates->high;
    for (int y = 0; y < plates->high; y++)
        widen(near + y * plates->wide, work + y * plates->wide, plates->wide, 1);
    for (int x = 0; x < plates->wide; x++) widen(work + x, wide + x, plates->high, plates->wide);
    for (int k = 0; k < PLATES; k++) {
        vec4 *to = plates->plate[k].pixels;
        for (int i = 0; i < count; i++) {
            const float own =
                smoothf(0, 0.3f, belongs(near[i], k)) * (1 - smoothf(0, 0.3f, belongs(wide[i], k + 1)));
            to[i] = picture[i] * splat(own);
        }
        if (!fill_holes(to, plates->wide, plates->high)) return false;
        for (int i = 0; i < count; i++) {
            vec4 c = to[i];
            c[3] = 1;
            to[i] = c * splat(k == 0 ? 1 : belongs(near[i], k));
        }
    }
    return true;
}

static bool plates_alloc(struct plates *plates)
{
    static const float far[PLATES] = { 1.32f, 1, 0.84f };
    for (int k = 0; k < PLATES; k++) {
        plates->plate[k].far = far[k];
        plates->plate[k].pixels =
            aligned_alloc(64, (sizeof(vec4) * (size_t)(plates->wide * plates->high) + 127) & ~(size_t)63);
        if (!plates->plate[k].pixels) return false;
    }
    return true;
}

bool plates_open(const struct picture *picture, int wide_most, float view_x, float view_y, bool gate,
                 struct plates **out, struct error *err)
{
    struct plates *plates = calloc(1, sizeof *plates);
    vec4 *pixels = NULL;
    float *near = NULL;
    bool done = plates != NULL;
    if (done) {
        const float shape = (float)picture->width / (float)picture->height, spare = 1.06f;
        plates->half_y = maxf(view_y, view_x / shape) * spare;
        plates->half_x = plates->half_y * shape;
        plates->gate = gate;
        const float per = minf((float)wide_most, 2 * maxf((float)picture->width, 256)) / view_x * 0.5f;
        plates->wide = clampi((int)(2 * plates->half_x * per), 16, 4096);
        plates->high = clampi((int)(2 * plates->half_y * per), 16, 4096);
        const size_t count = (size_t)plates->wide * (size_t)plates->high;
        pixels = aligned_alloc(64, (count * sizeof *pixels + 63) & ~(size_t)63);
        near = malloc(3 * count * sizeof *near);
        done = pixels && near && plates_alloc(plates);
    }
    if (done) {
        scale(picture, pixels, plates->wide, plates->high);
        done = depth_guess(pixels, plates->wide, plates->high, near) &&
               split(plates, pixels, near, near + plates->wide * plates->high,
                     near + 2 * plates->wide * plates->high);
    }
    free(pixels);
    free(near);
    if (done) {
        *out = plates;
        return true;
    }
    plates_close(plates);
    return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for the reference picture.");
}

void plates_close(struct plates *plates)
{
    if (!plates) return;
    for (int k = 0; k < PLATES; k++) free(plates->plate[k].pixels);
    free(plates);
}

struct drawing {
    const struct plates *plates;
    const struct sight *sight;
    struct canvas *canvas;
};

/* A position on an endless strip of mirror images. */
static inline float mirrored(float at, float size)
{
    const float period = 2 * size, in = at - period * (float)floori(at / period);
    return clampf(in > size ? period - in : in, 0, size - 1.001f);
}

/* Position on a plane, in pixels of it, of canvas coordinate 0 and the step per canvas coordinate. */
static void lay(float far, float eye, float forward, float half, int size, float *at, float *per)
{
    const float scale_px = 0.5f * (float)size / half / far;
    *at = 0.5f * (float)size - 0.5f + eye * scale_px;
    *per = maxf(far - forward, 0.06f) * scale_px;
}

static void plate_row(const struct drawing *draw, int k, int y, vec4 *row)
{
    const struct plates *plates = draw->plates;
    const struct canvas *canvas = draw->canvas;
    const struct plate *plate = &plates->plate[k];
    float x0, x_per, y0, y_per;
    lay(plate->far, draw->sight->right, draw->sight->away + 1, plates->half_x, plates->wide, &x0, &x_per);
    lay(plate->far, -draw->sight->up, draw->sight->away + 1, plates->half_y, plates->high, &y0, &y_per);
    const float v = canvas->top - (float)y * canvas->step;
    const float py = mirrored(y0 - v * y_per, (float)plates->high);
    const vec4 *from = plate->pixels + (int)py * plates->wide;
    const float fy = py - (float)(int)py, close = 1 / maxf(plate->far - draw->sight->away - 1, 0.06f);
    const float start = x0 + canvas->left * x_per, step = canvas->step * x_per;
    for (int x = 0; x < canvas->wide; x++) {
        const float px = mirrored(start + (float)x * step, (float)plates->wide);
        vec4 c = bilinear(from + (int)px, plates->wide, px - (float)(int)px, fy);
        const float open = 1 - c[3];
        c[3] *= close;
        row[x] = row[x] * splat(open) + c;
    }
}

/* The opening stands 0.06 before the opening camera; everything around it is unlit stone. */
static void gate_row(const struct drawing *draw, int y, vec4 *row)
{
    const struct canvas *canvas = draw->canvas;
    const float gap = 0.06f - (draw->sight->away + 1), radius = 0.085f;
    if (gap < 0.004f) return;
    const float py = (canvas->top - (float)y * canvas->step) * gap + draw->sight->up,
                blur = 3 * canvas->step * gap + 0.006f;
    for (int x = 0; x < canvas->wide; x++) {
        const float px = (canvas->left + (float)x * canvas->step) * gap + draw->sight->right;
        const float out = sqrtf(px * px + py * py) - radius;
        const float cover = clampf(out / blur + 0.5f, 0, 1), rim = 0.05f * expf(-40 * maxf(out, 0));
        row[x] = mix4(row[x], (vec4){ 0.012f + rim, 0.011f + 0.9f * rim, 0.010f + 0.8f * rim, 4 }, cover);
    }
}

static void draw_row(void *context, int y)
{
    const struct drawing *draw = context;
    vec4 *row = draw->canvas->light + y * draw->canvas->wide;
    for (int x = 0; x < draw->canvas->wide; x++) row[x] = splat(0);
    for (int k = 0; k < PLATES; k++) plate_row(draw, k, y, row);
    if (draw->plates->gate) gate_row(draw, y, row);
}

void plates_draw(const struct plates *plates, const struct sight *sight, struct canvas *canvas,
                 struct team *team)
{
    struct drawing draw = { plates, sight, canvas };
    team_run(team, draw_row, &draw, canvas->high);
}
