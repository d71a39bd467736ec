/* Loudness as EBU R 128 means it. libebur128's header has an `enum error`, so neither this one nor its source
 * may include base/error.h. */
#pragma once

#include "base/scope.h"

struct loudness;

/* NULL: there is not enough memory. */
struct loudness *loudness_new(int channels, int sample_rate) MUST_USE;

/* `count` samples of each channel, side by side. False: there is not enough memory. */
bool loudness_add(struct loudness *loudness, const float *samples, int count) MUST_USE;

/* LUFS, LU (EBU Tech 3342) and dBTP (ITU-R BS.1770 annex 2); NaN for what silence or too short a sound does
 * not have. */
void loudness_find(struct loudness *loudness, double *loudness_out, double *range_out, double *true_peak_out);

void loudness_close(struct loudness *loudness); /* accepts NULL */
