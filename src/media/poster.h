/* Chooses the frame that stands for a video, while somebody else decodes it. Users of this header speak
 * libav.
 *
 * A good poster is sharp, well exposed and neither from the first nor the last moment. Only the best frame so
 * far is kept. */
#pragma once

#include "media/image.h"
#include "media/luma.h"

enum { POSTER_MAX_SIDE = 1280 };

struct poster {
    AVFrame *best;
    double score;
};

/* `progress` is where in the video the frame is, 0..1 (0.5 when unknown). */
bool poster_consider(struct poster *poster, const AVFrame *frame, const struct luma *luma, double progress,
                     struct error *err) MUST_USE;

/* The best frame as poster_write writes it. `picture` is a zero value. */
bool poster_draw(const struct poster *poster, int rotation, struct image *picture,
                 struct error *err) MUST_USE;

/* Writes the best frame as JPEG at the start of `fd`, upright (`rotation` degrees clockwise: 0, 90, 180,
 * 270), with square pixels, long side at most POSTER_MAX_SIDE. */
bool poster_write(const struct poster *poster, int rotation, int fd, struct error *err) MUST_USE;

void poster_close(struct poster *poster);

static inline void poster_cleanup(struct poster *poster) { poster_close(poster); }
