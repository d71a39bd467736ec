#include "store/lock.h"
#include "base/arena.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static bool fail_taken(int fd, struct error *err)
{
    char pid[24] = "";
    const ssize_t got = pread(fd, pid, sizeof pid - 1, 0);
    if (got <= 0)
        return fail(err, CAUSE_CONFLICT, "another umam uses this data; stop it or choose another directory");
    return fail(err, CAUSE_CONFLICT,
                "another umam (process %d) uses this data; stop it or choose another directory", atoi(pid));
}

/* The number of this process, for the sentence the next one gets. */
static bool leave_name(int fd, struct error *err)
{
    char pid[24];
    const int size = snprintf(pid, sizeof pid, "%d\n", getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)size, 0) != size)
        return fail_errno(err, errno, "the lock of the database could not be written");
    return true;
}

/* A process that was killed may live on for a moment in a child it has just forked. */
enum { LAST_BREATH_US = 500 * MS, LOOK_EVERY_US = 20 * MS };

bool lock_take(const char *database_path, int *fd_out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd)
    int fd =
        open(arena_printf(&mem, "%s.lock", database_path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno(err, errno,
                          "the lock of the database could not be opened; check the data directory");
    for (int64_t until = time_mono() + LAST_BREATH_US; flock(fd, LOCK_EX | LOCK_NB) < 0;) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail_errno(err, errno, "the database could not be locked");
        if (errno == EWOULDBLOCK && time_mono() > until) return fail_taken(fd, err);
        if (errno == EWOULDBLOCK) time_sleep(LOOK_EVERY_US);
    }
    if (!leave_name(fd, err)) return false;
    *fd_out = fd_take(&fd);
    return true;
}
