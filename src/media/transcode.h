/* Films for other places: another size, shape, codec, loudness, container; whole or piece by piece. */
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

/* A piece of a film for players, see transcode_in. */
bool transcode_segment(int from, const struct transcode_in *in, int to, struct media_facts *facts_out,
                       struct error *err) MUST_USE;
