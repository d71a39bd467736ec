#include "media/loudness.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>

struct loudness {
    ebur128_state *meter;
};

static const double gate_lufs = -70; /* absolute gate of the standard: below it nothing was measured */

struct loudness *loudness_new(int channels, int sample_rate)
{
    const int modes = EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK;
    struct loudness *const loudness = malloc(sizeof *loudness);
    if (!loudness) return NULL;
    loudness->meter = ebur128_init((unsigned)channels, (unsigned long)sample_rate, modes);
    if (loudness->meter) return loudness;
    free(loudness);
    return NULL;
}

bool loudness_add(struct loudness *loudness, const float *samples, int count)
{
    return ebur128_add_frames_float(loudness->meter, samples, (size_t)count) == EBUR128_SUCCESS;
}

void loudness_find(struct loudness *loudness, double *loudness_out, double *range_out, double *true_peak_out)
{
    double lufs = NAN, range = NAN, peak = 0, one;
    ebur128_loudness_global(loudness->meter, &lufs);
    ebur128_loudness_range(loudness->meter, &range);
    for (unsigned c = 0; c < loudness->meter->channels; c++)
        if (ebur128_true_peak(loudness->meter, c, &one) == EBUR128_SUCCESS) peak = fmax(peak, one);
    const bool measured = isfinite(lufs) && lufs > gate_lufs;
    *loudness_out = measured ? lufs : NAN;
    *range_out = measured && isfinite(range) ? range : NAN;
    *true_peak_out = peak > 0 ? 20 * log10(peak) : NAN;
}

void loudness_close(struct loudness *loudness)
{
    if (!loudness) return;
    ebur128_destroy(&loudness->meter);
    free(loudness);
}
