/* A small real clip without a renderer: a coloured gradient that drifts, for the mock provider and for tests.
 * Same settings, same bytes. */
#pragma once

#include "base/error.h"

struct clip_settings {
    int width, height; /* as struct encode_settings */
    int fps;           /* 1..240 */
    double duration_s; /* above 0, up to 3600; rounded to whole frames, at least one */
    uint32_t seed;     /* chooses colours and direction */
};

/* How many frames the clip has: duration_s * fps, rounded, at least 1. */
int clip_frames(const struct clip_settings *settings);

/* Writes an MP4 into `fd` (seekable, readable, empty). */
bool clip_write(const struct clip_settings *settings, int fd, struct error *err) MUST_USE;
