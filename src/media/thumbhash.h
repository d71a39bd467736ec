/* A placeholder of some 25 bytes that stands for a picture until it has loaded: ThumbHash, which browsers
 * decode with a few lines (https://evanw.github.io/thumbhash/). */
#pragma once

#include "base/arena.h"
#include "media/image.h"

/* Base64 of the hash. */
char *thumbhash_of(const struct image *image, struct arena *mem) MUST_USE;
