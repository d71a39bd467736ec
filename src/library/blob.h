/* Media files on disk. A file is whole or absent: it is written without a name, synced, and then appears
 * under its final name at once; what is unfinished when the server dies vanishes by itself.
 *
 * Files and the rows that point to them come and go together. Before a name is
 * given or taken away, a mark with that name is on disk; it goes when rows and files agree:
 *
 *     coming: blob_keep,   commit rows, blob_settle(known)
 *     going:  blob_condemn, commit rows, blob_settle(not known)
 *
 * A server that ends in between leaves marks, and the next one asks the rows: blobs_recover.
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

/* Makes the folder when it is missing. */
bool blobs_open(const char *root, struct blobs *out, struct error *err) MUST_USE;
void blobs_close(struct blobs *blobs);

/* A new, empty, nameless file, readable and writable. The caller closes it. */
bool blob_draft(const struct blobs *blobs, int *fd_out, struct error *err) MUST_USE;

/* The path of a new file that the next start removes, should this one not come to it. */
const char *blob_unfinished(const struct blobs *blobs, struct arena *mem) MUST_USE;

struct blob {
    const char *name;
    int fd; /* the draft, the caller's; not used for a file on its way out */
};

/* Marks the names and gives them to the files. A name is given once: one that a settled file has is refused
 * with CONFLICT and that file stays as it is. On failure none of the names is there that was not before. */
bool blob_keep(const struct blobs *blobs, const struct blob *files, size_t count, struct error *err) MUST_USE;

/* Makes a settled name another name of the open file, whose bytes the caller has found to be the same, so
 * that they are on disk once. Whatever fails or dies meanwhile, the name has those bytes. Fails where the
 * file system has no room for more names of one file. */
bool blob_share(const struct blobs *blobs, const char *name, int fd, struct error *err) MUST_USE;

/* Marks files whose rows are about to go. */
bool blob_condemn(const struct blobs *blobs, const struct blob *files, size_t count,
                  struct error *err) MUST_USE;

/* Ends what blob_keep or blob_condemn began. `known`: rows point to the files, else they are removed. What
 * cannot be done now is done by the next start. Not to be called when nobody can say: after a commit that
 * failed with CAUSE_IO, which the disk may have taken all the same. */
void blob_settle(const struct blobs *blobs, const struct blob *files, size_t count, bool known);

/* At start-up: settles every mark of an earlier run by what `known` says of its name, and removes what was
 * unfinished. Fails when `known` does. */
typedef bool blob_known(void *with, const char *name, bool *known_out, struct error *err);
bool blobs_recover(const struct blobs *blobs, blob_known *known, void *with, struct error *err) MUST_USE;

/* Whether a file of this name is on its way in or out. */
bool blob_marked(const struct blobs *blobs, const char *name);

/* How many files are. */
int64_t blobs_marked(const struct blobs *blobs);

/* Opens for reading. NOT_FOUND for anything that is not a regular file inside the media folder: links,
 * folders, "..", absolute names. The caller closes it. */
struct blob_file {
    int fd;
    int64_t size_bytes, modified_at;
};
bool blob_open(const struct blobs *blobs, const char *name, struct blob_file *out,
               struct error *err) MUST_USE;

/* Whether the disk takes writes. */
bool blobs_writable(const struct blobs *blobs, struct error *err) MUST_USE;
