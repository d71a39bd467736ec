#include "net/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, MAX_OPEN_FILES = 256 };

/* Resolving names; the libraries that do it are loaded when they are first needed. */
static const char *const readable[] = {
    "/etc", "/usr/lib", "/lib", "/run/systemd/resolve", "/dev/urandom", "/dev/null",
};

/* What only an attack makes: programs, other processes, doors for others, the kernel's doors. */
static const int denied[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(chroot),
};

static bool leave_root(void)
{
    return geteuid() != 0 || setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
           setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static bool limit_resources(void)
{
    const struct rlimit none = { 0, 0 }, files = { MAX_OPEN_FILES, MAX_OPEN_FILES };
    return setrlimit(RLIMIT_CORE, &none) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0;
}

static bool is_folder(int place)
{
    struct stat stat;
    return fstat(place, &stat) == 0 && S_ISDIR(stat.st_mode);
}

/* Version 1 of Landlock, which every kernel with Landlock has: files and folders. */
static bool shut_off_files(void)
{
    const struct landlock_ruleset_attr handled = { .handled_access_fs =
                                                       (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
    AUTO(fd) int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (rules < 0) return errno == ENOSYS || errno == EOPNOTSUPP;
    for (size_t i = 0; i < COUNT_OF(readable); i++) {
        AUTO(fd) int place = open(readable[i], O_PATH | O_CLOEXEC);
        struct landlock_path_beneath_attr rule = { .parent_fd = place,
                                                   .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
        if (place < 0) continue;
        if (is_folder(place)) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
        if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) return false;
    }
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

static bool filter_calls(void)
{
    /* a kernel that knows filters looks at the one it is given, and there is none */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno != EFAULT) return true;
    const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool good = filter != NULL;
    for (size_t i = 0; good && i < COUNT_OF(denied); i++)
        good = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied[i], 0) == 0;
    const int code = good ? seccomp_load(filter) : -ENOMEM;
    seccomp_release(filter);
    return code == 0;
}

bool confine_enter(struct error *err)
{
    if (limit_resources() && leave_root() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && shut_off_files() && filter_calls())
        return true;
    return fail_errno(err, errno, "umam-net could not be confined");
}
