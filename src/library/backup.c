#include "library/backup.h"

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "library/carry.h"
#include "library/snapshot.h"
#include "library/stock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS_MAX = 4 };

struct backup {
    const struct backup_source *source;
    const char *folder, *fresh; /* the backup folder, and the snapshot in the making */
    struct arena *mem;
    const struct check_watch *watch;
    struct backup_report *report;
    struct list_file list; /* the file "files" */
    int64_t all_bytes;
    bool last; /* round: what is missing now is missing */
};

/* ---- one file ---- */

static bool go_on(void *with, int64_t done_bytes)
{
    const struct backup *const backup = with;
    const double done = (double)(backup->report->bytes + done_bytes) / (double)(backup->all_bytes + 1);
    return backup->watch->go_on(backup->watch->with, done > 0.99 ? 0.99 : done, "files");
}

static bool has_object(const struct backup *backup, const char *sha256, int64_t size)
{
    AUTO(arena) struct arena mem = { 0 };
    struct stat info;
    return sha256 && stat(backup_object(&mem, backup->folder, sha256), &info) == 0 && S_ISREG(info.st_mode) &&
           info.st_size == size;
}

/* What was copied is read again: the bytes that were written count. */
static bool check_copy_of(const char *path, const char *sha256, struct error *err)
{
    struct digest digest;
    if (!backup_hash(path, &digest, err)) return false;
    return text_is(digest.hex, sha256) ||
           fail(err, CAUSE_IO, "a file in the backup is not what was copied; check the disk");
}

static bool store_object(struct backup *backup, const struct blob_file *file, const char *sha256,
                         struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const part = arena_printf(&mem, "%s/objects/.%s", backup->folder, id_new().text),
                     *const path = backup_object(&mem, backup->folder, sha256);
    enum carry_way way;
    if (!file_make_dirs(arena_text_n(&mem, path, strlen(path) - strlen(sha256) - 1), err) ||
        !carry_file(file->fd, part, true, &way, err))
        return false;
    if ((way == CARRY_COPIED && !check_copy_of(part, sha256, err)) ||
        (rename(part, path) < 0 && !fail_errno(err, errno, "a file in the backup could not get its name"))) {
        unlink(part);
        return false;
    }
    unlink(part); /* two names of one file already: rename does nothing then */
    struct backup_report *const report = backup->report;
    int64_t *const ways[] = { &report->linked, &report->cloned, &report->copied };
    *ways[way] += 1;
    report->new_files++;
    report->new_bytes += file->size_bytes;
    return true;
}

static void add_fault(struct backup *backup, enum check_kind kind, const struct stock_item *item,
                      const char *text)
{
    struct list *const faults = &backup->report->faults;
    if (backup->report->fault_count++ >= CHECK_LISTED_MAX) return;
    ((struct check_fault *)faults->items)[faults->count++] =
        (struct check_fault){ check_kind_names[kind], arena_text(backup->mem, item->name),
                              arena_text(backup->mem, item->asset_id), text };
}

/* The SHA-256 of the file; that of the row where the backup has such a file already, which then need not be
 * read. */
static bool name_of(struct backup *backup, const struct stock_item *item, const struct blob_file *file,
                    struct digest *out, struct error *err)
{
    if (has_object(backup, item->checksum, file->size_bytes)) {
        snprintf(out->hex, sizeof out->hex, "%s", item->checksum);
        return true;
    }
    return hash_file_watched(file->fd, go_on, backup, out, err) &&
           (has_object(backup, out->hex, file->size_bytes) || store_object(backup, file, out->hex, err));
}

static bool add(struct backup *backup, const struct stock_item *item, const struct blob_file *file,
                struct error *err)
{
    struct digest digest;
    if (!name_of(backup, item, file, &digest, err)) return false;
    if (item->checksum && !text_is(item->checksum, digest.hex))
        add_fault(backup, CHECK_CHANGED, item,
                  "its bytes are not those that were stored (SHA-256); they are in the backup as they are");
    backup->report->files++;
    backup->report->bytes += file->size_bytes;
    return list_file_add(&backup->list, digest.hex, file->size_bytes, item->name, err);
}

static bool visit(void *with, const struct stock_item *item, struct error *err)
{
    struct backup *const backup = with;
    AUTO(fd) int fd = -1;
    struct blob_file file;
    struct error why;
    if (!go_on(backup, 0)) return fail(err, CAUSE_INTERRUPTED, "the backup was stopped before its end");
    if (!blob_open(backup->source->blobs, item->name, &file, &why)) {
        if (why.cause != CAUSE_NOT_FOUND) return fail(err, why.cause, "%s: %s", item->name, why.text);
        add_fault(backup, item->original ? CHECK_MISSING : CHECK_DERIVATIVE, item, "there is no such file");
        return true;
    }
    fd = file.fd;
    return add(backup, item, &file, err);
}

