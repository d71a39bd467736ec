/* What is said or written in a file, line by line, from the text that the worker found: WebVTT of captions,
 * plain text otherwise. */
#pragma once

#include "library/asset.h"

enum { LINES_MAX = 20000, LINE_MAX_BYTES = 2000, LINES_TEXT_MAX_BYTES = 1 << 20 };

/* True for WebVTT. */
bool lines_are_captions(const char *text);

/* A list of struct asset_line; what is beyond the limits is left out. */
struct list lines_read(struct arena *mem, const char *text);
