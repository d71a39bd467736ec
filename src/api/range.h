/* The Range header of RFC 9110 section 14. */
#pragma once

#include "base/scope.h"

enum { RANGES_MAX = 16 /* parts of one reply; whoever asks for more gets the whole file */ };

enum range_result {
    RANGE_WHOLE, /* no range, another unit, nonsense, or more than is worth it: send everything */
    RANGE_PART,
    RANGE_BEYOND, /* nothing of it exists: 416 */
};

struct range {
    int64_t first, last; /* inclusive */
};

/* In the order they were asked for. No two share a byte. */
struct ranges {
    struct range items[RANGES_MAX];
    size_t count; /* 1.. when the result is RANGE_PART */
};

/* What `header` (may be NULL) asks of `size_bytes` bytes. Ranges that meet or overlap the one before are one
 * with it; those of which nothing exists are left out. What still overlaps, or is too many, is answered with
 * everything, as section 14.2 advises against those who want to be sent the same bytes over and over. */
enum range_result range_parse(const char *header, int64_t size_bytes, struct ranges *out);
