/* What is done to pictures and sound on the way from a source to an encoder, as words for libavfilter. Users
 * of this header speak libav. */
#pragma once

#include "media/source.h"
#include "task/task.h"

enum { FILTERS_BYTES = 768, FILTERS_SAMPLE_RATE = 48000 };
#define FILTERS_PEAK_DB (-1.5) /* what is louder is held back when the loudness is changed */

struct size {
    int width, height;
};

/* What of a stream is wanted, in its encoder's time base: from `begin` up to before `end`. */
struct span {
    int64_t begin, end; /* INT64_MAX: all that comes */
    bool full;          /* what is missing at the end is filled: with the last picture, with silence */
};

/* As shown: upright, with square pixels. */
struct size filters_shown_size(const AVStream *stream);

/* Of the pictures that leave: crop and pad fill the box; inside keeps the shape and never enlarges. Even. */
struct size filters_size(const struct transcode_in *in, const AVStream *stream);

/* Pictures a second, at most `fps_max` and at least 1. */
AVRational filters_rate(const AVStream *stream, int64_t fps_max);

/* Upright, square pixels, this size and rate, BT.709 limited range, 4:2:0 in 8 bits.
 *
 * High dynamic range (PQ and HLG, ITU-R BT.2100) is brought down by light: up to 30 nits as it is, above on
 * the Moebius curve (the filter tonemap), which reaches white at the peak the film states (1000 nits when it
 * states none). Colours outside of BT.709 are cut. */
void filters_picture(const struct transcode_in *in, const AVStream *stream, AVRational rate,
                     const struct span *span, char out[FILTERS_BYTES]);

/* Stereo at 48 kHz, changed by `gain_db`; peaks above FILTERS_PEAK_DB are held
 * back then. */
void filters_sound(double gain_db, enum AVSampleFormat format, const struct span *span,
                   char out[FILTERS_BYTES]);
