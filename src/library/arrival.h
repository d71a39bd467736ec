/* Arrivals: files that come in pieces, over several requests and perhaps several starts of the server, until
 * all of one is there and it becomes an asset.
 *
 * On disk an arrival is two files in the folder of arrivals: <id> holds the bytes that came, <id>.json what
 * is known. Its `synced` says how many bytes are on disk for good, and grows only after they were synced.
 * Bytes behind that are good too, as long as the machine has not gone down since and no checksum was promised
 * for them (`boot`, `strict`); otherwise they are cut off. So whatever dies in the middle, the offset that is
 * told is one that holds.
 *
 * The whole length of an arrival counts as its owner's from the start, and what has not come yet as the
 * disk's. A list in memory adds that up; it is read from the folder at the start. Any number of threads may
 * use it. */
#pragma once

#include "base/shape.h"

#include <pthread.h>

enum { ARRIVALS_EACH_MAX = 1000 /* of one owner at once */ };

struct actor;

struct arrival {
    const char *id;       /* becomes the id of the asset */
    const char *owner_id;
    int64_t length_bytes;
    int64_t synced_bytes; /* the offset */
    const char *boot;     /* which run of the machine the bytes behind it came in */
    bool strict;          /* they stand under a checksum, which was not compared */
    int64_t expires_at;   /* moved on with every piece */
    const char *metadata; /* what is said of it, as it was sent; NULL: nothing */
};

extern const struct shape arrival_shape;

struct arrivals {
    int folder;
    int64_t patience_us; /* from the last piece to the end */
    pthread_mutex_t lock;
    struct arrival_entry *entries;
};

/* Makes the folder when it is missing; removes what is damaged or has expired. */
bool arrivals_open(const char *folder, int64_t patience_us, struct arrivals *out, struct error *err) MUST_USE;
void arrivals_close(struct arrivals *arrivals);

/* Begins one; id, boot and expires_at are set here. TOO_MANY when the owner has ARRIVALS_EACH_MAX. */
bool arrival_begin(struct arrivals *arrivals, struct arena *mem, struct arrival *arrival,
                   struct error *err) MUST_USE;

/* Opens it for the one who writes: `*fd_out`, to be closed, stands at its end and keeps everybody else away.
 * NOT_FOUND, also for an expired one and for one that the actor may not touch; CONFLICT while another has it.
 */
bool arrival_open(struct arrivals *arrivals, struct arena *mem, const struct actor *actor, const char *id,
                  struct arrival *out, int *fd_out, struct error *err) MUST_USE;

/* From now on bytes count only with arrival_advance; to be called before such bytes are written. */
bool arrival_be_strict(struct arrivals *arrivals, struct arrival *arrival, bool strict,
                       struct error *err) MUST_USE;

/* What was written is there: syncs it and moves the offset to `to_bytes`. Less than was written cuts off the
 * rest. */
bool arrival_advance(struct arrivals *arrivals, int fd, struct arrival *arrival, int64_t to_bytes,
                     struct error *err) MUST_USE;

/* Removes it, with what came. */
bool arrival_drop(struct arrivals *arrivals, const char *id, struct error *err) MUST_USE;

/* Removes what nobody went on with. */
void arrivals_sweep(struct arrivals *arrivals);

/* How much `owner_id` is sending in all; how much of everybody's the disk has not got yet. */
int64_t arrivals_of(struct arrivals *arrivals, const char *owner_id);
int64_t arrivals_missing(struct arrivals *arrivals);
