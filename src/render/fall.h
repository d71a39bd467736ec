/* Rain and snow, drawn over a finished column of the panorama.
 *
 * Drops fall in three shells around the eye. A drop keeps its azimuth and its height over time, so it stays
 * where it is when the camera turns; it does not care where the camera goes. */
#pragma once

#include "render/column.h"

/* `haze` is the colour of the sky over the horizon. Does nothing in dry weather. */
void fall_draw(const struct view *view, float azimuth, vec4 haze, vec4 *pixels);
