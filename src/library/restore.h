/* The way back: a backup becomes the data folder's content, all of it or nothing.
 *
 * Everything is first built and tried beside what is there, in `.restore/new`: files with their hashes, the
 * database opened once. Then a journal says that the exchange has begun, what is there moves into the folder
 * `before-restore-<time>` (the restore point), what is new moves in, and the journal goes. A program that
 * dies before the journal leaves the old state, after it the new one: whoever opens the data next ends the
 * exchange (restore_settle). */
#pragma once

#include "library/backup.h"

struct restore_order {
    const char *data;     /* folder of the instance; made when missing */
    const char *backup;   /* backup folder; NULL: back to a restore point */
    const char *snapshot; /* name of the backup or of the restore point; NULL: the newest */
};

struct restore_report {
    const char *name;   /* of what was restored */
    int64_t files, bytes;
    const char *point;  /* folder in the data folder with what was there; NULL: nothing was */
    bool with_key;      /* the signing key came along */
};
extern const struct shape restore_report_shape;

/* CONFLICT while anything uses the data. On failure the folder is as it was. */
bool restore_run(const struct restore_order *order, struct arena *mem, const struct check_watch *watch,
                 struct restore_report *out, struct error *err) MUST_USE;

/* Before the data is opened: ends an exchange that was cut short. Costs one look when there was none. */
bool restore_settle(const char *data, struct error *err) MUST_USE;
