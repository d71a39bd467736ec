#include "library/storage.h"

#include <errno.h>
#include <sys/statvfs.h>

static const struct field sum_fields[] = {
    TEXT(struct storage_sum, key, .doc = "Type, owner or id of a universe."),
    INT(struct storage_sum, assets, .doc = "How many."),
    INT(struct storage_sum, bytes, .doc = "Bytes of the originals."),
    INT(struct storage_sum, limit_bytes, .nullable = true,
        .doc = "How many there may be in this universe; null for no limit."),
    { 0 },
};
static const struct shape sum_shape = SHAPE("StorageSum", struct storage_sum, sum_fields);

static const struct field scrub_fields[] = {
    INT(struct storage_scrub, faults, .doc = "Assets whose original is not what was stored."),
    INT(struct storage_scrub, never, .doc = "Assets that were not looked at yet."),
    TIME(struct storage_scrub, last_at, .nullable = true, .doc = "When an asset was last looked at."),
    TIME(struct storage_scrub, oldest_at, .nullable = true,
         .doc = "Since when every asset that was looked at has been looked at."),
    { 0 },
};
const struct shape storage_scrub_shape = SHAPE("StorageScrub", struct storage_scrub, scrub_fields);

static const struct field storage_fields[] = {
    LIST(struct storage, types, &sum_shape, .doc = "By type, without what is in quarantine."),
    LIST(struct storage, owners, &sum_shape, .doc = "By owner, largest first, the first 100."),
    LIST(struct storage, universes, &sum_shape, .doc = "By universe, largest first, the first 100."),
    INT(struct storage, derivatives, .doc = "Posters, sprites, peaks: how many."),
    INT(struct storage, derivative_bytes, .doc = "Their bytes."),
    INT(struct storage, trashed, .doc = "Assets in quarantine."),
    INT(struct storage, trashed_bytes, .doc = "Bytes of their originals."),
    INT(struct storage, cache_bytes, .doc = "Bytes of what can be made again at any time."),
    INT(struct storage, free_bytes, .doc = "Room left on the media's disk."),
    INT(struct storage, disk_bytes, .doc = "Size of that disk."),
    OBJECT(struct storage, scrub, struct storage_scrub, &storage_scrub_shape,
           .doc = "What the background scrub knows."),
    { 0 },
};
const struct shape storage_shape = SHAPE("Storage", struct storage, storage_fields);

/* ---- what there is ---- */

static bool get_sum(struct library *lib, struct arena *mem, enum sql sql, int64_t *count, int64_t *bytes,
                    struct error *err)
{
    struct storage_sum sum;
    bool found;
    if (!db_find(lib->db, sql, NO_ARGS, mem, &sum_shape, &sum, &found, err)) return false;
    *count = found ? sum.assets : 0;
    *bytes = found ? sum.bytes : 0;
    return true;
}

static bool get_disk(const struct library *lib, struct storage *out, struct error *err)
{
    struct statvfs disk;
    if (fstatvfs(lib->blobs.folder, &disk) != 0)
        return fail_errno(err, errno, "the room on the disk cannot be told");
    out->free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
    out->disk_bytes = (int64_t)(disk.f_blocks * disk.f_frsize);
    return true;
}

bool storage_scrub_get(struct library *lib, struct arena *mem, struct storage_scrub *out, struct error *err)
{
    bool found;
    return db_find(lib->db, SQL_STORAGE_SCRUB, NO_ARGS, mem, &storage_scrub_shape, out, &found, err);
}

bool storage_get(struct library *lib, struct arena *mem, struct storage *out, struct error *err)
{
    struct storage found = { 0 };
    struct storage_scrub *const scrub = arena_new(mem, struct storage_scrub);
    const struct db_args most = ARGS(db_int("limit", STORAGE_LISTED_MAX));
    if (!db_list(lib->db, SQL_STORAGE_BY_TYPE, NO_ARGS, mem, &sum_shape, &found.types, err) ||
        !db_list(lib->db, SQL_STORAGE_BY_OWNER, most, mem, &sum_shape, &found.owners, err) ||
        !db_list(lib->db, SQL_STORAGE_BY_UNIVERSE, most, mem, &sum_shape, &found.universes, err) ||
        !get_sum(lib, mem, SQL_STORAGE_DERIVATIVES, &found.derivatives, &found.derivative_bytes, err) ||
        !get_sum(lib, mem, SQL_STORAGE_TRASH, &found.trashed, &found.trashed_bytes, err) ||
        !storage_scrub_get(lib, mem, scrub, err) || !get_disk(lib, &found, err))
        return false;
    found.scrub = scrub;
    *out = found;
    return true;
}

/* ---- what there may be ---- */

bool storage_limit_universe(struct library *lib, const char *id, int64_t storage_mb, struct error *err)
{
    int64_t changed = 0;
    const struct db_value limit =
        storage_mb > 0 ? db_int("storage_mb", storage_mb) : db_text("storage_mb", NULL);
    return db_run(lib->db, SQL_UNIVERSE_LIMIT_SET, ARGS(db_text("id", id), limit), &changed, err) &&
           (changed || fail(err, CAUSE_NOT_FOUND, "Universe not found"));
}

bool storage_check_universe(struct tx *tx, const char *universe_id, int64_t more_bytes, struct error *err)
{
    int64_t limit_mb = 0, used = 0;
    const struct db_args id = ARGS(db_text("id", universe_id));
    if (!universe_id) return true;
    if (!tx_count(tx, SQL_UNIVERSE_LIMIT, id, &limit_mb, err)) return false;
    if (!limit_mb) return true;
    if (!tx_count(tx, SQL_UNIVERSE_BYTES, id, &used, err)) return false;
    const double mib = 1 << 20;
    return used + more_bytes <= limit_mb << 20 ||
           fail(err, CAUSE_TOO_LARGE,
                "the universe is full: this needs %.1f MiB; %.1f of its %lld MiB are used; remove something, "
                "or ask for "
                "more",
                (double)more_bytes / mib, (double)used / mib, (long long)limit_mb);
}
