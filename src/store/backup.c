#include "store/backup.h"
#include "base/file.h"
#include "store/query.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* SQLite may not have synced the copy. */
static bool publish(const char *from, const char *to, struct error *err)
{
    AUTO(fd) int fd = open(from, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fchmod(fd, 0600) < 0) return fail_errno(err, errno, "the backup could not be opened");
    return file_publish(fd, from, to, err);
}

/* Page by page in one read transaction. VACUUM INTO would run the schema again, and calls its own failures
 * ours. */
static bool copy_pages(struct sqlite *lite, const char *to, struct error *err)
{
    struct sqlite copy = { 0 };
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(to, &copy.handle, flags, NULL);
    sqlite3_backup *const backup =
        code == SQLITE_OK ? sqlite3_backup_init(copy.handle, "main", lite->handle, "main") : NULL;
    if (backup) {
        code = sqlite3_backup_step(backup, -1);
        sqlite3_backup_finish(backup);
    }
    const bool good = code == SQLITE_DONE || sqlite_fail(&copy, err);
    sqlite3_close(copy.handle);
    return good;
}

bool backup_make(struct sqlite *lite, const char *path, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const part = arena_printf(&mem, "%s.part", path), *const journal =
                                                                      arena_printf(&mem, "%s-journal", part);
    if (access(path, F_OK) == 0)
        return fail(err, CAUSE_CONFLICT, "the backup file exists already; choose another name");
    if (!file_remove(part, err) || !file_remove(journal, err))
        return false; /* of a backup that was interrupted */
    if (copy_pages(lite, part, err) && publish(part, path, err)) return true;
    unlink(part);
    unlink(journal);
    return false;
}
