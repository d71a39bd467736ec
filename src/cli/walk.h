/* Every regular file under a path, one folder after the other. Symbolic links inside are not followed, so
 * nothing outside is reached; the path itself may be one. What can no longer be opened is told like a file,
 * with its error. */
#pragma once

#include "base/error.h"

struct walk_item {
    const char *path; /* as it is shown: below the path that was given */
    const char *name; /* last part of it */
    int fd;           /* the file, to read; the walk's. -1: `why` says what was wrong */
    int64_t size_bytes;
    const struct error *why;
};

struct walk_counts {
    int64_t links, others; /* passed over: symbolic links; devices, sockets, pipes */
};

typedef bool walk_visit(void *with, const struct walk_item *item, struct error *err);

/* Stops where `visit` fails. NOT_FOUND for a path that is not there. */
bool walk_each(const char *path, walk_visit *visit, void *with, struct walk_counts *counts,
               struct error *err) MUST_USE;
