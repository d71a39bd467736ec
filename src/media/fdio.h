/* A libav byte stream on a file descriptor.
 *
 * libav never sees a path: it reads and writes through this. The descriptor must be seekable (a file or a
 * memfd), stays the caller's, and its own file offset is not used, so several streams may be open on one
 * descriptor. */
#pragma once

#include "base/error.h"

struct AVFormatContext;
struct AVIOContext;

bool fdio_open(int fd, bool writing, struct AVIOContext **io_out, struct error *err) MUST_USE;

/* Closes the stream, not the descriptor. Pending writes must have been flushed before. */
void fdio_close(struct AVIOContext **io);

/* Makes everything `format` wants to open by name fail, except that a muxer may open its own output once more
 * for reading (which moving the index to the front of an MP4 needs). */
void fdio_confine(struct AVFormatContext *format);
