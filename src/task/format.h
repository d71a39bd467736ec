/* Picture formats: aspect ratio and size preset to pixels. */
#pragma once

#include "base/scope.h"

/* NULL-terminated names. */
extern const char *const format_ratio_names[]; /* "16:9", "9:16", "4:5", "1:1", "21:9" */
extern const char *const format_size_names[];  /* "mock", "draft", "standard", "4k" */

enum { FORMAT_SIDE_MAX = 4096 }; /* no side is longer; the picture shrinks instead */

struct format {
    int64_t width, height; /* even */
};

/* The short side is 180 (mock), 540, 1080 or 2160 pixels. False for a name that is not in the tables. */
bool format_find(const char *ratio, const char *size, struct format *out) MUST_USE;
