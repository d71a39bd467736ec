/* The captions inside a film, taken from its packets as they pass by. Users of this header speak libav.
 *
 * One stream is read, the one a player starts with: the first of text (SubRip, SSA, WebVTT, MP4 timed text)
 * that is marked as standard and not as forced, else the first of text. Pictures of text (DVD, Blu-ray) are
 * not read. Of what is read, so much is kept as the library takes of any text: the bounds below. */
#pragma once

#include "media/source.h"
#include "task/ingest.h"

enum {
    SUBTITLES_MAX = 20000,         /* cues */
    SUBTITLES_MAX_BYTES = 4 << 20, /* of WebVTT */
    SUBTITLES_WORDS_BYTES = 2000,  /* of one cue; the rest of it is cut off */
};

struct subtitles;

/* Lives in `mem`, except for what subtitles_close frees. */
struct subtitles *subtitles_new(const struct source *source, struct arena *mem, struct error *err) MUST_USE;

/* Any packet of the source; those of other streams are passed over, and so are damaged ones. */
void subtitles_read(struct subtitles *subtitles, AVPacket *packet);

/* The first cues go into `out`, all of them as WebVTT into `fd` unless that is negative; nothing when there
 * was none. */
bool subtitles_sum_up(struct subtitles *subtitles, int fd, struct media_analysis *out,
                      struct error *err) MUST_USE;

bool subtitles_cut(const struct subtitles *subtitles); /* there was more than the bounds permit */

void subtitles_close(struct subtitles *subtitles); /* accepts NULL */
