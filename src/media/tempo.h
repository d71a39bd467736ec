/* The tempo of music: how strongly something begins, 200 times a second (spectral flux of compressed
 * magnitudes), then the period at which that repeats (autocorrelation, weighed towards 120 beats a minute as
 * listeners do; see D. Ellis, "Beat Tracking by Dynamic Programming", 2007). The first four minutes count. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

enum { TEMPO_RATE = 200, TEMPO_MAX = 240 * TEMPO_RATE };

struct tempo;

/* For mono sound of this rate; lives in `mem`, except for what tempo_close frees. NULL in `out`: there is no
 * memory for it, or the rate is too low, and the calls below do nothing. */
struct tempo *tempo_new(int sample_rate, struct arena *mem) MUST_USE;
void tempo_add(struct tempo *tempo, const float *mono, int count);

/* Beats per minute and how regular they are (0..1); both are left alone when there is no beat to speak of. */
void tempo_find(const struct tempo *tempo, double *bpm_out, double *confidence_out);
void tempo_close(struct tempo *tempo);