/* ---- one round: the database, then what it names ---- */

/* Opened once, which proves that it is whole and leaves it without a log beside it. */
static bool list_files(struct backup *backup, const char *database, struct error *err)
{
    struct db *db;
    if (!db_open(database, &db, err)) return false;
    const bool good = stock_bytes(db, &backup->all_bytes, err) && stock_each(db, visit, backup, err);
    db_close(db);
    return good && file_remove(arena_printf(backup->mem, "%s.lock", database), err);
}

static bool run_round(struct backup *backup, struct error *err)
{
    const char *const database = arena_printf(backup->mem, "%s/umam.db", backup->fresh),
                     *const files = arena_printf(backup->mem, "%s/files", backup->fresh);
    struct backup_report *const report = backup->report;
    report->files = report->bytes = report->fault_count = 0;
    report->faults.count = 0;
    report->rounds++;
    if (!file_remove(database, err) || !backup->source->copy(backup->source->with, database, err) ||
        !list_file_open(files, &backup->list, err))
        return false;
    const bool good = list_files(backup, database, err);
    return list_file_close(&backup->list, good ? err : &(struct error){ 0 }) && good;
}

/* Until a copy of the database names nothing that is gone, or two in a row miss as much. */
static bool run_rounds(struct backup *backup, struct error *err)
{
    int64_t before = -1;
    do {
        if (!run_round(backup, err)) return false;
        if (backup->report->fault_count == before) break;
        before = backup->report->fault_count;
    } while (before && backup->report->rounds < ROUNDS_MAX);
    return true;
}

/* ---- the whole ---- */

static bool keep_key(const struct backup *backup, struct error *err)
{
    const char *text;
    size_t size;
    if (!backup->source->key_file) return true;
    return file_read(backup->mem, backup->source->key_file, 4096, &text, &size, err) &&
           file_write(arena_printf(backup->mem, "%s/secret.key", backup->fresh), text, size, 0600, err);
}

static bool write_manifest(const struct backup *backup, const char *name, struct error *err)
{
    struct digest database, files;
    if (!backup_hash(arena_printf(backup->mem, "%s/umam.db", backup->fresh), &database, err) ||
        !backup_hash(arena_printf(backup->mem, "%s/files", backup->fresh), &files, err))
        return false;
    const struct backup_manifest manifest = { .format = BACKUP_FORMAT,
                                              .schema = db_schema_latest(),
                                              .version = UMAM_VERSION,
                                              .name = name,
                                              .made_at = time_now(),
                                              .files = backup->report->files,
                                              .bytes = backup->report->bytes,
                                              .database_sha256 = database.hex,
                                              .files_sha256 = files.hex,
                                              .with_key = backup->source->key_file != NULL };
    const char *const text = shape_text(backup->mem, &backup_manifest_shape, &manifest);
    return file_write(arena_printf(backup->mem, "%s/manifest.json", backup->fresh), text, strlen(text), 0600,
                      err);
}

/* Everything to the disk, then the name. */
static bool publish(struct backup *backup, struct error *err)
{
    const char *const snapshots = arena_printf(backup->mem, "%s/snapshots", backup->folder);
    const char *const name = snapshot_name(backup->mem, time_now());
    AUTO(fd) int folder = open(snapshots, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!write_manifest(backup, name, err)) return false;
    if (folder < 0 || syncfs(folder) < 0 ||
        rename(backup->fresh, arena_printf(backup->mem, "%s/%s", snapshots, name)) < 0 || fsync(folder) < 0)
        return fail_errno(err, errno, "the backup could not get its name");
    backup->report->name = name;
    return true;
}

bool backup_take(const struct backup_source *source, const char *folder, struct arena *mem,
                 const struct check_watch *watch, struct backup_report *out, struct error *err)
{
    AUTO(fd) int lock = -1;
    struct backup_report report = { 0 };
    report.faults.items = arena_array(mem, CHECK_LISTED_MAX, sizeof(struct check_fault));
    struct backup backup = {
        .source = source, .folder = folder, .mem = mem, .watch = watch, .report = &report
    };
    backup.fresh = arena_printf(mem, "%s/snapshots/.new", folder);
    if (!snapshot_folder(folder, mem, &lock, err) || !file_make_dirs(backup.fresh, err)) return false;
    if (!run_rounds(&backup, err) || !keep_key(&backup, err) || !publish(&backup, err)) {
        struct error ignored;
        if (!carry_away(backup.fresh, &ignored)) return false; /* the next backup tries again */
        return false;
    }
    *out = report;
    return true;
}
