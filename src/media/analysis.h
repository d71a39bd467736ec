/* Everything there is to know about a file, found in one pass over it: task/ingest.h says what.
 *
 * A file that is damaged somewhere but can be used is described up to there, with a warning; one that cannot
 * be used is refused: UNSUPPORTED for what it is, BAD_MEDIA for its state, TOO_LARGE for its size. */
#pragma once

#include "base/arena.h"
#include "task/ingest.h"

/* The file and what is made from it; -1 for what nobody wants. Seekable, and they stay the caller's. */
struct analysis_files {
    int in, poster, sprite, peaks, text;
};

/* Somebody who wants to know how far it is (0..1). */
struct analysis_watch {
    void (*progress)(void *with, double progress, const char *stage);
    void *with;
};

/* The texts and lists of `out` live in `mem`. */
bool analysis_run(const struct analysis_files *files, const struct ingest_in *in,
                  const struct analysis_watch *watch, struct arena *mem, struct media_analysis *out,
                  struct error *err) MUST_USE;
