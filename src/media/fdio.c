#include "media/fdio.h"

#include <errno.h>
#include <libavformat/avformat.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 64 * 1024 };

struct fdio {
    int fd;
    int64_t position;
};

static int fdio_read(void *opaque, uint8_t *at, int size)
{
    struct fdio *const file = opaque;
    ssize_t got;
    do got = pread(file->fd, at, (size_t)size, file->position);
    while (got < 0 && errno == EINTR);
    if (got < 0) return AVERROR(errno);
    file->position += got;
    return got ? (int)got : AVERROR_EOF;
}

static int fdio_write(void *opaque, uint8_t *at, int size)
{
    struct fdio *const file = opaque;
    for (int done = 0; done < size;) {
        const ssize_t put = pwrite(file->fd, at + done, (size_t)(size - done), file->position);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return AVERROR(errno);
        done += (int)put;
        file->position += put;
    }
    return size;
}

static int64_t fdio_seek(void *opaque, int64_t offset, int whence)
{
    struct fdio *const file = opaque;
    struct stat info;
    whence &= ~AVSEEK_FORCE;
    if ((whence == AVSEEK_SIZE || whence == SEEK_END) && fstat(file->fd, &info) != 0) return AVERROR(errno);
    if (whence == AVSEEK_SIZE) return info.st_size;
    if (whence == SEEK_END) offset += info.st_size;
    if (whence == SEEK_CUR) offset += file->position;
    if (offset < 0) return AVERROR(EINVAL);
    return file->position = offset;
}

static AVIOContext *open_at_start(int fd, bool writing)
{
    struct fdio *const file = calloc(1, sizeof *file);
    uint8_t *const buffer = av_malloc(BUFFER_BYTES);
    AVIOContext *io = NULL;
    if (file && buffer) {
        file->fd = fd;
        io = avio_alloc_context(buffer, BUFFER_BYTES, writing, file, fdio_read, writing ? fdio_write : NULL,
                                fdio_seek);
    }
    if (!io) {
        av_free(buffer);
        free(file);
    }
    return io;
}

bool fdio_open(int fd, bool writing, struct AVIOContext **io_out, struct error *err)
{
    if (lseek(fd, 0, SEEK_CUR) < 0)
        return fail_errno(err, errno, "the media file cannot be read at any place");
    AVIOContext *const io = open_at_start(fd, writing);
    if (!io) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to open the media file");
    *io_out = io;
    return true;
}

void fdio_close(struct AVIOContext **io)
{
    if (!*io) return;
    free((*io)->opaque);
    av_freep(&(*io)->buffer);
    avio_context_free(io);
}

static int open_own_output(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                           AVDictionary **options)
{
    (void)options;
    if (!format->oformat || !format->pb || (flags & AVIO_FLAG_WRITE) || !url || url[0])
        return AVERROR(EACCES);
    const struct fdio *const own = format->pb->opaque;
    *io = open_at_start(own->fd, false);
    return *io ? 0 : AVERROR(ENOMEM);
}

static int close_own_output(AVFormatContext *format, AVIOContext *io)
{
    (void)format;
    fdio_close(&io);
    return 0;
}

void fdio_confine(struct AVFormatContext *format)
{
    format->io_open = open_own_output;
    format->io_close2 = close_own_output;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
}
