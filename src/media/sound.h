/* Listens to the sound of a file while it is decoded: loudness, waveform, silence, tempo, fingerprint. Users
 * of this header speak libav. */
#pragma once

#include "task/ingest.h"

#include <libavutil/frame.h>

struct sound;

/* Lives in `mem`, except for what sound_close frees. */
struct sound *sound_new(struct arena *mem) MUST_USE;

/* A decoded frame. One of another rate or with other channels than the first is passed over, and a warning
 * tells. */
bool sound_hear(struct sound *sound, const AVFrame *frame, struct error *err) MUST_USE;

/* What was heard; the waveform goes into `peaks_fd` unless that is negative. */
bool sound_sum_up(struct sound *sound, int peaks_fd, struct media_analysis *out, struct error *err) MUST_USE;

double sound_length_s(const struct sound *sound);
bool sound_changed(const struct sound *sound); /* frames were passed over */

void sound_close(struct sound *sound);
static inline void sound_cleanup(struct sound **sound) { sound_close(*sound); }
