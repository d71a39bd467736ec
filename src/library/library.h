/* The library: who there is, which universes, which media. Floor 2: rows and files, no HTTP, no jobs. */
#pragma once

#include "library/arrival.h"
#include "library/audit.h"
#include "library/blob.h"
#include "store/db.h"

/* How much one person may have, unless a row of `quotas` says otherwise (quota.h); 0 is no limit. */
struct quota_rules {
    int64_t jobs;               /* that have not ended */
    int64_t universes;
    int64_t storage_bytes;      /* of media and of what universes hold */
    int64_t disk_reserve_bytes; /* what stays free on the disk, whoever asks */
};

struct library {
    struct db *db;
    struct blobs blobs;
    struct arrivals arrivals;
    struct quota_rules quota;
    struct audit_desk audit;
};

/* Who acts. `subject` is the name in the token; `others` is the permission to touch what belongs to others,
 * `admin` the one to administer. */
struct actor {
    const char *subject;
    bool others, admin;
};

/* The owner rule: the actor's own, or he has the permission `others`. */
bool actor_owns(const struct actor *actor, const char *owner_id);

/* Whether the actor can own things: FORBIDDEN for a token that names nobody. */
bool actor_may_own(const struct actor *actor, struct error *err) MUST_USE;

/* A transaction together with the files its rows point to, new ones (library_keep) or ones that go with their
 * rows (library_drop): of those stays what other rows still name. */
bool library_keep(struct library *lib, const struct blob *files, size_t count,
                  bool (*body)(struct tx *tx, void *with, struct error *err), void *with,
                  struct error *err) MUST_USE;
bool library_drop(struct library *lib, const struct blob *files, size_t count,
                  bool (*body)(struct tx *tx, void *with, struct error *err), void *with,
                  struct error *err) MUST_USE;

/* A consistent copy of the database as a file without a name, made while it is in use. The caller closes it.
 */
bool library_copy_database(struct library *lib, struct arena *mem, struct blob_file *out,
                           struct error *err) MUST_USE;
