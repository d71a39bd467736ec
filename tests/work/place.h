/* A database in a folder of its own that goes away with the test. */
#pragma once

#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct place {
    char folder[64], path[80];
    struct db *db;
};

static void place_cleanup(struct place *place)
{
    char command[96];
    db_close(place->db);
    snprintf(command, sizeof command, "rm -rf %s", place->folder);
    if (system(command) != 0) fprintf(stderr, "%s stays behind\n", place->folder);
}

static bool place_open(struct place *place, struct error *err)
{
    snprintf(place->folder, sizeof place->folder, "/tmp/umam-work-XXXXXX");
    if (!mkdtemp(place->folder)) return false;
    snprintf(place->path, sizeof place->path, "%s/umam.db", place->folder);
    return db_open(place->path, &place->db, err);
}
