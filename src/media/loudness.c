#include "media/loudness.h"

#include "media/true_peak.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

struct loudness {
    ebur128_state *meter;
    struct true_peak *peak;
};

static const double gate_lufs = -70; /* absolute gate of the standard: below it nothing was measured */

struct loudness *loudness_new(int channels, int sample_rate)
{
    const int modes = EBUR128_MODE_I | EBUR128_MODE_LRA;
    struct loudness *const loudness = calloc(1, sizeof *loudness);
    if (!loudness) return NULL;
    loudness->meter = ebur128_init((unsigned)channels, (unsigned long)sample_rate, modes);
    loudness->peak = true_peak_new(channels, sample_rate);
    if (loudness->meter && loudness->peak) return loudness;
    loudness_close(loudness);
    return NULL;
}

bool loudness_add(struct loudness *loudness, const float *samples, int count)
{
    true_peak_add(loudness->peak, samples, count);
    return ebur128_add_frames_float(loudness->meter, samples, (size_t)count) == EBUR128_SUCCESS;
}

void loudness_find(struct loudness *loudness, double *loudness_out, double *range_out, double *true_peak_out)
{
    const double peak = true_peak_find(loudness->peak);
    double lufs = NAN, range = NAN;
    ebur128_loudness_global(loudness->meter, &lufs);
    ebur128_loudness_range(loudness->meter, &range);
    const bool measured = isfinite(lufs) && lufs > gate_lufs;
    *loudness_out = measured ? lufs : NAN;
    *range_out = measured && isfinite(range) ? range : NAN;
    *true_peak_out = peak > 0 ? 20 * log10(peak) : NAN;
}

void loudness_close(struct loudness *loudness)
{
    if (!loudness) return;
    if (loudness->meter) ebur128_destroy(&loudness->meter);
    true_peak_close(loudness->peak);
    free(loudness);
}
