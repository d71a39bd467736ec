#include "library/blob.h"

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char unfinished[] = ".unfinished"; /* folder of names that are about to be renamed */

static bool clear_unfinished(const struct blobs *blobs, struct error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", blobs->root, unfinished);
    if (!file_make_dirs(path, err)) return false;
    DIR *const folder = opendir(path);
    if (!folder) return fail_errno(err, errno, "the media folder could not be read");
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.') unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return true;
}

bool blobs_open(const char *root, struct blobs *out, struct error *err)
{
    struct blobs blobs = { .folder = -1 };
    if ((size_t)snprintf(blobs.root, sizeof blobs.root, "%s", root) >= sizeof blobs.root)
        return fail(err, CAUSE_INVALID, "the path of the media folder is too long");
    if (!file_make_dirs(root, err)) return false;
    blobs.folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (blobs.folder < 0) return fail_errno(err, errno, "the media folder could not be opened");
    if (!clear_unfinished(&blobs, err)) {
        close(blobs.folder);
        return false;
    }
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

/* A hard link to the nameless file where the file system can, else a copy. */
static bool give_name(const struct blobs *blobs, int fd, const char *name, struct error *err)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, self, blobs->folder, name, AT_SYMLINK_FOLLOW) == 0) return true;
    return copy_into(blobs, fd, name, err);
}

/* "videos/x/y.mp4" -> the folder videos/x, made when missing, and synced when `sync`. */
static bool parent_folder(const struct blobs *blobs, const char *name, bool sync, struct error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", blobs->root, name);
    *strrchr(path, '/') = '\0';
    if (!sync) return file_make_dirs(path, err);
    AUTO(fd) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fsync(folder) < 0)
        return fail_errno(err, errno, "the media folder could not be synced");
    return true;
}

bool blob_keep(const struct blobs *blobs, int fd, const char *name, struct error *err)
{
    char fresh[80];
    snprintf(fresh, sizeof fresh, "%s/%s", unfinished, id_new().text);
    if (fsync(fd) < 0) return fail_errno(err, errno, "a media file could not be synced to disk");
    if (!parent_folder(blobs, name, false, err)) return false;
    if (!give_name(blobs, fd, fresh, err)) {
        unlinkat(blobs->folder, fresh, 0);
        return false;
    }
    if (renameat(blobs->folder, fresh, blobs->folder, name) < 0) {
        const int reason = errno;
        unlinkat(blobs->folder, fresh, 0);
        return fail_errno(err, reason, "a media file could not be moved into place");
    }
    return parent_folder(blobs, name, true, err);
}

bool blob_open(const struct blobs *blobs, const char *name, struct blob_file *out, struct error *err)
{
    const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                                  .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
    errno = ENOENT;
    AUTO(fd)
    int fd = text_starts(name, ".") || strstr(name, "/.")
                 ? -1
                 : (int)syscall(SYS_openat2, blobs->folder, name, &how, sizeof how);
    struct stat facts;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO || errno == ENOSYS))
        return fail_errno(err, errno, "a media file could not be opened");
    if (fd < 0 || fstat(fd, &facts) < 0 || !S_ISREG(facts.st_mode))
        return fail(err, CAUSE_NOT_FOUND, "Not Found");
    *out = (struct blob_file){ fd_take(&fd), facts.st_size,
                               (int64_t)facts.st_mtim.tv_sec * SECOND + facts.st_mtim.tv_nsec / 1000 };
    return true;
}

bool blob_remove(const struct blobs *blobs, const char *name, struct error *err)
{
    if (unlinkat(blobs->folder, name, 0) < 0 && errno != ENOENT)
        return fail_errno(err, errno, "a media file could not be removed");
    return true;
}

bool blobs_writable(const struct blobs *blobs, struct error *err)
{
    AUTO(fd) int fd = -1;
    return blob_draft(blobs, &fd, err) && file_put(fd, "x", 1, err);
}
