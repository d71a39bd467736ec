#include "media/tempo.h"

#include <libavutil/tx.h>
#include <math.h>
#include <string.h>

enum { WINDOW = 1024, BINS = WINDOW / 2, RATE_MIN = 8000 };

struct tempo {
    AVTXContext *transform;
    av_tx_fn run;
    int hop, filled;
    double rate; /* onsets per second: TEMPO_RATE but for whole samples */
    float *window, *samples; /* WINDOW; the latest ones */
    float *spectrum;         /* WINDOW + 2: real and imaginary parts */
    float *in;               /* WINDOW, aligned for the transform */
    float *before;           /* BINS: compressed magnitudes of the last window */
    float *onset;            /* TEMPO_MAX */
    int count;
};

struct tempo *tempo_new(int sample_rate, struct arena *mem)
{
    struct tempo *const tempo = arena_new(mem, struct tempo);
    const float scale = 1;
    if (sample_rate < RATE_MIN ||
        av_tx_init(&tempo->transform, &tempo->run, AV_TX_FLOAT_RDFT, 0, WINDOW, &scale, AV_TX_UNALIGNED) < 0)
        return NULL;
    tempo->hop = sample_rate / TEMPO_RATE;
    tempo->rate = (double)sample_rate / tempo->hop;
    tempo->window = arena_array(mem, WINDOW, sizeof(float));
    tempo->samples = arena_array(mem, WINDOW, sizeof(float));
    tempo->in = arena_array(mem, WINDOW, sizeof(float));
    tempo->spectrum = arena_array(mem, WINDOW + 2, sizeof(float));
    tempo->before = arena_array(mem, BINS, sizeof(float));
    tempo->onset = arena_array(mem, TEMPO_MAX, sizeof(float));
    for (int i = 0; i < WINDOW; i++) tempo->window[i] = (float)(0.5 - 0.5 * cos(2 * M_PI * i / WINDOW));
    return tempo;
}

/* The fourth root of the power: quiet instruments count beside loud ones. */
static void note_onset(struct tempo *tempo)
{
    float flux = 0;
    for (int i = 0; i < WINDOW; i++) tempo->in[i] = tempo->samples[i] * tempo->window[i];
    tempo->run(tempo->transform, tempo->spectrum, tempo->in, sizeof(float));
    for (int i = 0; i < BINS; i++) {
        const float re = tempo->spectrum[2 * i], im = tempo->spectrum[2 * i + 1];
        const float now = sqrtf(sqrtf(re * re + im * im)), rise = now - tempo->before[i];
        flux += rise > 0 ? rise : 0;
        tempo->before[i] = now;
    }
    tempo->onset[tempo->count++] = flux;
}

void tempo_add(struct tempo *tempo, const float *mono, int count)
{
    if (!tempo) return;
    while (count > 0 && tempo->count < TEMPO_MAX) {
        const int room = tempo->hop - tempo->filled, take = count < room ? count : room;
        memmove(tempo->samples, tempo->samples + take, (size_t)(WINDOW - take) * sizeof(float));
        memcpy(tempo->samples + WINDOW - take, mono, (size_t)take * sizeof(float));
        mono += take;
        count -= take;
        tempo->filled += take;
        if (tempo->filled < tempo->hop) return;
        tempo->filled = 0;
        note_onset(tempo);
    }
}

/* What rises above its surroundings of half a second. */
static void flatten(const float *from, int count, float *to)
{
    enum { AROUND = TEMPO_RATE / 4 };
    double sum = 0;
    for (int i = -AROUND; i < count; i++) {
        if (i + AROUND < count) sum += (double)from[i + AROUND];
        if (i - AROUND - 1 >= 0) sum -= (double)from[i - AROUND - 1];
        if (i >= 0) to[i] = fmaxf(0, from[i] - (float)(sum / (2 * AROUND + 1)));
    }
}

static double likeness(const float *onset, int count, int lag)
{
    float sum = 0;
    for (int i = 0; i + lag < count; i++) sum += onset[i] * onset[i + lag];
    return (double)sum / (count - lag);
}

/* Where between three neighbours the peak stands, -0.5..0.5: the top of a parabola. */
static double between(double left, double top, double right)
{
    const double bend = left - 2 * top + right;
    return bend < 0 ? fmax(-0.5, fmin(0.5 * (left - right) / bend, 0.5)) : 0;
}

/* Over four periods the same error of a step counts a quarter. */
static double refine(const float *onset, int count, double lag)
{
    for (int periods = 1; periods <= 4; periods *= 2) {
        const int near = (int)lround(lag * periods);
        int best = near;
        if (near + 4 >= count / 2) break;
        for (int at = near - 3; at <= near + 3; at++)
            if (likeness(onset, count, at) > likeness(onset, count, best)) best = at;
        lag = (best + between(likeness(onset, count, best - 1), likeness(onset, count, best),
                              likeness(onset, count, best + 1))) / periods;
    }
    return lag;
}

/* Where what comes at half the period is as strong, the period is two beats. */
static const double every_beat = 0.9;

void tempo_find(const struct tempo *tempo, double *bpm_out, double *confidence_out)
{
    enum { SHORTEST = TEMPO_RATE * 60 / 240, LONGEST = TEMPO_RATE * 60 / 40, LEAST = 3 * TEMPO_RATE };
    if (!tempo || tempo->count < LEAST) return;
    AUTO(arena) struct arena mem = { 0 };
    float *const onset = arena_array(&mem, (size_t)tempo->count, sizeof(float));
    flatten(tempo->onset, tempo->count, onset);
    const double power = likeness(onset, tempo->count, 0);
    double best = 0;
    int best_lag = 0;
    for (int lag = SHORTEST; lag <= LONGEST && lag < tempo->count / 2; lag++) {
        const double octaves = log2(60.0 * TEMPO_RATE / lag / 120);
        const double score = likeness(onset, tempo->count, lag) * exp(-0.5 * octaves * octaves);
        if (score > best) best = score, best_lag = lag;
    }
    const int half = best_lag / 2;
    if (half >= SHORTEST &&
        likeness(onset, tempo->count, half) > every_beat * likeness(onset, tempo->count, best_lag))
        best_lag = half;
    const double confidence = best_lag ? likeness(onset, tempo->count, best_lag) / power : 0;
    if (!(confidence > 0.15)) return;
    *bpm_out = 60 * tempo->rate / refine(onset, tempo->count, best_lag);
    *confidence_out = fmin(confidence, 1);
}

void tempo_close(struct tempo *tempo)
{
    if (tempo) av_tx_uninit(&tempo->transform);
}
