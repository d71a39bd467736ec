#include "library/snapshot.h"

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "library/backup.h"
#include "library/carry.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const struct field manifest_fields[] = {
    INT(struct backup_manifest, format, .required = true, .min = 1, .max = INT32_MAX,
        .doc = "Form of the backup folder."),
    INT(struct backup_manifest, schema, .required = true, .max = INT32_MAX,
        .doc = "Schema version of the database."),
    TEXT(struct backup_manifest, version, .required = true, .max = 64,
         .doc = "Version of the program that made it."),
    TEXT(struct backup_manifest, name, .required = true, .max = 64, .doc = "Name of the snapshot."),
    TIME(struct backup_manifest, made_at, .required = true, .doc = "When it was finished."),
    INT(struct backup_manifest, files, .required = true, .doc = "Media files in it."),
    INT(struct backup_manifest, bytes, .required = true, .doc = "Their bytes."),
    TEXT(struct backup_manifest, database_sha256, .required = true, .min = 64, .max = 64,
         .doc = "SHA-256 of umam.db."),
    TEXT(struct backup_manifest, files_sha256, .required = true, .min = 64, .max = 64,
         .doc = "SHA-256 of the list of files."),
    BOOL(struct backup_manifest, with_key, .doc = "Whether secret.key is in it."),
    { 0 },
};
const struct shape backup_manifest_shape = SHAPE("BackupManifest", struct backup_manifest, manifest_fields);

static const struct field fault_fields[] = {
    ENUM(struct check_fault, kind, check_kind_names, .doc = "What is wrong."),
    TEXT(struct check_fault, name, .doc = "Name in the media folder."),
    TEXT(struct check_fault, asset_id, .nullable = true, .doc = "Asset it belongs to."),
    TEXT(struct check_fault, text, .doc = "The same as a sentence."),
    { 0 },
};
static const struct shape fault_shape = SHAPE("BackupFault", struct check_fault, fault_fields);

static const struct field report_fields[] = {
    TEXT(struct backup_report, name, .doc = "Name of the snapshot."),
    INT(struct backup_report, files, .doc = "Media files in it."),
    INT(struct backup_report, bytes, .doc = "Their bytes."),
    INT(struct backup_report, new_files, .doc = "Files that no earlier backup had."),
    INT(struct backup_report, new_bytes, .doc = "Their bytes."),
    INT(struct backup_report, linked, .doc = "New files that are second names of those in the library."),
    INT(struct backup_report, cloned, .doc = "New files that share their blocks."),
    INT(struct backup_report, copied, .doc = "New files that were copied."),
    INT(struct backup_report, rounds, .doc = "Copies of the database it took."),
    INT(struct backup_report, fault_count, .doc = "How much was wrong with the library."),
    LIST(struct backup_report, faults, &fault_shape, .doc = "What was wrong, the first 1000."),
    { 0 },
};
const struct shape backup_report_shape = SHAPE("BackupReport", struct backup_report, report_fields);

/* ---- names ---- */

const char *snapshot_name(struct arena *mem, int64_t at)
{
    const time_t seconds = (time_t)(at / SECOND);
    struct tm tm;
    char text[32];
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y%m%dT%H%M%S", &tm);
    return arena_printf(mem, "%s.%06dZ", text, (int)(at % SECOND));
}

const char *backup_path(struct arena *mem, const char *folder, const char *snapshot, const char *file)
{
    return arena_printf(mem, "%s/snapshots/%s/%s", folder, snapshot, file);
}

const char *backup_object(struct arena *mem, const char *folder, const char *sha256)
{
    return arena_printf(mem, "%s/objects/%.2s/%s", folder, sha256, sha256);
}

bool backup_hash(const char *path, struct digest *out, struct error *err)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return fail_errno(err, errno, "the file '%s' could not be opened", path);
    return hash_file(fd, out, err);
}

/* The last of the names that a snapshot can have; NULL without any. */
static const char *newest(struct arena *mem, const char *folder)
{
    DIR *const snapshots = opendir(arena_printf(mem, "%s/snapshots", folder));
    const char *found = NULL;
    if (!snapshots) return NULL;
    for (const struct dirent *entry; (entry = readdir(snapshots));)
        if (isdigit((unsigned char)entry->d_name[0]) && (!found || strcmp(entry->d_name, found) > 0))
            found = arena_text(mem, entry->d_name);
    closedir(snapshots);
    return found;
}

static bool known_form(const struct backup_manifest *manifest, struct error *err)
{
    if (manifest->format > BACKUP_FORMAT || manifest->schema > db_schema_latest())
        return fail(err, CAUSE_CONFLICT,
                    "the backup was made by a newer umam (%s, schema %lld; this is %s with schema %lld at "
                    "most): restore "
                    "it with that version or a later one",
                    manifest->version, (long long)manifest->schema, UMAM_VERSION,
                    (long long)db_schema_latest());
    return true;
}

