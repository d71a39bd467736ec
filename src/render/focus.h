/* Depth of field: what is far from the sharp distance is spread over a disc. */
#pragma once

#include "render/canvas.h"
#include "render/team.h"

struct focus {
    vec4 *soft[2]; /* the canvas at 1/4 size, softly and strongly blurred */
    vec4 *work;
    size_t capacity;
};

bool focus_open(struct focus *focus, size_t canvas_capacity, struct error *err) MUST_USE;
void focus_close(struct focus *focus);

/* `distance` is what is sharp, in the units of the canvas's nearness. */
void focus_apply(struct focus *focus, struct canvas *canvas, float distance, struct team *team);
