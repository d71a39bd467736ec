/* Where the bytes of a file go as they come in: on to disk in larger pieces, counted, bounded and digested on
 * the way. */
#pragma once

#include "base/error.h"
#include "base/hash.h"

struct sink {
    int fd; /* stays the caller's */
    int64_t size_bytes, max_bytes, started_bytes;
    struct hasher hasher;
    char *held; /* not yet on disk; NULL: closed */
    size_t held_size;
};

bool sink_open(int fd, int64_t max_bytes, enum hash_kind kind, struct sink *out, struct error *err) MUST_USE;

/* TOO_LARGE beyond the maximum, or what writing gives; then add no more. */
bool sink_add(struct sink *sink, const char *bytes, size_t size_bytes, struct error *err) MUST_USE;

/* The rest goes to the file. */
bool sink_flush(struct sink *sink, struct error *err) MUST_USE;

void sink_cleanup(struct sink *sink);
