/* The filter, held against libebur128's own measure. */
#define error ebur128_error /* the library's name for an enum, which is one of our structs */
#include <ebur128.h>
#undef error

#include "media/true_peak.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

static double library_peak(const float *samples, int count, int channels, int rate)
{
    double highest = 0, one;
    ebur128_state *meter = ebur128_init((unsigned)channels, (unsigned long)rate, EBUR128_MODE_TRUE_PEAK);
    ebur128_add_frames_float(meter, samples, (size_t)count);
    for (int c = 0; c < channels; c++)
        if (ebur128_true_peak(meter, (unsigned)c, &one) == EBUR128_SUCCESS) highest = fmax(highest, one);
    ebur128_destroy(&meter);
    return highest;
}

/* In pieces of odd sizes, so that the filter has to reach back over their edges. */
static double our_peak(const float *samples, int count, int channels, int rate)
{
    struct true_peak *const peak = true_peak_new(channels, rate);
    for (int at = 0, piece = 1; at < count; at += piece, piece = piece * 7 % 1201)
        true_peak_add(peak, samples + at * channels, piece < count - at ? piece : count - at);
    const double found = true_peak_find(peak);
    true_peak_close(peak);
    return found;
}

TEST(the_peak_is_that_of_the_library)
{
    enum { COUNT = 20000, CHANNELS = 6 };
    static const int rates[] = { 8000, 44100, 48000, 96000, 192000 };
    float *const samples = malloc(COUNT * CHANNELS * sizeof *samples);
    for (int i = 0; i < COUNT * CHANNELS; i++) samples[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    for (size_t i = 0; i < COUNT_OF(rates); i++)
        for (int channels = 1; channels <= CHANNELS; channels++) {
            const int count = COUNT * CHANNELS / channels;
            CHECK_NEAR(our_peak(samples, count, channels, rates[i]),
                       library_peak(samples, count, channels, rates[i]), 1e-5);
        }
    free(samples);
}

TEST(silence_has_no_peak)
{
    static const float silence[1000];
    CHECK_NEAR(our_peak(silence, 500, 2, 48000), 0, 0);
}

int main(int argc, char **argv) { return run_tests(argc, argv); }
