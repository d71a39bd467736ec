/* A small good file of every format the library takes, made by the codecs themselves. */
#pragma once

#include "base/error.h"

#include <stddef.h>

enum { SAMPLES_MAX = 32 };

struct sample {
    const char *name; /* of the format */
    const char *kind; /* what ingest should call it */
    int fd;
};

/* All of them, in memory, one second or less each. media_open() must have been called. */
size_t samples_make(struct sample samples[SAMPLES_MAX]);
