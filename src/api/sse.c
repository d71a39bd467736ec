/* Streams that do not end by themselves, and the text form of server-sent events. */
#include "api/stream.h"

#include "base/time.h"

#include <poll.h>
#include <string.h>

enum { STEP_MS = 250, PENDING_MAX = 1 << 20 };

void sse_put(struct buf *out, const char *event, const char *id, const char *data)
{
    if (event) buf_printf(out, "event: %s\n", event);
    if (id) buf_printf(out, "id: %s\n", id);
    for (const char *line = data;;) {
        const size_t size = strcspn(line, "\r\n");
        buf_text(out, "data: ");
        buf_add(out, line, size);
        buf_char(out, '\n');
        line += size;
        if (!*line) break;
        line += line[0] == '\r' && line[1] == '\n' ? 2 : 1;
    }
    buf_char(out, '\n');
}

static bool gone(int socket)
{
    struct pollfd watched = { .fd = socket, .events = POLLRDHUP };
    return poll(&watched, 1, 0) > 0 && watched.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static ssize_t hand_over(struct stream *stream, char *out, size_t size_bytes)
{
    const size_t left = stream->pending.size - stream->sent_bytes;
    const size_t now = left < size_bytes ? left : size_bytes;
    memcpy(out, stream->pending.at + stream->sent_bytes, now);
    stream->sent_bytes += now;
    if (stream->sent_bytes == stream->pending.size) stream->pending.size = stream->sent_bytes = 0;
    stream->spoke_at = time_mono();
    return (ssize_t)now;
}

ssize_t stream_pull(struct stream *stream, const struct stream_watch *watch, char *out, size_t size_bytes)
{
    struct buf *const pending = &stream->pending;
    if (!pending->max) *pending = BUF(PENDING_MAX);
    if (pending->size > stream->sent_bytes) return hand_over(stream, out, size_bytes);
    if (stream->done || atomic_load(watch->stopping) || gone(watch->socket)) return -1;
    if (!stream->spoke_at) stream->spoke_at = time_mono();
    stream->done = !stream->next(stream->with, pending, STEP_MS) || pending->full;
    if (!pending->size && !stream->done && stream->events &&
        time_mono() - stream->spoke_at >= watch->heartbeat_us)
        buf_text(pending, ": still here\n\n");
    if (pending->size) return hand_over(stream, out, size_bytes);
    return stream->done ? -1 : 0;
}

void stream_clear(struct stream *stream)
{
    if (stream->release) stream->release(stream->with);
    buf_cleanup(&stream->pending);
    *stream = (struct stream){ 0 };
}
