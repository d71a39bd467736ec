/* Media files made by code, in memory, for the tests of this room. */
#pragma once

#include "media/clip.h"
#include "media/encoder.h"
#include "media/media.h"
#include "test.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

__attribute__((unused)) static int new_file(void) { return memfd_create("test", MFD_CLOEXEC); }

__attribute__((unused)) static size_t file_bytes(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 ? (size_t)info.st_size : 0;
}

/* The whole file; free() it. */
__attribute__((unused)) static uint8_t *file_content(int fd)
{
    const size_t size = file_bytes(fd);
    uint8_t *const bytes = calloc(1, size + 1);
    if (bytes && pread(fd, bytes, size, 0) != (ssize_t)size) abort();
    return bytes;
}

__attribute__((unused)) static int file_with(const void *bytes, size_t size)
{
    const int fd = new_file();
    if (pwrite(fd, bytes, size, 0) != (ssize_t)size) abort();
    return fd;
}

__attribute__((unused)) static int file_start(int from, size_t size)
{
    uint8_t *const bytes = file_content(from);
    const int fd = file_with(bytes, size);
    free(bytes);
    return fd;
}

/* The mock provider's clip. */
__attribute__((unused)) static int clip_file(int width, int height, int fps, double duration_s)
{
    struct error err;
    const int fd = new_file();
    const struct clip_settings settings = { width, height, fps, duration_s, 1 };
    if (clip_write(&settings, fd, &err)) return fd;
    fprintf(stderr, "no clip: %s\n", err.text);
    abort();
}

/* Where `name` stands in the file, as the box types of an MP4 do; NULL when nowhere. */
__attribute__((unused)) static uint8_t *find_box(uint8_t *bytes, size_t size, const char *name)
{
    return memmem(bytes, size, name, 4);
}

/* Turns the clip by 90 degrees clockwise in the track header: the matrix stands 40 bytes behind its start. */
__attribute__((unused)) static int turned(int fd)
{
    static const uint8_t quarter[36] = {
        [5] = 1, [12] = 0xff, [13] = 0xff, [24] = 0, [25] = 180, [32] = 0x40
    };
    uint8_t *const bytes = file_content(fd), *const header = find_box(bytes, file_bytes(fd), "tkhd");
    memcpy(header + 4 + 40, quarter, sizeof quarter);
    const int made = file_with(bytes, file_bytes(fd));
    free(bytes);
    return made;
}
