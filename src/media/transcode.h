/* Films for other places: another size, shape, codec, loudness, container; and what a player needs of them.
 */
#pragma once

#include "task/task.h"

/* How far it is, 0..1. */
struct transcode_watch {
    void (*tell)(void *with, double progress, const char *stage);
    void *with;
};

/* Reads `from`, writes the empty file `to`, for hls also `index` (media/sink.h). Damage of the source is
 * passed over. The facts are those of the written file, read again. */
bool transcode_file(int from, const struct transcode_in *in, int to, int index,
                    const struct transcode_watch *watch, struct media_facts *facts_out,
                    struct error *err) MUST_USE;

/* What a player gets of this file. Texts live in `mem`. */
bool playback_find(int from, struct arena *mem, struct playback *out, struct error *err) MUST_USE;
