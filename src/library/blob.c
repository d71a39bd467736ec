#include "library/blob.h"

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char unfinished[] = ".unfinished"; /* folder of marks, and of files about to get their names */

bool blobs_open(const char *root, struct blobs *out, struct error *err)
{
    struct blobs blobs = { .folder = -1 };
    if ((size_t)snprintf(blobs.root, sizeof blobs.root, "%s", root) >= sizeof blobs.root)
        return fail(err, CAUSE_INVALID, "the path of the media folder is too long");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, unfinished);
    if (!file_make_dirs(path, err)) return false;
    blobs.folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (blobs.folder < 0) return fail_errno(err, errno, "the media folder could not be opened");
    *out = blobs;
    return true;
}

void blobs_close(struct blobs *blobs) { fd_cleanup(&blobs->folder); }

bool blob_draft(const struct blobs *blobs, int *fd_out, struct error *err)
{
    int fd = openat(blobs->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR ||
                   errno == EINVAL)) { /* a file system without nameless files */
        char name[80];
        snprintf(name, sizeof name, "%s/%s", unfinished, id_new().text);
        fd = openat(blobs->folder, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0) unlinkat(blobs->folder, name, 0);
    }
    if (fd < 0) return fail_errno(err, errno, "a new media file could not be made");
    *fd_out = fd;
    return true;
}

const char *blob_unfinished(const struct blobs *blobs, struct arena *mem)
{
    return arena_printf(mem, "%s/%s/%s", blobs->root, unfinished, id_new().text);
}

