/* A picture in another size and format, upright and in sRGB, without metadata. */
#pragma once

#include "task/task.h"

/* Reads an accepted picture (image.h) from `from`, writes the result to the empty file `to`. Never enlarges.
 * JPEG is put on white; WebP and PNG keep transparency. */
bool resize_picture(int from, const struct resize_in *in, int to, struct media_facts *facts_out,
                    struct error *err) MUST_USE;
