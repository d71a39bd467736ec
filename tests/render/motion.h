/* Measures how a picture moves as a whole between two frames: blocks of luma are matched and a similarity
 * (shift, scale, turn) is fitted to where they went, outliers weighing less. Works on any 8 bit luma planes.
 */
#pragma once

#include <stdint.h>

/* Of the content, in pixels, natural logarithm and degrees; + is right, down, larger, clockwise. */
struct motion {
    double right, down, grow, turn;
    double agreement; /* part of the blocks that follow within 1.5 pixels, 0..1; 0 when nothing could be
                         matched */
};

/* Two planes of `width` x `height`, 64..4096 a side, rows without padding. Large planes are measured on a
 * smaller copy of about 320 pixels; the result is in pixels of the originals. */
struct motion motion_between(const uint8_t *from, const uint8_t *to, int width, int height);

/* Adds a step to a running total. */
void motion_add(struct motion *total, const struct motion *step);