bool backup_read(const char *folder, const char *name, struct arena *mem, struct backup_manifest *out,
                 struct error *err)
{
    const char *const found = name ? name : newest(mem, folder), *text;
    const struct json *json;
    struct error why;
    if (!found || strchr(found, '/') || *found == '.')
        return fail(err, CAUSE_NOT_FOUND, "there is no backup%s%s in '%s'", name ? " called " : "",
                    name ? name : "", folder);
    if (!file_read(mem, backup_path(mem, folder, found, "manifest.json"), 1 << 16, &text, NULL, err)) {
        const char *const last = err->cause == CAUSE_NOT_FOUND ? newest(mem, folder) : NULL;
        return last && fail(err, CAUSE_NOT_FOUND,
                            "there is no backup called %s in '%s'; the newest of those in its folder "
                            "snapshots is %s",
                            found, folder, last);
    }
    if (!json_parse(text, strlen(text), mem, &json, NULL, &why) ||
        !shape_take(&backup_manifest_shape, json, mem, out, &why))
        return fail(err, CAUSE_BAD_MEDIA, "the manifest of the backup %s is damaged: %s", found, why.text);
    return known_form(out, err);
}

/* ---- the folder ---- */

static const char *const ours[] = { "objects", "snapshots", "lock", NULL };

/* A mistyped name must not fill a folder of photos with objects. */
static bool is_ours(const char *folder, struct error *err)
{
    DIR *const entries = opendir(folder);
    bool good = entries != NULL;
    if (!good) return fail_errno(err, errno, "the backup folder '%s' could not be read", folder);
    for (const struct dirent *entry; good && (entry = readdir(entries));)
        if (entry->d_name[0] != '.' && text_find(ours, entry->d_name) < 0 &&
            !text_is(entry->d_name, "lost+found"))
            good = fail(err, CAUSE_CONFLICT,
                        "'%s' holds other things than backups ('%s'): name an empty or a new folder", folder,
                        entry->d_name);
    closedir(entries);
    return good;
}

static void remove_parts(const char *folder, struct arena *mem)
{
    DIR *const objects = opendir(arena_printf(mem, "%s/objects", folder));
    if (!objects) return;
    for (const struct dirent *entry; (entry = readdir(objects));)
        if (entry->d_name[0] == '.' && strlen(entry->d_name) > 2) unlinkat(dirfd(objects), entry->d_name, 0);
    closedir(objects);
}

bool snapshot_folder(const char *folder, struct arena *mem, int *lock_out, struct error *err)
{
    if (!file_make_dirs(folder, err) || !is_ours(folder, err) ||
        !file_make_dirs(arena_printf(mem, "%s/objects", folder), err) ||
        !file_make_dirs(arena_printf(mem, "%s/snapshots", folder), err))
        return false;
    AUTO(fd)
    int lock = open(arena_printf(mem, "%s/lock", folder), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) return fail_errno(err, errno, "the lock of the backup folder could not be opened");
    if (flock(lock, LOCK_EX | LOCK_NB) < 0)
        return fail(err, CAUSE_CONFLICT, "another backup into '%s' is under way; wait for its end", folder);
    remove_parts(folder, mem);
    if (!carry_away(arena_printf(mem, "%s/snapshots/.new", folder), err)) return false;
    *lock_out = fd_take(&lock);
    return true;
}

/* ---- the list ---- */

bool list_file_open(const char *path, struct list_file *out, struct error *err)
{
    AUTO(fd) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *const file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) return fail_errno(err, errno, "the list of files could not be made");
    fd = -1;
    out->file = file;
    return true;
}

bool list_file_add(struct list_file *list, const char *sha256, int64_t size_bytes, const char *name,
                   struct error *err)
{
    return fprintf(list->file, "%s %lld %s\n", sha256, (long long)size_bytes, name) > 0 ||
           fail_errno(err, errno, "the list of files could not be written");
}

bool list_file_close(struct list_file *list, struct error *err)
{
    bool good = fflush(list->file) == 0 && fsync(fileno(list->file)) == 0;
    if (!good) fail_errno(err, errno, "the list of files could not be written");
    if (fclose(list->file) != 0 && good)
        good = fail_errno(err, errno, "the list of files could not be written");
    list->file = NULL;
    return good;
}

/* Names are made of ids and fixed words (blob.h): no part begins with a dot, none is empty. */
static bool is_name(const char *name)
{
    return *name && *name != '/' && *name != '.' && !strstr(name, "/.") && !strstr(name, "//") &&
           text_plain(name, strlen(name));
}

static bool read_line(const char *text, struct list_line *out)
{
    long long size;
    if (sscanf(text, "%64[0-9a-f] %lld %255[^\n]", out->sha256, &size, out->name) != 3 || size < 0)
        return false;
    out->size_bytes = size;
    return strlen(out->sha256) == 64 && is_name(out->name);
}

bool list_file_each(const char *path, list_visit *visit, void *with, struct error *err)
{
    FILE *const file = fopen(path, "re");
    char text[512];
    bool good = true;
    if (!file) return fail_errno(err, errno, "the list of files could not be opened");
    while (good && fgets(text, sizeof text, file)) {
        struct list_line line;
        good = read_line(text, &line)
                   ? visit(with, &line, err)
                   : fail(err, CAUSE_BAD_MEDIA, "the list of files in the backup is damaged");
    }
    if (good && ferror(file)) good = fail_errno(err, errno, "the list of files could not be read");
    fclose(file);
    return good;
}
