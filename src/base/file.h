/* Files: whole or absent. Paths here come from us, never from a request. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* The directory and its missing parents, mode 0700, on disk when this returns. */
bool file_make_dirs(const char *path, struct error *err) MUST_USE;

/* The whole text, at most `max_bytes`. A missing file is CAUSE_NOT_FOUND. */
bool file_read(struct arena *mem, const char *path, size_t max_bytes, const char **out, size_t *size_out,
               struct error *err) MUST_USE;

/* Writes, syncs, renames into place and syncs the folder: readers see the old file or the new one. */
bool file_write(const char *path, const char *text, size_t size_bytes, unsigned mode,
                struct error *err) MUST_USE;

/* Moves a finished file from `from` to `to` on the same file system: syncs it, renames, syncs the folder. */
bool file_publish(int fd, const char *from, const char *to, struct error *err) MUST_USE;

/* How many things a folder holds, those with a leading dot aside; -1 when it cannot be read. */
int file_entries(const char *path);

bool file_size(int fd, int64_t *out, struct error *err) MUST_USE;

/* All bytes, or an error. */
bool file_put(int fd, const void *bytes, size_t size_bytes, struct error *err) MUST_USE;

/* Removes a file; one that is not there is fine. */
bool file_remove(const char *path, struct error *err) MUST_USE;
