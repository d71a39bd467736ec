/* A library of its own for a test: database and media folder in a temporary place. */
#pragma once

#include "library/library.h"
#include "test.h"

#include <unistd.h>

static struct error err;

struct place {
    char folder[64];
    struct library lib;
};

static inline void place_cleanup(struct place *place)
{
    char command[96];
    blobs_close(&place->lib.blobs);
    db_close(place->lib.db);
    snprintf(command, sizeof command, "rm -rf %s", place->folder);
    if (system(command) != 0) fprintf(stderr, "%s stays behind\n", place->folder);
}

static inline bool place_open(struct place *place)
{
    char path[96];
    place->lib.blobs.folder = -1;
    snprintf(place->folder, sizeof place->folder, "/tmp/umam-library-XXXXXX");
    if (!mkdtemp(place->folder)) return false;
    snprintf(path, sizeof path, "%s/umam.db", place->folder);
    if (!db_open(path, &place->lib.db, &err)) return false;
    snprintf(path, sizeof path, "%s/media", place->folder);
    return blobs_open(path, &place->lib.blobs, &err);
}
