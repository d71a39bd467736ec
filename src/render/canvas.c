#include "render/canvas.h"

#include <stdlib.h>

bool canvas_open(struct canvas *canvas, enum projection projection, size_t capacity, struct error *err)
{
    const size_t pixels = (capacity + 63) & ~(size_t)63;
    *canvas = (struct canvas){ .projection = projection, .capacity = capacity };
    canvas->light = aligned_alloc(64, pixels * sizeof *canvas->light);
    canvas->luma = aligned_alloc(64, (pixels + 64) * sizeof *canvas->luma);
    canvas->chroma = aligned_alloc(64, 2 * (pixels + 64) * sizeof *canvas->chroma);
    if (canvas->light && canvas->luma && canvas->chroma) return true;
    canvas_close(canvas);
    return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for frames of this size.");
}

void canvas_close(struct canvas *canvas)
{
    free(canvas->light);
    free(canvas->luma);
    free(canvas->chroma);
    *canvas = (struct canvas){ 0 };
}

void canvas_fit(struct canvas *canvas, float left, float right, float low, float high, float step)
{
    for (;; step *= 1.06f) {
        const float x = floorf(left / step) - 1, y = ceilf(high / step) + 1;
        const int wide = (int)(ceilf(right / step) - x) + 3, tall = (int)(y - floorf(low / step)) + 3;
        if ((size_t)wide * (size_t)tall > canvas->capacity) continue;
        canvas->wide = wide;
        canvas->high = tall;
        canvas->left = x * step;
        canvas->top = y * step;
        canvas->step = step;
        canvas->per = 1 / step;
        canvas->across = canvas->projection == PROJECTION_PANORAMA ? tall : 1;
        canvas->down = canvas->projection == PROJECTION_PANORAMA ? 1 : wide;
        return;
    }
}
