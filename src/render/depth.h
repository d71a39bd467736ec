/* Guesses how near each part of a picture is: low in the frame, unlike the border and sharp means near. */
#pragma once

#include "base/scope.h"
#include "render/vec.h"

/* Fills `near_out` (wide * high, 0 = far .. 1 = near) for linear colours in `pixels`. False without memory.
 */
bool depth_guess(const vec4 *pixels, int wide, int high, float *near_out) MUST_USE;
