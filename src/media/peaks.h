/* The waveform of a sound as pairs of lowest and highest sample, for drawing; in the file format that
 * audiowaveform writes and peaks.js and wavesurfer.js read (.dat, version 2, 8 bits, one channel).
 *
 * However long the sound, there are at most PEAKS_MAX pairs: when they are used up, neighbours become one. */
#pragma once

#include "base/arena.h"
#include "task/ingest.h"

enum { PEAKS_MAX = 1 << 16, PEAKS_FIRST_STEP = 256 /* samples per pair, doubled as needed */ };

struct peaks {
    int step;                  /* samples per pair now */
    int filled;                /* samples in the pair under way */
    float low, high;           /* of it */
    size_t count;
    int8_t (*pairs)[2];        /* PEAKS_MAX, in the arena */
};

void peaks_init(struct peaks *peaks, struct arena *mem);
void peaks_add(struct peaks *peaks, const float *mono, int count); /* samples of -1..1 */

/* Writes the file at the start of `fd` and describes it. */
bool peaks_write(struct peaks *peaks, int sample_rate, int fd, struct ingest_peaks *out,
                 struct error *err) MUST_USE;
