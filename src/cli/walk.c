#include "cli/walk.h"

#include "base/arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 100 };

struct walk {
    walk_visit *visit;
    void *with;
    struct walk_counts *counts;
};

static bool enter(const struct walk *walk, int fd, const char *path, int depth, struct error *err);

/* Something that cannot be looked into ends nothing. */
static bool tell_fault(const struct walk *walk, const char *path, const char *name, int reason,
                       struct error *err)
{
    struct error why;
    fail_errno(&why, reason, "it cannot be read");
    return walk->visit(walk->with, &(struct walk_item){ .path = path, .name = name, .fd = -1, .why = &why },
                       err);
}

/* What the descriptor stands for, whatever is under that name by now. */
static bool look(const struct walk *walk, int fd, const char *path, const char *name, int depth,
                 struct error *err)
{
    struct stat facts;
    if (fstat(fd, &facts) < 0) return tell_fault(walk, path, name, errno, err);
    if (S_ISDIR(facts.st_mode)) return enter(walk, fd, path, depth, err);
    if (S_ISREG(facts.st_mode))
        return walk->visit(walk->with, &(struct walk_item){ path, name, fd, facts.st_size, NULL }, err);
    walk->counts->others++;
    return true;
}

static bool step(const struct walk *walk, int folder, const char *path, const char *name, int depth,
                 struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const below = arena_printf(&mem, "%s/%s", path, name);
    AUTO(fd) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ELOOP) {
        walk->counts->links++;
        return true;
    }
    if (fd < 0 && errno == ENXIO) { /* a socket, or a pipe */
        walk->counts->others++;
        return true;
    }
    return fd < 0 ? tell_fault(walk, below, name, errno, err) : look(walk, fd, below, name, depth, err);
}

static bool enter(const struct walk *walk, int fd, const char *path, int depth, struct error *err)
{
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *const folder = own < 0 || depth == DEPTH_MAX ? NULL : fdopendir(own);
    bool good = true;
    if (!folder) {
        const int reason = depth == DEPTH_MAX ? ENAMETOOLONG : errno;
        fd_cleanup(&(int){ own });
        return tell_fault(walk, path, path, reason, err);
    }
    for (const struct dirent *entry; good && (entry = readdir(folder));)
        good = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
               step(walk, fd, path, entry->d_name, depth + 1, err);
    closedir(folder);
    return good;
}

bool walk_each(const char *path, walk_visit *visit, void *with, struct walk_counts *counts, struct error *err)
{
    const struct walk walk = { visit, with, counts };
    const char *const slash = strrchr(path, '/');
    AUTO(fd) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return fail(err, CAUSE_NOT_FOUND, "there is no file or folder '%s'", path);
    if (fd < 0) return fail_errno(err, errno, "'%s' cannot be opened", path);
    return look(&walk, fd, path, slash && slash[1] ? slash + 1 : path, 0, err);
}
