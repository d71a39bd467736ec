/* The picture inside a sound file, as of an album, made its poster. Users of this header speak libav.
 *
 * The one called the front cover counts, else the first. It may have COVER_MAX_BYTES and as many pixels as
 * any picture (image.h); one that is larger, damaged or of another kind than the pictures that are taken is
 * left aside: it is no reason to refuse the sound. */
#pragma once

#include "media/source.h"
#include "task/ingest.h"

enum { COVER_MAX_BYTES = 20 * 1000 * 1000, COVER_MAX_SIDE = 1280 };

enum cover_state { COVER_NONE, COVER_GOOD, COVER_BAD };

/* The poster as JPEG into `fd` unless that is negative, its placeholder into `out`. An error is one of
 * writing. */
bool cover_show(const struct source *source, int fd, struct arena *mem, struct media_analysis *out,
                enum cover_state *state_out, struct error *err) MUST_USE;
