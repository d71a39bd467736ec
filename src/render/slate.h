/* The slate: a line of text at the foot of the picture with shot, camera, mood and time code. */
#pragma once

#include "render/render.h"

struct slate {
    char text[160];
};

/* Capital letters, figures and a few signs; everything else becomes a space. */
void slate_set(struct slate *slate, const char *shot, const char *camera, const char *mood);

/* Writes the slate and hh:mm:ss:ff into a finished frame. Frames too small to read it stay as they are. */
void slate_draw(const struct slate *slate, int64_t frame, int fps, int width, int height,
                const struct planes *out);
