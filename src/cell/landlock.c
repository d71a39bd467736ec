#include "cell/landlock.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's headers know version 2; the numbers are the kernel's stable interface
 * (Documentation/userspace-api/ landlock.rst), so they stand here. A kernel takes as much of the structure as
 * its version has. */
struct ruleset {
    uint64_t fs, net, scoped;
};

static const struct {
    int since;   /* ABI version */
    size_t size; /* of the structure it takes */
    struct ruleset handled;
} versions[] = {
    { 1, 8, { 0x1fff, 0, 0 } },  /* everything about files but the following */
    { 2, 8, { 0x3fff, 0, 0 } },  /* + moving between directories */
    { 3, 8, { 0x7fff, 0, 0 } },  /* + truncating */
    { 4, 16, { 0x7fff, 3, 0 } }, /* + TCP bind and connect */
    { 5, 16, { 0xffff, 3, 0 } }, /* + ioctl on devices */
    { 6, 24, { 0xffff, 3, 3 } }, /* + abstract sockets and signals to others */
};

enum { CREATE_RULESET_VERSION = 1 };

int landlock_version(void)
{
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

bool landlock_enter(int version, struct error *err)
{
    size_t best = 0;
    for (size_t i = 0; i < COUNT_OF(versions); i++)
        if (versions[i].since <= version) best = i;
    const struct ruleset handled = versions[best].handled;
    AUTO(fd) int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, versions[best].size, 0);
    if (rules >= 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0) return true;
    return fail_errno(err, errno, "a media task could not be shut off from the files");
}
