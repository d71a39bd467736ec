/* The stream of everything a process does to the files of one folder: bytes, lengths, names, syncs, and what
 * it acknowledges. calls.c feeds it; replay.c makes of each of its prefixes what a disk may hold after a
 * power cut. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum record_type {
    RECORD_WRITE,    /* node, offset, bytes */
    RECORD_TRUNCATE, /* node, offset: the new length */
    RECORD_SYNC,     /* node, a file or a folder */
    RECORD_FILE,     /* folder, name, node: a new name for a file, replacing what had it */
    RECORD_FOLDER,   /* folder, name, node: a new folder */
    RECORD_UNLINK,   /* folder, name */
    RECORD_ACK,      /* bytes: what was acknowledged */
};

/* In the stream each is followed by `size` bytes, padded to a multiple of 8 in all. Node 0 is the folder that
 * is recorded. */
struct record {
    enum record_type type;
    int32_t node, folder;
    int64_t offset;
    uint64_t size;
    char name[128];
};

/* From now on, into a new file `stream`. */
bool record_start(const char *folder, const char *stream);
void record_stop(void);
bool record_is_on(void);
void record_ack(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For calls.c: after a call that was good. They do nothing while no recording runs. */
void record_write(int fd, const void *bytes, size_t size, int64_t offset);
void record_truncate(int fd, int64_t size);
void record_sync(int fd);
void record_open(int folder, const char *path, int flags, int fd, bool fresh);
void record_rename(int from_folder, const char *from, int to_folder, const char *to);
void record_link(int folder, const char *path);
void record_unlink(int folder, const char *path);
void record_make_folder(const char *path);
