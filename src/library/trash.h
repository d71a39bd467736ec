/* Quarantine. Whoever deletes an asset moves it here, with his name, the time and, if he likes, a reason; for
 * a while it can be brought back as it was. Nothing serves or lists it meanwhile, unless asked for.
 *
 * A purge ends that. It removes what lies here long enough, one asset at a time, and proves in the
 * transaction that removes the row that nothing needs it: still in quarantine, no job works for it, no video,
 * collection or component refers to it, and it cost no money. Everything else stays and is told. */
#pragma once

#include "library/asset.h"

enum { TRASH_REASON_MAX = 500, TRASH_IDS_MAX = 1000 };

/* What goes with a deletion that is asked for in a URL. */
struct trash_query {
    const char *reason;
};
extern const struct shape trash_query_shape;

/* All of them or none: NOT_FOUND for one that the actor may not touch as for none. What is in quarantine
 * already stays there as it is. */
bool trash_put(struct library *lib, const struct actor *actor, const struct texts *ids, const char *reason,
               struct error *err) MUST_USE;
bool trash_undo(struct library *lib, const struct actor *actor, const struct texts *ids,
                struct error *err) MUST_USE;

/* What a video job left, in the transaction that removes the job: the clip and its variants. */
bool trash_put_of_job(struct tx *tx, const char *job_id, const struct actor *actor, const char *reason,
                      struct error *err) MUST_USE;

/* Whether a file belongs to an asset in quarantine, and to none outside. */
bool trash_holds(struct library *lib, struct arena *mem, const char *blob_name, bool *out,
                 struct error *err) MUST_USE;

struct trash_purge {
    int64_t purged, purged_bytes, kept;
    struct list held; /* of struct trash_held, the first 100 that stay */
};
struct trash_held {
    const char *id, *why;
};
extern const struct shape trash_purge_shape;

/* Purges what has been here since `before` or longer, as long as `go_on` (NULL: always) says true. `by`
 * stands in the audit log. */
bool trash_purge(struct library *lib, struct arena *mem, int64_t before, const char *by,
                 bool (*go_on)(void *with), void *with, struct trash_purge *out, struct error *err) MUST_USE;
