#include "media/true_peak.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAPS = 49, MOST_FACTOR = 4, DELAY_MAX = (TAPS + 1) / 2, PIECE = 512 };

struct true_peak {
    int channels, factor, delay;         /* taps of a phase */
    float phase[MOST_FACTOR][DELAY_MAX]; /* taps by phase, the latest sample's first */
    float highest;
    float rows[][DELAY_MAX + PIECE]; /* of a channel: the last samples of the piece before, then a piece */
};

static int factor_for(int sample_rate) { return sample_rate < 96000 ? 4 : sample_rate < 192000 ? 2 : 1; }

static void design(struct true_peak *peak)
{
    for (int i = 0; i < TAPS; i++) {
        const double at = i - (TAPS - 1) / 2.0, angle = at * M_PI / peak->factor;
        const double window = 0.5 * (1 - cos(2 * M_PI * i / (TAPS - 1)));
        const double tap = (fabs(at) < 1e-6 ? 1 : sin(angle) / angle) * window;
        peak->phase[i % peak->factor][i / peak->factor] = (float)tap;
    }
}

struct true_peak *true_peak_new(int channels, int sample_rate)
{
    struct true_peak *const peak = calloc(1, sizeof *peak + (size_t)channels * sizeof *peak->rows);
    if (!peak) return NULL;
    peak->channels = channels;
    peak->factor = factor_for(sample_rate);
    peak->delay = peak->factor > 1 ? (TAPS + peak->factor - 1) / peak->factor : 1;
    peak->phase[0][0] = 1;
    if (peak->factor > 1) design(peak);
    return peak;
}

/* Samples lie in the inner loop, so that one instruction does several of them. */
static float highest_of(const float *row, const float *taps, int delay, int count)
{
    float sums[PIECE] = { 0 }, highest = 0;
    for (int tap = 0; tap < delay; tap++)
        for (int i = 0; i < count; i++) sums[i] += taps[tap] * row[DELAY_MAX + i - tap];
    for (int i = 0; i < count; i++) highest = fabsf(sums[i]) > highest ? fabsf(sums[i]) : highest;
    return highest;
}

static void measure(struct true_peak *peak, int channel, const float *samples, int count)
{
    float *const row = peak->rows[channel];
    for (int i = 0; i < count; i++) row[DELAY_MAX + i] = samples[(ptrdiff_t)i * peak->channels + channel];
    for (int phase = 0; phase < peak->factor; phase++)
        peak->highest = fmaxf(peak->highest, highest_of(row, peak->phase[phase], peak->delay, count));
    memmove(row, row + count, DELAY_MAX * sizeof *row);
}

void true_peak_add(struct true_peak *peak, const float *samples, int count)
{
    for (int at = 0; at < count; at += PIECE)
        for (int channel = 0; channel < peak->channels; channel++)
            measure(peak, channel, samples + (ptrdiff_t)at * peak->channels,
                    count - at < PIECE ? count - at : PIECE);
}

double true_peak_find(const struct true_peak *peak) { return (double)peak->highest; }

void true_peak_close(struct true_peak *peak) { free(peak); }
