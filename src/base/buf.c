#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct buf *buf, size_t more)
{
    if (buf->full || more > buf->max - buf->size) {
        buf->full = true;
        return false;
    }
    const size_t need = buf->size + more + 1;
    if (need <= buf->room) return true;
    size_t room = buf->room ? buf->room * 2 : 256;
    while (room < need) room *= 2;
    char *const grown = realloc(buf->at, room);
    if (!grown) {
        buf->full = buf->starved = true;
        return false;
    }
    buf->at = grown;
    buf->room = room;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t size_bytes)
{
    if (!reserve(buf, size_bytes)) return;
    if (size_bytes) memcpy(buf->at + buf->size, bytes, size_bytes);
    buf->size += size_bytes;
    buf->at[buf->size] = '\0';
}

void buf_text(struct buf *buf, const char *text) { buf_add(buf, text, strlen(text)); }

void buf_char(struct buf *buf, char c) { buf_add(buf, &c, 1); }

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const size_t room = buf->full ? 0 : buf->room - buf->size;
    const int size = vsnprintf(room ? buf->at + buf->size : NULL, room, format, args);
    if (size >= 0 && reserve(buf, (size_t)size)) {
        if ((size_t)size >= room) vsnprintf(buf->at + buf->size, (size_t)size + 1, format, again);
        buf->size += (size_t)size;
    } else if (room)
        buf->at[buf->size] = '\0';
    va_end(again);
    va_end(args);
}

bool buf_check(const struct buf *buf, const char *what, struct error *err)
{
    if (!buf->full) return true;
    if (buf->starved)
        return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory for %s right now", what);
    return fail(err, CAUSE_TOO_LARGE, "%s is too large", what);
}

const char *buf_str(const struct buf *buf) { return buf->at ? buf->at : ""; }

char *buf_copy(const struct buf *buf, struct arena *mem)
{
    if (buf->starved) arena_exhausted(buf->size);
    assert(!buf->full);
    return arena_text_n(mem, buf_str(buf), buf->size);
}

void buf_cleanup(struct buf *buf)
{
    free(buf->at);
    *buf = BUF(buf->max);
}
