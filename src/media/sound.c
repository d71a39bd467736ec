#include "media/sound.h"

#include "media/loudness.h"
#include "media/peaks.h"
#include "media/stretch.h"
#include "media/tempo.h"

#include <chromaprint.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <string.h>

enum { CHANNELS_MAX = 16, PIECE = 4096, FINGERPRINT_S = 120 };
static const float silent = 0.001f; /* -60 dBFS */
static const double shortest_silence_s = 0.5;

struct sound {
    struct arena *mem;
    SwrContext *converter;
    int rate, channels, format;
    int64_t heard; /* samples per channel */
    bool changed;
    struct loudness *meter;
    ChromaprintContext *printer;
    struct tempo *tempo;
    struct peaks peaks;
    struct stretch silence;
    float *samples, *mono; /* a piece, channels side by side; and mixed */
    int16_t *narrow;       /* mixed, 16 bits */
};

struct sound *sound_new(struct arena *mem)
{
    struct sound *const sound = arena_new(mem, struct sound);
    sound->mem = mem;
    sound->silence.least_s = shortest_silence_s;
    return sound;
}

static bool out_of_memory(struct error *err)
{
    return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to measure the sound");
}

static bool open_meters(struct sound *sound, struct error *err)
{
    sound->meter = loudness_new(sound->channels, sound->rate);
    sound->printer = chromaprint_new(CHROMAPRINT_ALGORITHM_DEFAULT);
    if (!sound->meter || !sound->printer || !chromaprint_start(sound->printer, sound->rate, 1))
        return out_of_memory(err);
    sound->tempo = tempo_new(sound->rate, sound->mem);
    peaks_init(&sound->peaks, sound->mem);
    sound->samples = arena_array(sound->mem, PIECE * CHANNELS_MAX, sizeof(float));
    sound->mono = arena_array(sound->mem, PIECE, sizeof(float));
    sound->narrow = arena_array(sound->mem, PIECE, sizeof(int16_t));
    return true;
}

static bool start(struct sound *sound, const AVFrame *frame, struct error *err)
{
    sound->rate = frame->sample_rate;
    sound->channels = frame->ch_layout.nb_channels;
    sound->format = frame->format;
    if (sound->rate < 1000 || sound->rate > 768000 || sound->channels < 1 || sound->channels > CHANNELS_MAX)
        return fail(err, CAUSE_BAD_MEDIA,
                    "the sound has %d channels of %d samples per second, which cannot be measured",
                    sound->channels, sound->rate);
    AVChannelLayout layout =
        frame->ch_layout; /* the call copies it, although it asks for one it may change */
    const int got = swr_alloc_set_opts2(&sound->converter, &layout, AV_SAMPLE_FMT_FLT, sound->rate, &layout,
                                        (enum AVSampleFormat)frame->format, sound->rate, 0, NULL);
    if (got < 0 || swr_init(sound->converter) < 0) return out_of_memory(err);
    return open_meters(sound, err);
}

static void mix(struct sound *sound, int count)
{
    const int channels = sound->channels;
    const float share = 1.0f / (float)channels;
    for (int i = 0; i < count; i++) {
        float sum = 0;
        for (int c = 0; c < channels; c++) sum += sound->samples[i * channels + c];
        sound->mono[i] = sum * share;
    }
}

/* A stretch of silence is as exact as one sample; a piece that is loud throughout costs one look at its
 * blocks. */
static void note_silence(struct sound *sound, int count)
{
    for (int i = 0; i < count; i++) {
        bool quiet = true;
        for (int c = 0; quiet && c < sound->channels; c++)
            quiet = fabsf(sound->samples[i * sound->channels + c]) < silent;
        if (quiet == sound->silence.under_way) continue;
        stretch_note(&sound->silence, quiet, (double)(sound->heard + i) / sound->rate);
    }
}

static void print(struct sound *sound, int count)
{
    if (sound->heard > (int64_t)FINGERPRINT_S * sound->rate) return;
    for (int i = 0; i < count; i++)
        sound->narrow[i] = (int16_t)lrintf(fmaxf(-1, fminf(sound->mono[i], 1)) * 32767);
    chromaprint_feed(sound->printer, sound->narrow, count);
}

/* Damaged files decode to numbers that are none, which would stay in every filter. */
static void heal(struct sound *sound, int count)
{
    for (int i = 0; i < count * sound->channels; i++)
        if (!(fabsf(sound->samples[i]) < 64)) sound->samples[i] = 0;
}

static bool measure(struct sound *sound, int count, struct error *err)
{
    heal(sound, count);
    if (!loudness_add(sound->meter, sound->samples, count)) return out_of_memory(err);
    mix(sound, count);
    note_silence(sound, count);
    peaks_add(&sound->peaks, sound->mono, count);
    tempo_add(sound->tempo, sound->mono, count);
    print(sound, count);
    sound->heard += count;
    return true;
}

bool sound_hear(struct sound *sound, const AVFrame *frame, struct error *err)
{
    if (!sound->rate && !start(sound, frame, err)) return false;
    if (frame->sample_rate != sound->rate || frame->ch_layout.nb_channels != sound->channels ||
        frame->format != sound->format) {
        sound->changed = true;
        return true;
    }
    const uint8_t **data = (const uint8_t **)frame->extended_data;
    uint8_t *out = (uint8_t *)sound->samples;
    int count = swr_convert(sound->converter, &out, PIECE, data, frame->nb_samples);
    while (count > 0) {
        if (!measure(sound, count, err)) return false;
        count = swr_convert(sound->converter, &out, PIECE, NULL, 0);
    }
    return count == 0 || out_of_memory(err);
}

static void tell_fingerprint(struct sound *sound, struct media_analysis *out)
{
    char *text = NULL;
    if (!chromaprint_finish(sound->printer) || !chromaprint_get_fingerprint(sound->printer, &text)) return;
    if (strlen(text) > 8)
        out->fingerprint = arena_text(sound->mem, text); /* shorter: nothing was long enough */
    chromaprint_dealloc(text);
}

bool sound_sum_up(struct sound *sound, int peaks_fd, struct media_analysis *out, struct error *err)
{
    if (!sound->heard) return true;
    struct ingest_peaks *const peaks = arena_new(sound->mem, struct ingest_peaks);
    if (!peaks_write(&sound->peaks, sound->rate, peaks_fd, peaks, err)) return false;
    out->peaks = peaks;
    loudness_find(sound->meter, &out->loudness, &out->loudness_range, &out->true_peak);
    tell_fingerprint(sound, out);
    out->silence = stretch_finish(&sound->silence, sound_length_s(sound), sound->mem);
    tempo_find(sound->tempo, &out->tempo, &out->tempo_confidence);
    return true;
}

double sound_length_s(const struct sound *sound)
{
    return sound->rate ? (double)sound->heard / sound->rate : 0;
}
bool sound_changed(const struct sound *sound) { return sound->changed; }

void sound_close(struct sound *sound)
{
    if (!sound) return;
    swr_free(&sound->converter);
    loudness_close(sound->meter);
    if (sound->printer) chromaprint_free(sound->printer);
    tempo_close(sound->tempo);
}
