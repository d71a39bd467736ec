/* Proves that a video is what it claims: every frame is decoded before the file counts.
 *
 * Refused with CAUSE_BAD_MEDIA: what probing refuses; a frame that does not decode; an end that comes early;
 * a picture size that changes on the way; a video that is black throughout; and anything that contradicts the
 * expectations. */
#pragma once

#include "task/task.h"

/* `fd` and `poster_fd` are seekable and stay the caller's. Expected durations are met within one frame, rates
 * within half a percent. The facts are those of probe.h with duration_s, fps, frames and mean_luma (0 black
 * .. 255 white) as decoded. A JPEG of the best frame goes into `poster_fd` unless it is negative. */
bool verify_video(int fd, const struct verify_in *expect, int poster_fd, struct media_facts *out,
                  struct error *err) MUST_USE;
