/* What a media file says about itself: container and streams, without decoding it all. */
#pragma once

#include "task/task.h"

struct source;

/* `fd` is seekable and stays the caller's. Refuses what media/source.h refuses, and a file without video and
 * sound. The facts are the file's own claims; frames and mean_luma stay absent. Width and height are those of
 * the upright picture. Texts in `out` are constants. */
bool probe_file(int fd, struct media_facts *out, struct error *err) MUST_USE;

/* The same from an opened source. */
void probe_source(const struct source *source, struct media_facts *out);
