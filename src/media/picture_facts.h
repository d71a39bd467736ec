/* What a still picture says about itself besides its size: pages, transparency, when and with what it was
 * taken. */
#pragma once

#include "base/arena.h"
#include "task/ingest.h"

/* Of a picture that image.h accepts; reads its header only. */
bool picture_describe(int fd, struct arena *mem, struct media_analysis *out, struct error *err) MUST_USE;
