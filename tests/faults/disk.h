/* A folder as a disk may hold it after a power cut, built from a recorded stream (record.h): what was synced
 * is there, of the rest anything may be. */
#pragma once

#include "record.h"

struct disk;

enum disk_view {
    DISK_ALL,    /* everything that was done arrived: a killed process */
    DISK_SYNCED, /* nothing but what was synced: file contents by a sync of the file, names by one of the
                    folder */
    DISK_TORN,   /* of what was not synced each sector and each change of length arrived or not, and of the
                    names of a   folder the first few changes */
    DISK_VIEWS
};

struct disk *disk_new(void);
void disk_free(struct disk *disk);

/* One record more. `bytes` must live as long as the disk. */
void disk_apply(struct disk *disk, const struct record *record, const char *bytes);

/* Makes the folder `path`, which must not exist. `dice` decides for DISK_TORN. */
bool disk_write(const struct disk *disk, enum disk_view view, unsigned dice, const char *path);
