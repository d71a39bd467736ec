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

bool backup_make(struct sqlite *lite, const char *path, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const part = arena_printf(&mem, "%s.part", path);
    if (access(path, F_OK) == 0)
        return fail(err, CAUSE_CONFLICT, "the backup file exists already; choose another name");
    if (!file_remove(part, err)) return false; /* of a backup that was interrupted */
    if (query_run(lite, SQL_BACKUP, ARGS(db_text("path", part)), NULL, err) && publish(part, path, err))
        return true;
    unlink(part);
    return false;
}
