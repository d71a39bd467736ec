/* Texts: plain, Markdown, and captions (SubRip, WebVTT). What they consist of, without knowing their
 * language; and the same text in UTF-8, captions as WebVTT, for whoever wants to search or show it. */
#pragma once

#include "media/analysis.h"

enum { STORY_MAX_BYTES = 16 * 1000 * 1000 };

/* BAD_MEDIA when it is no text after all: bytes that no text has, captions without a single cue. */
bool story_read(const struct analysis_files *files, struct arena *mem, struct media_analysis *out,
                struct error *err) MUST_USE;