static bool copy_into(const struct blobs *blobs, int from, const char *name, struct error *err)
{
    AUTO(fd) int to = openat(blobs->folder, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (to < 0) return fail_errno(err, errno, "a media file could not be made");
    off_t offset = 0;
    char chunk[1 << 16];
    ssize_t got;
    while ((got = pread(from, chunk, sizeof chunk, offset)) > 0) {
        if (!file_put(to, chunk, (size_t)got, err)) return false;
        offset += got;
    }
    if (got < 0 || fsync(to) < 0) return fail_errno(err, errno, "a media file could not be copied");
    return true;
}

/* One more name for an open file. */
static bool link_to(const struct blobs *blobs, int fd, const char *name)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, self, blobs->folder, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Puts names that were given or taken on disk. */
static bool sync_folder(const struct blobs *blobs, const char *name, struct error *err)
{
    AUTO(fd) int folder = openat(blobs->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (folder >= 0 && fsync(folder) == 0) ||
           fail_errno(err, errno, "the media folder could not be synced");
}

/* "videos/x/y.mp4" -> "videos/x". */
struct folder_name {
    char text[256];
};

static struct folder_name folder_of(const char *name)
{
    struct folder_name folder;
    snprintf(folder.text, sizeof folder.text, "%.*s", (int)(strrchr(name, '/') - name), name);
    return folder;
}

/* From a name in the folder of unfinished files, where nobody misses it, to the one it is known by. */
static bool move_in(const struct blobs *blobs, const char *fresh, const char *name, struct error *err)
{
    const bool good = renameat(blobs->folder, fresh, blobs->folder, name) == 0;
    if (!good) fail_errno(err, errno, "a media file could not be moved into place");
    unlinkat(blobs->folder, fresh, 0); /* after an error, or when both names are one file already */
    return good && sync_folder(blobs, folder_of(name).text, err);
}

/* A draft under its name, at once and whole: a hard link where the file system can, else a copy. */
static bool give_name(const struct blobs *blobs, const struct blob *file, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const fresh = arena_printf(&mem, "%s/%s", unfinished, id_new().text);
    const char *const folder = arena_printf(&mem, "%s/%s", blobs->root, folder_of(file->name).text);
    if (fsync(file->fd) < 0) return fail_errno(err, errno, "a media file could not be synced to disk");
    if (!file_make_dirs(folder, err)) return false;
    if (link_to(blobs, file->fd, fresh) || copy_into(blobs, file->fd, fresh, err))
        return move_in(blobs, fresh, file->name, err);
    unlinkat(blobs->folder, fresh, 0);
    return false;
}

bool blob_share(const struct blobs *blobs, const char *name, int fd, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const fresh = arena_printf(&mem, "%s/%s", unfinished, id_new().text);
    if (!link_to(blobs, fd, fresh)) return fail_errno(err, errno, "a media file could get no other name");
    return move_in(blobs, fresh, name, err);
}

/* ---- marks ---- */

/* In a folder, and no part of it leads elsewhere: rows may come from a backup that somebody else made. */
static bool is_ours(const char *name)
{
    return *name != '.' && *name != '/' && !strstr(name, "/.") && !strstr(name, "//") && strchr(name, '/') &&
           !strchr(name, '%');
}

/* An empty file that is called like the marked one, with '%' for each '/'. */
struct mark {
    char path[256];
};

static bool mark_of(const char *name, struct mark *out, struct error *err)
{
    const int size = snprintf(out->path, sizeof out->path, "%s/%s", unfinished, name);
    if ((size_t)size >= sizeof out->path || !is_ours(name))
        return fail(err, CAUSE_INTERNAL, "the media file name '%s' is not one of ours", name);
    for (char *at = out->path + sizeof unfinished; (at = strchr(at, '/'));) *at = '%';
    return true;
}

static bool mark_all(const struct blobs *blobs, const struct blob *files, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct mark mark;
        if (!mark_of(files[i].name, &mark, err)) return false;
        AUTO(fd) int fd = openat(blobs->folder, mark.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0) return fail_errno(err, errno, "a media file could not be marked");
    }
    return !count || sync_folder(blobs, unfinished, err);
}

bool blob_marked(const struct blobs *blobs, const char *name)
{
    struct mark mark;
    struct error ignored;
    return mark_of(name, &mark, &ignored) && faccessat(blobs->folder, mark.path, F_OK, 0) == 0;
}

bool blob_condemn(const struct blobs *blobs, const struct blob *files, size_t count, struct error *err)
{
    const bool good = mark_all(blobs, files, count, err);
    if (!good) blob_settle(blobs, files, count, true);
    return good;
}

/* Whether a file has the name that is not on its way: a mark says that its file may be replaced, since it is
 * what an attempt left whose rows nobody could be sure of. */
static bool is_taken(const struct blobs *blobs, const char *name)
{
    struct stat info;
    return is_ours(name) && fstatat(blobs->folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           !blob_marked(blobs, name);
}

bool blob_keep(const struct blobs *blobs, const struct blob *files, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (is_taken(blobs, files[i].name))
            return fail(err, CAUSE_CONFLICT, "there is a media file '%s' already", files[i].name);
    bool good = mark_all(blobs, files, count, err);
    for (size_t i = 0; good && i < count; i++) good = give_name(blobs, &files[i], err);
    if (!good) blob_settle(blobs, files, count, false);
    return good;
}

/* The name is gone from the disk for good. */
static bool take_name(const struct blobs *blobs, const char *name)
{
    struct error ignored;
    if (unlinkat(blobs->folder, name, 0) < 0) return errno == ENOENT;
    return sync_folder(blobs, folder_of(name).text, &ignored);
}

void blob_settle(const struct blobs *blobs, const struct blob *files, size_t count, bool known)
{
    struct mark mark;
    struct error ignored;
    for (size_t i = 0; i < count; i++)
        if (mark_of(files[i].name, &mark, &ignored) && (known || take_name(blobs, files[i].name)))
            unlinkat(blobs->folder, mark.path, 0);
}

int64_t blobs_marked(const struct blobs *blobs)
{
    char path[sizeof blobs->root + sizeof unfinished + 1];
    snprintf(path, sizeof path, "%s/%s", blobs->root, unfinished);
    DIR *const folder = opendir(path);
    int64_t count = 0;
    if (!folder) return 0;
    for (const struct dirent *entry; (entry = readdir(folder));) count += strchr(entry->d_name, '%') != NULL;
    closedir(folder);
    return count;
}

/* One entry of the folder of unfinished files. */
static bool recover(const struct blobs *blobs, const char *entry, blob_known *known, void *with,
                    struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    char *const name = arena_text(&mem, entry);
    if (!strchr(entry, '%')) { /* a file that did not get its name */
        unlinkat(blobs->folder, arena_printf(&mem, "%s/%s", unfinished, entry), 0);
        return true;
    }
    for (char *at = name; (at = strchr(at, '%'));) *at = '/';
    bool is_known;
    if (!known(with, name, &is_known, err)) return false;
    blob_settle(blobs, &(struct blob){ .name = name }, 1, is_known);
    return true;
}

bool blobs_recover(const struct blobs *blobs, blob_known *known, void *with, struct error *err)
{
    AUTO(fd) int fd = openat(blobs->folder, unfinished, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) return fail_errno(err, errno, "the media folder could not be read");
    fd = -1; /* the folder's now */
    bool good = true;
    errno = 0;
    for (const struct dirent *entry; good && (entry = readdir(folder)); errno = 0)
        good = entry->d_name[0] == '.' || recover(blobs, entry->d_name, known, with, err);
    if (good && errno) good = fail_errno(err, errno, "the media folder could not be read");
    closedir(folder);
    return good;
}

/* ---- reading ---- */

/* Opens part after part, each below the one before, and follows no link. (openat2 does this in one call,
 * which service managers and containers take away because its flags cannot be filtered.) */
static int open_below(int folder, const char *name)
{
    AUTO(fd) int at = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    for (const char *slash; at >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
        char part[NAME_MAX + 1];
        if ((size_t)(slash - name) >= sizeof part) return -1;
        snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
        const int next = openat(at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(at);
        at = next;
    }
    return at < 0 ? -1 : openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

bool blob_open(const struct blobs *blobs, const char *name, struct blob_file *out, struct error *err)
{
    errno = ENOENT;
    AUTO(fd) int fd = text_starts(name, ".") || strstr(name, "/.") ? -1 : open_below(blobs->folder, name);
    struct stat facts;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO))
        return fail_errno(err, errno, "a media file could not be opened");
    if (fd < 0 || fstat(fd, &facts) < 0 || !S_ISREG(facts.st_mode))
        return fail(err, CAUSE_NOT_FOUND, "Not Found");
    *out = (struct blob_file){ fd_take(&fd), facts.st_size,
                               (int64_t)facts.st_mtim.tv_sec * SECOND + facts.st_mtim.tv_nsec / 1000 };
    return true;
}

bool blobs_writable(const struct blobs *blobs, struct error *err)
{
    AUTO(fd) int fd = -1;
    return blob_draft(blobs, &fd, err) && file_put(fd, "x", 1, err);
}
