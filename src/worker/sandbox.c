#include "worker/sandbox.h"

#include "worker/landlock.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { LIMIT_ADDRESS_SPACE = false }; /* the sanitizer reserves terabytes */
#else
enum { LIMIT_ADDRESS_SPACE = true };
#endif

enum { MAX_OPEN_FILES = 64 };

bool sandbox_prepare(struct sandbox *sandbox, struct error *err)
{
    *sandbox = (struct sandbox){
        .landlock = landlock_version(),
        .seccomp = prctl(PR_GET_SECCOMP) >= 0,
        .rlimits = true,
        .no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0,
    };
    return !sandbox->seccomp || syscall_filter_build(&sandbox->filter, err);
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
        limit(RLIMIT_NOFILE, MAX_OPEN_FILES, MAX_OPEN_FILES) &&
        (!LIMIT_ADDRESS_SPACE || limit(RLIMIT_AS, limits->memory_mb * mib, limits->memory_mb * mib));
    return held || fail_errno(err, errno, "the limits of a media task could not be set");
}

/* A process of root keeps root's name and none of its powers. */
static bool drop_capabilities(struct error *err)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
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
    return (!sandbox->rlimits || limit_resources(limits, err)) && drop_capabilities(err) &&
           (!sandbox->no_new_privs || forbid_privileges(err)) &&
           (!sandbox->landlock || landlock_enter(sandbox->landlock, err)) &&
           (!sandbox->seccomp || syscall_filter_enter(&sandbox->filter, err));
}

void sandbox_close(struct sandbox *sandbox) { syscall_filter_close(&sandbox->filter); }
