/* Backups of a whole instance in a folder of their own. Files are stored once, under the SHA-256 of their
 * bytes, whatever the number of backups; each backup is a folder that appears at once when everything in it
 * is on disk:
 *
 *     objects/ab/abcd...                       files, never changed
 *     snapshots/20261125T120000.123456Z/
 *         umam.db                              the database as it was at one moment
 *         files                                a line for each media file: SHA-256, bytes, name
 *         manifest.json                        what this is, with the SHA-256 of those two
 *         secret.key                           only when asked for
 *
 * The database is copied first, then the files it names. One that is gone by then makes another copy of the
 * database, which does not name it any more; only what the last copy still names is missing indeed. */
#pragma once

#include "base/hash.h"
#include "library/check.h"

enum { BACKUP_FORMAT = 1 };

struct backup_manifest {
    int64_t format;  /* of the folder */
    int64_t schema;  /* number of the last migration */
    const char *version, *name;
    int64_t made_at;
    int64_t files, bytes;
    const char *database_sha256, *files_sha256;
    bool with_key;
};
extern const struct shape backup_manifest_shape;

struct backup_report {
    const char *name; /* of the snapshot */
    int64_t files, bytes;         /* of media */
    int64_t new_files, new_bytes; /* that no earlier backup had */
    int64_t linked, cloned, copied;
    int64_t rounds; /* copies of the database it took */
    int64_t fault_count;
    struct list
        faults; /* of struct check_fault: what was wrong with the library, the first CHECK_LISTED_MAX */
};
extern const struct shape backup_report_shape;

struct backup_source {
    const struct blobs *blobs;
    /* Makes a consistent copy of the database in the new file `path`. */
    bool (*copy)(void *with, const char *path, struct error *err);
    void *with;
    const char *key_file; /* NULL: the key stays where it is */
};

/* Makes a backup in `folder`, which is made when it is missing and must be a backup folder or empty
 * otherwise. It is whole when this returns true, also when files were missing or had changed: those are told.
 */
bool backup_take(const struct backup_source *source, const char *folder, struct arena *mem,
                 const struct check_watch *watch, struct backup_report *out, struct error *err) MUST_USE;

/* The manifest of a snapshot, the newest for NULL. NOT_FOUND without any; CONFLICT with one from a newer
 * program. */
bool backup_read(const char *folder, const char *name, struct arena *mem, struct backup_manifest *out,
                 struct error *err) MUST_USE;

/* Paths in a backup folder. */
const char *backup_path(struct arena *mem, const char *folder, const char *snapshot,
                        const char *file) MUST_USE;
const char *backup_object(struct arena *mem, const char *folder, const char *sha256) MUST_USE;

/* A file's SHA-256 by its path. */
bool backup_hash(const char *path, struct digest *out, struct error *err) MUST_USE;
