#include "library/check.h"

#include "base/hash.h"
#include "base/text.h"
#include "library/asset.h"
#include "library/stock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const check_kind_names[] = { "missing",    "untracked", "truncated",  "changed",
                                         "unreadable", "link",      "derivative", NULL };

static const struct field fault_fields[] = {
    ENUM(struct check_fault, kind, check_kind_names, .doc = "What is wrong."),
    TEXT(struct check_fault, name, .doc = "Name in the media folder."),
    TEXT(struct check_fault, asset_id, .nullable = true, .doc = "Asset it belongs to."),
    TEXT(struct check_fault, text, .doc = "The same as a sentence."),
    { 0 },
};
static const struct shape fault_shape = SHAPE("CheckFault", struct check_fault, fault_fields);

#define COUNTED(at, word, sentence)                                                                          \
    {                                                                                                        \
        .name = (word), .kind = FIELD_INT, .offset = offsetof(struct check_report, counts[at]),              \
        .doc = (sentence)                                                                                    \
    }

static const struct field report_fields[] = {
    BOOL(struct check_report, healthy, .doc = "Whether nothing is wrong."),
    INT(struct check_report, files, .doc = "Files that rows point to."),
    INT(struct check_report, bytes, .doc = "Bytes whose SHA-256 was compared."),
    INT(struct check_report, unfinished,
        .doc = "Files on their way in or out; the next start settles what a killed server left."),
    INT(struct check_report, repairs,
        .doc = "Assets that are looked at again, so that their derived files are made anew."),
    COUNTED(CHECK_MISSING, "missing", "Files that are not there."),
    COUNTED(CHECK_UNTRACKED, "untracked", "Files to which no row points."),
    COUNTED(CHECK_TRUNCATED, "truncated", "Files that are shorter than they were."),
    COUNTED(CHECK_CHANGED, "changed", "Files with other bytes than they had."),
    COUNTED(CHECK_UNREADABLE, "unreadable", "Files that the disk does not give."),
    COUNTED(CHECK_LINK, "link", "Rows with a URL that does not lead to their file."),
    COUNTED(CHECK_DERIVATIVE, "derivative",
            "Derived files that are missing or damaged; they can be made again."),
    LIST(struct check_report, faults, &fault_shape, .doc = "What is wrong, file by file; the first 1000."),
    { 0 },
};
const struct shape check_report_shape = SHAPE("CheckReport", struct check_report, report_fields);

struct check {
    struct library *lib;
    struct arena *mem;
    const struct check_watch *watch;
    struct check_report *report;
    int64_t all_bytes;
    bool from_disk;
};

/* What is wrong with a file; kind CHECK_KINDS: nothing. */
struct verdict {
    enum check_kind kind;
    const char *text;
};
static const struct verdict fine = { .kind = CHECK_KINDS };

static void add_fault(struct check *check, struct verdict verdict, const char *name, const char *asset_id)
{
    struct check_report *const report = check->report;
    struct check_fault *const faults = report->faults.items;
    report->counts[verdict.kind]++;
    report->healthy = false;
    if (report->faults.count == CHECK_LISTED_MAX) return;
    faults[report->faults.count++] =
        (struct check_fault){ check_kind_names[verdict.kind], arena_text(check->mem, name),
                              arena_text(check->mem, asset_id), arena_text(check->mem, verdict.text) };
}

/* Hashing counts for most of the time. */
static bool go_on(void *with, int64_t done_bytes)
{
    const struct check *const check = with;
    const double done = (double)(check->report->bytes + done_bytes) / (double)(check->all_bytes + 1);
    return check->watch->go_on(check->watch->with, done > 0.99 ? 0.99 : done, "files");
}

static bool ask(const struct check *check, struct error *err)
{
    return go_on((void *)(uintptr_t)check, 0) ||
           fail(err, CAUSE_INTERRUPTED, "the check was stopped before its end");
}

/* ---- rows against files ---- */

static struct verdict judge_size(struct arena *mem, const struct stock_item *item, int64_t size)
{
    if (item->file_size == INT_NONE || size == item->file_size) return fine;
    return (struct verdict){ size < item->file_size ? CHECK_TRUNCATED : CHECK_CHANGED,
                             arena_printf(mem, "it has %lld bytes and had %lld", (long long)size,
                                          (long long)item->file_size) };
}

/* False only when somebody stopped the check: what a disk does not give is a finding. */
static bool judge_bytes(struct check *check, const struct stock_item *item, const struct blob_file *file,
                        struct verdict *out, struct error *err)
{
    struct digest digest;
    struct error why;
    if (!item->checksum) return true;
    if (check->from_disk) posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
    if (!hash_file_watched(file->fd, go_on, check, &digest, &why)) {
        if (why.cause == CAUSE_INTERRUPTED)
            return fail(err, CAUSE_INTERRUPTED, "the check was stopped before its end");
        *out = (struct verdict){ CHECK_UNREADABLE, "the disk does not give all of it" };
        return true;
    }
    check->report->bytes += file->size_bytes;
    if (!text_is(digest.hex, item->checksum))
        *out = (struct verdict){ CHECK_CHANGED, "its bytes are not those that were stored (SHA-256)" };
    return true;
}

