#include "cell/sandbox.h"

#include "cell/landlock.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { LIMIT_ADDRESS_SPACE = false };
#else
enum { LIMIT_ADDRESS_SPACE = true };
#endif

enum {
    MAX_OPEN_FILES = 64,
    MAX_TASKS = 8192, /* threads of the user in all programs; so many that only an attack meets it */
    NOBODY = 65534,   /* user and group, instead of root */
};

/* A kernel that knows filters looks at the one it is given, and there is none. */
static bool knows_filters(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno == EFAULT;
}

bool sandbox_prepare(struct sandbox *sandbox, struct calls more, struct error *err)
{
    *sandbox = (struct sandbox){
        .landlock = landlock_version(),
        .seccomp = knows_filters(),
        .rlimits = true,
        .memory = LIMIT_ADDRESS_SPACE,
        .no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0,
    };
    return !sandbox->seccomp || syscall_filter_build(&sandbox->filter, more, err);
}

static bool limit(__rlimit_resource_t what, int64_t soft, int64_t hard)
{
    const struct rlimit to = { (rlim_t)soft, (rlim_t)hard };
    return setrlimit(what, &to) == 0;
}

static bool limit_resources(const struct sandbox_limits *limits, struct error *err)
{
    const int64_t mib = 1 << 20;
    signal(SIGXFSZ, SIG_IGN); /* so that a file grown too large is an error of write() */
    const bool held =
        limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_CPU, limits->cpu_s, limits->cpu_s + 1) &&
        limit(RLIMIT_FSIZE, limits->file_mb * mib, limits->file_mb * mib) &&
        limit(RLIMIT_NOFILE, MAX_OPEN_FILES, MAX_OPEN_FILES) && limit(RLIMIT_NPROC, MAX_TASKS, MAX_TASKS) &&
        (!LIMIT_ADDRESS_SPACE || limit(RLIMIT_AS, limits->memory_mb * mib, limits->memory_mb * mib));
    return held || fail_errno(err, errno, "the limits of a media task could not be set");
}

/* Root is nobody from here on: the kernel does not hold it to the number of tasks, and files are root's. In a
 * container that knows no other user it stays root, without its powers. */
static bool leave_root(struct error *err)
{
    const pid_t parent = getppid();
    if (geteuid() != 0 || setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0) return true;
    if (setresuid(NOBODY, NOBODY, NOBODY) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
        getppid() == parent)
        return true; /* a new user is not killed with its parent unless it asks again */
    return fail_errno(err, errno, "a media task could not leave root");
}

static bool drop_capabilities(struct error *err)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3] = { 0 };
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
    if (syscall(SYS_capget, &header, now) == 0 && memcmp(now, none, sizeof now) == 0) return true;
    if (syscall(SYS_capset, &header, none) == 0) return true;
    return fail_errno(err, errno, "the powers of a media task could not be dropped");
}

static bool forbid_privileges(struct error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) return true;
    return fail_errno(err, errno, "a media task could not give up its privileges");
}

bool sandbox_enter(const struct sandbox *sandbox, const struct sandbox_limits *limits, struct error *err)
{
    return (!sandbox->rlimits || limit_resources(limits, err)) && leave_root(err) && drop_capabilities(err) &&
           (!sandbox->no_new_privs || forbid_privileges(err)) &&
           (!sandbox->landlock || landlock_enter(sandbox->landlock, err)) &&
           (!sandbox->seccomp || syscall_filter_enter(&sandbox->filter, err));
}

void sandbox_close(struct sandbox *sandbox) { syscall_filter_close(&sandbox->filter); }
