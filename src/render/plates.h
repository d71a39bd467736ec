/* A picture as a stack of planes at different distances, with what each hides painted in behind it.
 *
 * The opening camera sees the picture as it is, cropped to cover the frame with a little to spare. Past its
 * edges every plane goes on as its own mirror image, so that there is always something to see. */
#pragma once

#include "render/camera.h"
#include "render/canvas.h"
#include "render/render.h"
#include "render/team.h"

enum { PLATES = 3 };

struct plate {
    float far;    /* distance from the opening camera, subject = 1 */
    vec4 *pixels; /* premultiplied linear colour, w: cover */
};

struct plates {
    int wide, high; /* of every plane */
    float half_x;   /* what half the width spans at distance 1 */
    float half_y;
    bool gate;                  /* a dark opening in front that the camera passes */
    struct plate plate[PLATES]; /* far to near */
};

/* `wide_most` limits the working width; `view_x`, `view_y` are half the opening frame at distance 1. */
bool plates_open(const struct picture *picture, int wide_most, float view_x, float view_y, bool gate,
                 struct plates **out, struct error *err) MUST_USE;
void plates_close(struct plates *plates);

/* Draws what an eye at a sight's position sees, looking straight ahead. */
void plates_draw(const struct plates *plates, const struct sight *sight, struct canvas *canvas,
                 struct team *team);
