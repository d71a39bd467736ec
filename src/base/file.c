#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool sync_folder_of(struct arena *mem, const char *path, struct error *err)
{
    AUTO(fd) int fd = open(dirname(arena_text(mem, path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return fail_errno(err, errno, "the folder of '%s' could not be synced", path);
    return true;
}

bool file_make_dirs(const char *path, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    char *const part = arena_text(&mem, path);
    for (char *at = part + 1;; at++) {
        if (*at && *at != '/') continue;
        const char kept = *at;
        *at = '\0';
        if (mkdir(part, 0700) == 0) {
            if (!sync_folder_of(&mem, part, err)) {
                rmdir(part); /* so that the next attempt syncs it */
                return false;
            }
        } else if (errno != EEXIST) {
            return fail_errno(err, errno, "the folder '%s' could not be made", part);
        }
        *at = kept;
        if (!kept) return true;
    }
}

bool file_read(struct arena *mem, const char *path, size_t max_bytes, const char **out, size_t *size_out,
               struct error *err)
{
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is an empty file */
    if (fd < 0 && errno == ENOENT) return fail(err, CAUSE_NOT_FOUND, "the file '%s' does not exist", path);
    int64_t size = 0;
    if (fd < 0) return fail_errno(err, errno, "the file '%s' could not be opened", path);
    if (!file_size(fd, &size, err)) return false;
    if ((uint64_t)size > max_bytes)
        return fail(err, CAUSE_TOO_LARGE, "the file '%s' is larger than %zu bytes", path, max_bytes);
    char *const text = arena_alloc(mem, (size_t)size + 1);
    size_t got = 0;
    while (got < (size_t)size) {
        const ssize_t n = read(fd, text + got, (size_t)size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(err, errno, "the file '%s' could not be read", path);
        if (n == 0) break;
        got += (size_t)n;
    }
    text[got] = '\0';
    *out = text;
    if (size_out) *size_out = got;
    return true;
}

bool file_put(int fd, const void *bytes, size_t size_bytes, struct error *err)
{
    for (const char *at = bytes; size_bytes;) {
        const ssize_t n = write(fd, at, size_bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(err, errno, "writing to a file failed");
        at += n;
        size_bytes -= (size_t)n;
    }
    return true;
}

bool file_publish(int fd, const char *from, const char *to, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    if (fsync(fd) < 0) return fail_errno(err, errno, "a finished file could not be synced to disk");
    if (rename(from, to) < 0) return fail_errno(err, errno, "a finished file could not be moved into place");
    return sync_folder_of(&mem, to, err);
}

bool file_write(const char *path, const char *text, size_t size_bytes, unsigned mode, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    char *const fresh = arena_printf(&mem, "%s.XXXXXX", path);
    AUTO(fd) int fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0) return fail_errno(err, errno, "the file '%s' could not be written", path);
    if (fchmod(fd, mode) < 0)
        fail_errno(err, errno, "the file '%s' could not be written", path);
    else if (file_put(fd, text, size_bytes, err) && file_publish(fd, fresh, path, err))
        return true;
    unlink(fresh);
    return false;
}

int file_entries(const char *path)
{
    DIR *const folder = opendir(path);
    int count = 0;
    if (!folder) return -1;
    for (const struct dirent *entry; (entry = readdir(folder));) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

bool file_size(int fd, int64_t *out, struct error *err)
{
    struct stat facts;
    if (fstat(fd, &facts) < 0) return fail_errno(err, errno, "the size of a file could not be read");
    *out = facts.st_size;
    return true;
}

bool file_remove(const char *path, struct error *err)
{
    if (unlink(path) < 0 && errno != ENOENT) return fail_errno(err, errno, "a file could not be removed");
    return true;
}
