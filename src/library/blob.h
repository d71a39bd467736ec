/* Media files on disk. A file is whole or absent: it is written without a name, synced, and then appears
 * under its final name at once; what is unfinished when the server dies vanishes by itself.
 *
 * Names are relative to the media folder, made of ids and fixed words, and equal to the public URL behind
 * /media/: videos/<universe id or "default">/<job id>.mp4, videos/thumbnails/<job id>.jpg,
 * images/<asset id>.<ext>, images/thumb-<asset id>.jpg. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct blobs {
    char root[3072];
    int folder; /* the root, open */
};

/* Makes the folder when it is missing and removes unfinished files of an earlier run. */
bool blobs_open(const char *root, struct blobs *out, struct error *err) MUST_USE;
void blobs_close(struct blobs *blobs);

/* A new, empty, nameless file, readable and writable. The caller closes it. */
bool blob_draft(const struct blobs *blobs, int *fd_out, struct error *err) MUST_USE;

/* Gives the file behind `fd` its name, replacing an older file of that name. The descriptor stays the
 * caller's. */
bool blob_keep(const struct blobs *blobs, int fd, const char *name, struct error *err) MUST_USE;

/* Opens for reading. NOT_FOUND for anything that is not a regular file inside the media folder: links,
 * folders,
 * "..", absolute names. The caller closes it. */
struct blob_file {
    int fd;
    int64_t size_bytes, modified_at;
};
bool blob_open(const struct blobs *blobs, const char *name, struct blob_file *out,
               struct error *err) MUST_USE;

/* Removes it; a missing file is fine. */
bool blob_remove(const struct blobs *blobs, const char *name, struct error *err) MUST_USE;

/* Whether the disk takes writes. */
bool blobs_writable(const struct blobs *blobs, struct error *err) MUST_USE;