static bool judge(struct check *check, struct arena *mem, const struct stock_item *item, struct verdict *out,
                  struct error *err)
{
    AUTO(fd) int fd = -1;
    struct blob_file file;
    struct error why;
    *out = fine;
    if (!blob_open(&check->lib->blobs, item->name, &file, &why)) {
        *out = why.cause == CAUSE_NOT_FOUND ? (struct verdict){ CHECK_MISSING, "there is no such file" }
                                            : (struct verdict){ CHECK_UNREADABLE, why.text };
        out->text = arena_text(mem, out->text);
        return true;
    }
    fd = file.fd;
    *out = judge_size(mem, item, file.size_bytes);
    if (out->kind == CHECK_KINDS && !judge_bytes(check, item, &file, out, err)) return false;
    if (out->kind == CHECK_KINDS && item->url && !text_is(item->url, media_url(mem, item->name)))
        *out = (struct verdict){ CHECK_LINK,
                                 arena_printf(mem, "its row says that it is served at '%s'", item->url) };
    return true;
}

static bool visit(void *with, const struct stock_item *item, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct check *const check = with;
    struct verdict verdict;
    bool still;
    if (!ask(check, err) || !judge(check, &mem, item, &verdict, err)) return false;
    check->report->files++;
    if (verdict.kind == CHECK_KINDS) return true;
    if (blob_marked(&check->lib->blobs, item->name)) return true; /* another is taking its place */
    if (!stock_still(check->lib->db, item, &still, err)) return false;
    if (!item->original) verdict.kind = CHECK_DERIVATIVE;
    if (still) add_fault(check, verdict, item->name, item->asset_id);
    return true;
}

/* ---- files against rows ---- */

/* A file gets its mark, then its name, then its row; then the mark goes. So whoever finds neither row nor
 * mark asks for the row again, and a file that goes is gone by then. */
static bool is_untracked(struct check *check, const char *name, const char *path, bool *out,
                         struct error *err)
{
    bool known;
    *out = false;
    if (!asset_file_known(check->lib, name, &known, err)) return false;
    if (known || blob_marked(&check->lib->blobs, name)) return true;
    if (!asset_file_known(check->lib, name, &known, err)) return false;
    *out = !known && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    return true;
}

static bool look_at(struct check *check, const char *path, bool regular, struct error *err)
{
    const char *const name = path + strlen(check->lib->blobs.root) + 1;
    bool untracked;
    if (!ask(check, err) || !is_untracked(check, name, path, &untracked, err)) return false;
    const char *const text = regular ? "no row points to this file" : "this is no file of the library";
    if (untracked) add_fault(check, (struct verdict){ CHECK_UNTRACKED, text }, name, NULL);
    return true;
}

/* One entry after the other, since a folder may hold a million. Names with a dot are the house's own: files
 * that are not finished. */
static bool walk(struct check *check, const char *path, struct error *err)
{
    DIR *const folder = opendir(path);
    if (!folder) return errno == ENOENT || fail_errno(err, errno, "the media folder could not be read");
    bool good = true;
    errno = 0;
    for (const struct dirent *entry; good && (entry = readdir(folder)); errno = 0) {
        AUTO(arena) struct arena mem = { 0 };
        struct stat info;
        const char *const inside = arena_printf(&mem, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || lstat(inside, &info) < 0) continue;
        good = S_ISDIR(info.st_mode) ? walk(check, inside, err)
                                     : look_at(check, inside, S_ISREG(info.st_mode), err);
    }
    if (good && errno) good = fail_errno(err, errno, "the media folder could not be read");
    closedir(folder);
    return good;
}

bool check_run(struct library *lib, struct arena *mem, const struct check_watch *watch,
               struct check_report *out, struct error *err)
{
    struct check_report report = { .healthy = true };
    report.faults.items = arena_array(mem, CHECK_LISTED_MAX, sizeof(struct check_fault));
    struct check check = { .lib = lib, .mem = mem, .watch = watch, .report = &report };
    if (!stock_bytes(lib->db, &check.all_bytes, err) || !stock_each(lib->db, visit, &check, err) ||
        !walk(&check, lib->blobs.root, err))
        return false;
    report.unfinished = blobs_marked(&lib->blobs);
    *out = report;
    return true;
}

bool check_one(struct library *lib, const struct check_watch *watch, const struct stock_item *item,
               enum check_kind *kind_out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct check_report report = { 0 };
    struct check check = { .lib = lib, .mem = &mem, .watch = watch, .report = &report, .from_disk = true };
    struct verdict verdict;
    bool still = true;
    if (!judge(&check, &mem, item, &verdict, err)) return false;
    if (verdict.kind != CHECK_KINDS && !stock_still(lib->db, item, &still, err)) return false;
    *kind_out = still ? verdict.kind : CHECK_KINDS;
    return true;
}

struct check_report check_copy(struct arena *mem, const struct check_report *report)
{
    struct check_report copy = *report;
    const struct check_fault *const from = report->faults.items;
    struct check_fault *const faults = arena_array(mem, copy.faults.count, sizeof *faults);
    for (size_t i = 0; i < copy.faults.count; i++)
        faults[i] = (struct check_fault){ from[i].kind, arena_text(mem, from[i].name),
                                          arena_text(mem, from[i].asset_id), arena_text(mem, from[i].text) };
    copy.faults.items = faults;
    return copy;
}
