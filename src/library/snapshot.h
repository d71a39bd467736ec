/* The inside of a backup folder: its lock, the names in it, the list of files. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdio.h>

/* Makes the folder and takes its lock, which ends with `lock_out`; removes what an interrupted backup left.
 * CONFLICT when another one is under way, or when something else is in the folder. */
bool snapshot_folder(const char *folder, struct arena *mem, int *lock_out, struct error *err) MUST_USE;

/* 20261125T120000.123456Z: names sort by time. */
const char *snapshot_name(struct arena *mem, int64_t at) MUST_USE;

/* A text file with a line for each media file, written or read one by one: there may be a million. */
struct list_file {
    FILE *file;
};

struct list_line {
    char sha256[65], name[256];
    int64_t size_bytes;
};

bool list_file_open(const char *path, struct list_file *out, struct error *err) MUST_USE;
bool list_file_add(struct list_file *list, const char *sha256, int64_t size_bytes, const char *name,
                   struct error *err) MUST_USE;
bool list_file_close(struct list_file *list, struct error *err) MUST_USE; /* on disk when it returns */

/* Calls `visit` for each line until it fails. A line that no backup writes is BAD_MEDIA. */
typedef bool list_visit(void *with, const struct list_line *line, struct error *err);
bool list_file_each(const char *path, list_visit *visit, void *with, struct error *err) MUST_USE;
