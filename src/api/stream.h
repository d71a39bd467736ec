/* Pulls a stream_next callback dry in small steps, so that a stream notices within half a second that the
 * server stops, and within a heartbeat that nobody listens. */
#pragma once

#include "api/http.h"

#include <stdatomic.h>
#include <sys/types.h>

struct stream {
    stream_next *next;
    stream_release *release;
    void *with;
    bool events; /* heartbeats are wanted */
    bool done;
    struct buf pending;
    size_t sent_bytes; /* of pending */
    int64_t spoke_at;  /* monotonic */
};

/* What a stream must watch. */
struct stream_watch {
    const atomic_bool *stopping;
    int socket;
    int64_t heartbeat_us;
};

/* Up to `size_bytes` bytes into `out`; 0 when there is nothing yet, -1 at the end. */
ssize_t stream_pull(struct stream *stream, const struct stream_watch *watch, char *out, size_t size_bytes);

/* Runs the release callback and frees what was not sent. */
void stream_clear(struct stream *stream);
