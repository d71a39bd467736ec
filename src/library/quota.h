/* How much one person may have: jobs that have not ended, bytes stored (media, and what the universes hold),
 * and universes. The settings say it for everybody, a row of `quotas` for one. Checked in the transaction
 * that adds the job or the file, so that requests at the same time cannot get past it together. A clip that
 * is still being made counts when it is stored. */
#pragma once

#include "library/library.h"

/* A row: INT_NONE is the setting, 0 no limit. */
struct quota {
    const char *subject;
    int64_t jobs, storage_mb;
    int64_t updated_at;
};

extern const struct shape quota_row_shape;

/* TOO_MANY when `owner` has all the jobs he may have, TOO_LARGE when his storage is full. `rules` NULL: no
 * limits. */
bool quota_check_job(struct tx *tx, const struct quota_rules *rules, const char *owner,
                     struct error *err) MUST_USE;

/* TOO_LARGE, with the figures, when `more_bytes` do not fit any more. */
bool quota_check_storage(struct tx *tx, const struct quota_rules *rules, const char *owner,
                         int64_t more_bytes, struct error *err) MUST_USE;

/* The same for what lies in the database, where a row takes QUOTA_ROW_BYTES besides its text. */
enum { QUOTA_ROW_BYTES = 256 };

/* CONFLICT when `owner` has all the universes he may have. */
bool quota_check_universe(struct tx *tx, const struct quota_rules *rules, const char *owner,
                          struct error *err) MUST_USE;

/* NO_SPACE when the media folder's file system has less than the reserve of the rules. */
bool quota_check_disk(const struct library *lib, struct error *err) MUST_USE;

/* The same while files come in: TOO_LARGE when `own_bytes` that `owner` is sending do not fit with what he
 * has, NO_SPACE when the disk cannot take the `all_bytes` that it does not have yet. Unfinished arrivals
 * count in both. What is stored in the end is checked then. */
bool quota_check_room(struct library *lib, struct arena *mem, const char *owner, int64_t own_bytes,
                      int64_t all_bytes, struct error *err) MUST_USE;

/* What somebody has and may have; INT_NONE is no limit. */
struct quota_state {
    const char *subject;
    int64_t jobs, jobs_limit, storage_bytes, storage_limit_bytes;
};
extern const struct shape quota_state_shape;
bool quota_get(struct library *lib, struct arena *mem, const char *subject, struct quota_state *out,
               struct error *err) MUST_USE;

/* NOT_FOUND for a name without account, limits and things. Who signs in with a foreign token has the figures
 * of quota_get before he has anything. */
bool quota_known(struct library *lib, const char *subject, struct error *err) MUST_USE;

#define QUOTA_SAME (INT64_MIN + 1)

/* What somebody may have from now on: INT_NONE goes back to the setting, QUOTA_SAME leaves it as it is.
 * NOT_FOUND as in quota_known. A row without any number of its own is dropped. */
bool quota_change(struct library *lib, const char *subject, int64_t jobs, int64_t storage_mb,
                  struct error *err) MUST_USE;

bool quota_list(struct library *lib, struct arena *mem, struct list *out, struct error *err) MUST_USE;
