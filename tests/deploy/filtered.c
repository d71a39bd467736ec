/* filtered LIST PROGRAM [ARGUMENT...]: runs a program under the system call filters that systemd makes of
 * deploy/umam.service. LIST is a file with the names of the calls that SystemCallFilter= lets pass, one a
 * line; the rest of the rules stands here: MemoryDenyWriteExecute=, RestrictNamespaces=, RestrictSUIDSGID=,
 * RestrictAddressFamilies=, as in src/shared/seccomp-util.c of systemd 252. */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    int call;
    unsigned argument;
    uint64_t bits; /* all of them set: refused; 0: refused in any form */
    int errnum;
} refused[] = {
    { SCMP_SYS(mmap), 2, PROT_EXEC | PROT_WRITE, EPERM },
    { SCMP_SYS(mprotect), 2, PROT_EXEC, EPERM },
    { SCMP_SYS(pkey_mprotect), 2, PROT_EXEC, EPERM },
    { SCMP_SYS(shmat), 2, SHM_EXEC, EPERM },
    { SCMP_SYS(clone), 0, CLONE_NEWNS, EPERM },
    { SCMP_SYS(clone), 0, CLONE_NEWUSER, EPERM },
    { SCMP_SYS(clone), 0, CLONE_NEWNET, EPERM },
    { SCMP_SYS(clone), 0, CLONE_NEWPID, EPERM },
    { SCMP_SYS(clone3), 0, 0, ENOSYS },
    { SCMP_SYS(unshare), 0, 0, EPERM },
    { SCMP_SYS(setns), 0, 0, EPERM },
    { SCMP_SYS(openat2), 0, 0, ENOSYS },
    { SCMP_SYS(chmod), 1, S_ISUID, EPERM },
    { SCMP_SYS(fchmod), 1, S_ISUID, EPERM },
    { SCMP_SYS(fchmodat), 2, S_ISUID, EPERM },
};

static bool load(uint32_t otherwise, int (*fill)(scmp_filter_ctx, const char *), const char *with)
{
    const scmp_filter_ctx filter = seccomp_init(otherwise);
    const bool loaded = filter && fill(filter, with) == 0 && seccomp_load(filter) == 0;
    if (filter) seccomp_release(filter);
    return loaded;
}

static int allow_list(scmp_filter_ctx filter, const char *path)
{
    char name[64];
    int got = 0;
    FILE *const list = fopen(path, "re");
    if (!list) return -1;
    while (got == 0 && fscanf(list, "%63s", name) == 1) {
        const int call = seccomp_syscall_resolve_name(name);
        if (call >= 0) got = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    }
    fclose(list);
    return got;
}

static int refuse_forms(scmp_filter_ctx filter, const char *with)
{
    int got = 0;
    (void)with;
    for (size_t i = 0; got == 0 && i < sizeof refused / sizeof refused[0]; i++)
        got = seccomp_rule_add(
            filter, SCMP_ACT_ERRNO((uint32_t)refused[i].errnum), refused[i].call, refused[i].bits ? 1 : 0,
            SCMP_CMP64(refused[i].argument, SCMP_CMP_MASKED_EQ, refused[i].bits, refused[i].bits));
    return got;
}

static int refuse_families(scmp_filter_ctx filter, const char *with)
{
    int got = 0;
    (void)with;
    for (int family = 0; got == 0 && family < AF_MAX; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
            got = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                   SCMP_A0(SCMP_CMP_EQ, (uint64_t)family));
    return got;
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    if (!load(SCMP_ACT_ALLOW, refuse_forms, NULL) || !load(SCMP_ACT_ALLOW, refuse_families, NULL) ||
        !load(SCMP_ACT_ERRNO(EPERM), allow_list, argv[1]))
        return 3;
    execv(argv[2], argv + 2);
    return 4;
}
