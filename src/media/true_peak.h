/* The true peak of sound (ITU-R BS.1770 annex 2): the highest level between the samples as well, found by
 * putting three new samples between two (one above 96 kHz, none above 192 kHz) with the filter of libebur128,
 * a sinc of 49 taps under a Hann window. libebur128 itself takes four times as long for it. */
#pragma once

#include "base/scope.h"

struct true_peak;

/* NULL: there is not enough memory. */
struct true_peak *true_peak_new(int channels, int sample_rate) MUST_USE;

/* `count` samples of each channel, side by side. */
void true_peak_add(struct true_peak *peak, const float *samples, int count);

/* The highest of all channels so far; 0 of silence. */
double true_peak_find(const struct true_peak *peak);

void true_peak_close(struct true_peak *peak); /* accepts NULL */
