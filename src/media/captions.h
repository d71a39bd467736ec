/* Captions: cues of SubRip and WebVTT, which differ in little. */
#pragma once

#include "base/buf.h"
#include "task/ingest.h"

enum { CAPTIONS_CUE_BYTES = 200 }; /* of a cue that is listed */

/* A number, then a line of times. */
bool captions_look_like_srt(const char *text);

/* Counts and lists the cues of `text` when it is `captions`. False when there is none then. */
bool captions_read(const char *text, bool captions, struct arena *mem, struct ingest_text *facts,
                   struct media_analysis *out) MUST_USE;

/* The lines before a cue's words in WebVTT: an empty one, then its times. */
void captions_put_times(struct buf *out, double start_s, double end_s);

/* The same cues as WebVTT without styles, in order of the file. */
char *captions_as_vtt(const char *text, struct arena *mem) MUST_USE;
