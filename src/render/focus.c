#include "render/focus.h"

#include <stdlib.h>

enum { CELL = 4 };

bool focus_open(struct focus *focus, size_t canvas_capacity, struct error *err)
{
    focus->capacity = canvas_capacity / (CELL * CELL) * 2 + 8192;
    const size_t bytes = (focus->capacity * sizeof(vec4) + 63) & ~(size_t)63;
    focus->soft[0] = aligned_alloc(64, bytes);
    focus->soft[1] = aligned_alloc(64, bytes);
    focus->work = aligned_alloc(64, bytes);
    if (focus->soft[0] && focus->soft[1] && focus->work) return true;
    focus_close(focus);
    return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for depth of field.");
}

void focus_close(struct focus *focus)
{
    free(focus->soft[0]);
    free(focus->soft[1]);
    free(focus->work);
    *focus = (struct focus){ 0 };
}

struct pass {
    struct focus *focus;
    struct canvas *canvas;
    int wide, high; /* of the soft pictures */
    int radius;
    vec4 *from, *to;
    float sharp; /* nearness of what is sharp */
};

static void shrink_row(void *context, int gy)
{
    const struct pass *pass = context;
    const struct canvas *canvas = pass->canvas;
    for (int gx = 0; gx < pass->wide; gx++) {
        vec4 sum = splat(0);
        for (int j = 0; j < CELL; j++)
            for (int i = 0; i < CELL; i++) {
                const int x = clampi(gx * CELL + i, 0, canvas->wide - 1),
                          y = clampi(gy * CELL + j, 0, canvas->high - 1);
                sum += canvas->light[x * canvas->across + y * canvas->down];
            }
        pass->to[gy * pass->wide + gx] = sum * splat(1.0f / (CELL * CELL));
    }
}

/* A running mean along a row, written transposed: twice gives both directions and the old layout. */
static void blur_row(void *context, int y)
{
    const struct pass *pass = context;
    const vec4 *from = pass->from + y * pass->wide;
    vec4 sum = splat(0);
    const int radius = pass->radius, last = pass->wide - 1;
    const float per = 1.0f / (float)(2 * radius + 1);
    for (int i = -radius; i <= radius; i++) sum += from[clampi(i, 0, last)];
    for (int x = 0; x < pass->wide; x++) {
        pass->to[x * pass->high + y] = sum * splat(per);
        sum += from[clampi(x + radius + 1, 0, last)] - from[clampi(x - radius, 0, last)];
    }
}

static void blur(struct pass *pass, vec4 *from, vec4 *to, int radius, struct team *team)
{
    pass->radius = radius;
    for (int round = 0; round < 4; round++) {
        pass->from = round % 2 == 0 ? (round == 0 ? from : to) : pass->focus->work;
        pass->to = round % 2 == 0 ? pass->focus->work : to;
        team_run(team, blur_row, pass, pass->high);
        const int wide = pass->wide;
        pass->wide = pass->high;
        pass->high = wide;
    }
}

static vec4 soft_at(const struct pass *pass, const vec4 *soft, int x, int y)
{
    const float gx = clampf(((float)x - 1.5f) / CELL, 0, (float)pass->wide - 1.001f);
    const float gy = clampf(((float)y - 1.5f) / CELL, 0, (float)pass->high - 1.001f);
    return bilinear(soft + (int)gy * pass->wide + (int)gx, pass->wide, gx - (float)(int)gx,
                    gy - (float)(int)gy);
}

static void mix_row(void *context, int y)
{
    const struct pass *pass = context;
    const struct canvas *canvas = pass->canvas;
    for (int x = 0; x < canvas->wide; x++) {
        vec4 *pixel = &canvas->light[x * canvas->across + y * canvas->down];
        const vec4 wide = soft_at(pass, pass->focus->soft[1], x, y);
        /* A near thing out of focus spreads over sharp ones: take the nearer of both. */
        const float near = maxf((*pixel)[3], wide[3]);
        const float disc = clampf(fabsf((near > pass->sharp * 1.3f ? near : (*pixel)[3]) - pass->sharp) /
                                      maxf(pass->sharp, 0.8f),
                                  0, 1);
        const vec4 little = soft_at(pass, pass->focus->soft[0], x, y);
        *pixel = disc < 0.4f ? mix4(*pixel, little, disc / 0.4f) : mix4(little, wide, (disc - 0.4f) / 0.6f);
    }
}

void focus_apply(struct focus *focus, struct canvas *canvas, float distance, struct team *team)
{
    struct pass pass = { .focus = focus,
                         .canvas = canvas,
                         .sharp = 1 / distance,
                         .wide = (canvas->wide + CELL - 1) / CELL,
                         .high = (canvas->high + CELL - 1) / CELL };
    pass.to = focus->soft[0];
    team_run(team, shrink_row, &pass, pass.high);
    const int size = pass.wide < pass.high ? pass.wide : pass.high;
    blur(&pass, focus->soft[0], focus->soft[1], clampi(size / 28, 1, 16), team);
    blur(&pass, focus->soft[0], focus->soft[0], clampi(size / 110, 1, 4), team);
    team_run(team, mix_row, &pass, canvas->high);
}
