#include "library/carry.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool copy_bytes(int from, int to, struct error *err)
{
    char chunk[1 << 16];
    ssize_t got;
    for (off_t offset = 0; (got = pread(from, chunk, sizeof chunk, offset)) != 0; offset += got) {
        if (got < 0) return fail_errno(err, errno, "a file could not be read to copy it");
        if (!file_put(to, chunk, (size_t)got, err)) return false;
    }
    return fsync(to) == 0 || fail_errno(err, errno, "a copy could not be synced to disk");
}

static bool link_to(int from, const char *path)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", from);
    return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

static int make(const char *path, struct error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) fail_errno(err, errno, "the file '%s' could not be made", path);
    return fd;
}

bool carry_file(int from, const char *path, bool may_link, enum carry_way *way_out, struct error *err)
{
    if (may_link && link_to(from, path)) {
        *way_out = CARRY_LINKED;
        return true;
    }
    AUTO(fd) int to = make(path, err);
    if (to < 0) return false;
    const bool cloned = ioctl(to, FICLONE, from) == 0;
    if (!cloned && !copy_bytes(from, to, err)) {
        unlink(path);
        return false;
    }
    *way_out = cloned ? CARRY_CLONED : CARRY_COPIED;
    return true;
}

static bool remove_entry(const FTSENT *entry, struct error *err)
{
    if (entry->fts_info == FTS_D) return true; /* again after what is in it */
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
        return fail_errno(err, entry->fts_errno, "the folder '%s' could not be read", entry->fts_path);
    const int done = entry->fts_info == FTS_DP ? rmdir(entry->fts_path) : unlink(entry->fts_path);
    return done == 0 || errno == ENOENT ||
           fail_errno(err, errno, "'%s' could not be removed", entry->fts_path);
}

bool carry_away(const char *path, struct error *err)
{
    char *const roots[] = { (char *)(uintptr_t)path, NULL };
    if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0) return true;
    FTS *const tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!tree) return fail_errno(err, errno, "the folder '%s' could not be removed", path);
    bool good = true;
    for (const FTSENT *entry; good && (entry = fts_read(tree));) good = remove_entry(entry, err);
    fts_close(tree);
    return good;
}
