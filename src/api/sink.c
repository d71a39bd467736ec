#include "api/sink.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_BYTES = 128 << 10, STEP_BYTES = 16 << 20 };

bool sink_open(int fd, int64_t max_bytes, enum hash_kind kind, struct sink *out, struct error *err)
{
    char *const held = malloc(HELD_BYTES);
    if (!held) return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to take a file right now");
    *out = (struct sink){ .fd = fd, .max_bytes = max_bytes, .hasher = hasher_new(kind), .held = held };
    return true;
}

/* The disk begins while more comes in, so that little is left for the sync at the end. */
static void start_writing(struct sink *sink)
{
    if (sink->size_bytes - sink->started_bytes < STEP_BYTES) return;
    sync_file_range(sink->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    sink->started_bytes = sink->size_bytes;
}

bool sink_flush(struct sink *sink, struct error *err)
{
    const size_t size = sink->held_size;
    sink->held_size = 0;
    hasher_add(&sink->hasher, sink->held, size);
    if (size && !file_put(sink->fd, sink->held, size, err)) return false;
    start_writing(sink);
    return true;
}

bool sink_add(struct sink *sink, const char *bytes, size_t size_bytes, struct error *err)
{
    sink->size_bytes += (int64_t)size_bytes;
    if (sink->size_bytes > sink->max_bytes)
        return fail(err, CAUSE_TOO_LARGE, "the file is larger than the %lld bytes accepted here",
                    (long long)sink->max_bytes);
    while (size_bytes) {
        const size_t room = HELD_BYTES - sink->held_size;
        const size_t now = size_bytes < room ? size_bytes : room;
        memcpy(sink->held + sink->held_size, bytes, now);
        sink->held_size += now;
        bytes += now;
        size_bytes -= now;
        if (sink->held_size == HELD_BYTES && !sink_flush(sink, err)) return false;
    }
    return true;
}

void sink_cleanup(struct sink *sink)
{
    free(sink->held);
    sink->held = NULL;
}
