/* What a container says about itself: streams, colours, chapters, tags, when it was made. */
#pragma once

#include "media/source.h"
#include "task/ingest.h"

/* UNSUPPORTED for a container that can be read and is not taken into the library. */
bool source_describe(const struct source *source, struct arena *mem, struct media_analysis *out,
                     struct error *err) MUST_USE;
