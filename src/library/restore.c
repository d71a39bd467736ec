#include "library/restore.h"

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "library/carry.h"
#include "library/places.h"
#include "library/snapshot.h"
#include "store/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct field report_fields[] = {
    TEXT(struct restore_report, name, .doc = "What was restored."),
    INT(struct restore_report, files, .doc = "Media files in it."),
    INT(struct restore_report, bytes, .doc = "Their bytes."),
    TEXT(struct restore_report, point, .nullable = true,
         .doc = "Folder in the data folder with what was there before."),
    BOOL(struct restore_report, with_key, .doc = "Whether the signing key came along."),
    { 0 },
};
const struct shape restore_report_shape = SHAPE("RestoreReport", struct restore_report, report_fields);

struct restore {
    const struct restore_order *order;
    struct arena *mem;
    const struct check_watch *watch;
    struct restore_report *report;
    struct backup_manifest manifest;
    const char *fresh_name, *fresh; /* folder of what is new: in the data folder, and its path */
};

/* ---- out of the backup ---- */

static bool go_on(void *with, int64_t done_bytes)
{
    const struct restore *const restore = with;
    const double done = (double)(restore->report->bytes + done_bytes) / (double)(restore->manifest.bytes + 1);
    return restore->watch->go_on(restore->watch->with, done > 0.99 ? 0.99 : done, "files");
}

static bool open_object(struct arena *mem, const struct restore *restore, const struct list_line *line,
                        int *out, struct error *err)
{
    const int fd = open(backup_object(mem, restore->order->backup, line->sha256),
                        O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return fail(err, CAUSE_BAD_MEDIA, "the backup lacks the file '%s'", line->name);
    if (fd < 0) return fail_errno(err, errno, "the backup's file '%s' could not be opened", line->name);
    *out = fd;
    return true;
}

static bool is_as_written(struct restore *restore, int fd, const struct list_line *line, struct error *err)
{
    struct digest digest;
    return hash_file_watched(fd, go_on, restore, &digest, err) &&
           (text_is(digest.hex, line->sha256) ||
            fail(err, CAUSE_BAD_MEDIA, "the backup's file '%s' is damaged (SHA-256); take another backup",
                 line->name));
}

/* The bytes that lie in the new place are read, whatever way they came. */
static bool bring_file(void *with, const struct list_line *line, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int from = -1;
    AUTO(fd) int made = -1;
    struct restore *const restore = with;
    const char *const path = arena_printf(&mem, "%s/media/%s", restore->fresh, line->name);
    enum carry_way way;
    if (!go_on(restore, 0)) return fail(err, CAUSE_INTERRUPTED, "the restore was stopped; all is as it was");
    if (!open_object(&mem, restore, line, &from, err) ||
        !file_make_dirs(arena_text_n(&mem, path, (size_t)(strrchr(path, '/') - path)), err) ||
        !carry_file(from, path, true, &way, err))
        return false;
    made = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (made < 0) return fail_errno(err, errno, "the restored file '%s' could not be opened", line->name);
    if (!is_as_written(restore, made, line, err)) return false;
    restore->report->files++;
    restore->report->bytes += line->size_bytes;
    return true;
}

static bool is_hash(const char *path, const char *sha256, const char *what, struct error *err)
{
    struct digest digest;
    return backup_hash(path, &digest, err) &&
           (text_is(digest.hex, sha256) ||
            fail(err, CAUSE_BAD_MEDIA, "%s in the backup is damaged (SHA-256); take another backup", what));
}

static bool bring_small(struct restore *restore, const char *name, struct error *err)
{
    enum carry_way way;
    AUTO(fd) int from = open(backup_path(restore->mem, restore->order->backup, restore->manifest.name, name),
                             O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (from < 0) return fail_errno(err, errno, "'%s' in the backup could not be opened", name);
    return carry_file(from, arena_printf(restore->mem, "%s/%s", restore->fresh, name), false, &way, err);
}

/* Opened once: a database that this program cannot use is found out before anything moves. */
static bool try_database(const struct restore *restore, struct error *err)
{
    const char *const path = arena_printf(restore->mem, "%s/umam.db", restore->fresh);
    struct db *db;
    if (!db_open(path, &db, err)) return false;
    db_close(db);
    return file_remove(arena_printf(restore->mem, "%s.lock", path), err);
}

static bool bring_all(struct restore *restore, struct error *err)
{
    const struct restore_order *const order = restore->order;
    struct backup_manifest *const manifest = &restore->manifest;
    if (!backup_read(order->backup, order->snapshot, restore->mem, manifest, err)) return false;
    const char *const files = backup_path(restore->mem, order->backup, manifest->name, "files"),
                     *const database = backup_path(restore->mem, order->backup, manifest->name, "umam.db");
    restore->report->name = manifest->name;
    restore->report->with_key = manifest->with_key;
    return is_hash(files, manifest->files_sha256, "the list of files", err) &&
           is_hash(database, manifest->database_sha256, "the database", err) &&
           file_make_dirs(arena_printf(restore->mem, "%s/media", restore->fresh), err) &&
           list_file_each(files, bring_file, restore, err) && bring_small(restore, "umam.db", err) &&
           (!manifest->with_key || bring_small(restore, "secret.key", err)) && try_database(restore, err);
}

/* ---- out of a restore point ---- */

static bool bring_point(struct restore *restore, struct error *err)
{
    const char *const name =
        places_newest_point(restore->mem, restore->order->data, restore->order->snapshot);
    if (!name)
        return fail(err, CAUSE_NOT_FOUND, "there is no such restore point in '%s'", restore->order->data);
    restore->report->name = restore->fresh_name = name;
    return true;
}

/* ---- the whole ---- */

static bool stage(struct restore *restore, struct error *err)
{
    const char *const work = places_work(restore->mem, restore->order->data);
    if (!carry_away(work, err) || !file_make_dirs(work, err)) return false;
    return restore->order->backup ? bring_all(restore, err) : bring_point(restore, err);
}

/* What was built goes, unless the exchange could be undone no more: then the next start ends it. */
static void give_up(const struct restore *restore)
{
    struct error ignored;
    const char *const data = restore->order->data;
    if (places_begun(restore->mem, data)) return;
    if (!carry_away(places_work(restore->mem, data), &ignored)) return; /* the next restore does it */
}

bool restore_run(const struct restore_order *order, struct arena *mem, const struct check_watch *watch,
                 struct restore_report *out, struct error *err)
{
    AUTO(fd) int lock = -1;
    struct restore_report report = { 0 };
    struct restore restore = { .order = order, .mem = mem, .watch = watch, .report = &report };
    restore.fresh_name = ".restore/new";
    restore.fresh = arena_printf(mem, "%s/%s", order->data, restore.fresh_name);
    if (!file_make_dirs(order->data, err) || !restore_settle(order->data, err) ||
        !lock_take(arena_printf(mem, "%s/umam.db", order->data), &lock, err))
        return false;
    if (!stage(&restore, err) || !places_exchange(mem, order->data, restore.fresh_name, &report.point, err)) {
        give_up(&restore);
        return false;
    }
    *out = report;
    return true;
}

bool restore_settle(const char *data, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int lock = -1;
    if (!places_begun(&mem, data)) return true;
    return lock_take(arena_printf(&mem, "%s/umam.db", data), &lock, err) && places_settle(&mem, data, err);
}
