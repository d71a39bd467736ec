/* The Range header of RFC 9110 section 14, for one byte range. */
#pragma once

#include "base/scope.h"

enum range_result {
    RANGE_WHOLE, /* no range, several, another unit or nonsense: send everything */
    RANGE_PART,
    RANGE_BEYOND, /* nothing of it exists: 416 */
};

/* What `header` (may be NULL) asks of `size_bytes` bytes; `first` and `last` are inclusive. */
enum range_result range_parse(const char *header, int64_t size_bytes, int64_t *first, int64_t *last);
