#include "cell/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What computing on open descriptors with several threads needs. */
static const int allowed[] = {
    /* the descriptors */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(dup),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    /* threads; clone is below */
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(gettid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(membarrier),
    /* signals within the process; tgkill is narrowed to it when the filter is put on */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(tgkill),
    /* time, identity, statistics, randomness */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getpid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(getrandom),
};

/* What no media library ever calls: the process ends at once with SIGSYS, and the server sees why. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(socket),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(memfd_secret),
    SCMP_SYS(kexec_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(personality),
    SCMP_SYS(reboot),
};

enum {
    NEW_NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                     CLONE_NEWPID | CLONE_NEWNET
};

/* Calls that are allowed when one argument has the right bits or value. */
static const struct {
    int call;
    unsigned argument;
    uint64_t mask, value;
} narrowed[] = {
    { SCMP_SYS(clone), 0, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD }, /* threads, not processes */
    { SCMP_SYS(mmap), 2, PROT_EXEC, 0 },                                 /* data, not code */
    { SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },                             /* likewise */
    { SCMP_SYS(fcntl), 1, ~0ull, F_DUPFD_CLOEXEC }, /* not whom the kernel signals about it, and how */
    { SCMP_SYS(fcntl), 1, ~0ull, F_GETFD },
    { SCMP_SYS(fcntl), 1, ~0ull, F_SETFD },
    { SCMP_SYS(fcntl), 1, ~0ull, F_GETFL },
    { SCMP_SYS(prlimit64), 2, ~0ull, 0 },       /* reading a limit */
    { SCMP_SYS(prctl), 0, ~0ull, PR_SET_NAME }, /* naming a thread */
};

/* The C library makes newfstatat of fstat, with a flag that lets any path pass, and a filter cannot read
 * paths. So these take the place of the library's for the whole program, and newfstatat is not on the list.
 */
#define OWN_FSTAT(symbol)                                                                                    \
    __attribute__((visibility("default"))) int own_##symbol(int fd, struct stat *out) __asm__(#symbol);      \
    int own_##symbol(int fd, struct stat *out) { return (int)syscall(SYS_fstat, fd, out); }
OWN_FSTAT(fstat)
OWN_FSTAT(fstat64)

static int add_rules(scmp_filter_ctx filter, struct calls more)
{
    int got = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    for (size_t i = 0; got == 0 && i < COUNT_OF(allowed); i++)
        got = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; got == 0 && i < more.count; i++)
        got = seccomp_rule_add(filter, SCMP_ACT_ALLOW, more.items[i], 0);
    for (size_t i = 0; got == 0 && i < COUNT_OF(narrowed); i++)
        got = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, narrowed[i].call, 1,
            SCMP_CMP64(narrowed[i].argument, SCMP_CMP_MASKED_EQ, narrowed[i].mask, narrowed[i].value));
    for (size_t i = 0; got == 0 && i < COUNT_OF(deadly); i++)
        got = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
    /* its flags hide behind a pointer; told that it does not exist, the C library takes clone */
    if (got == 0) got = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return got;
}

static bool export_code(scmp_filter_ctx from, struct syscall_filter *to)
{
    struct stat info;
    AUTO(fd) int file = memfd_create("filter", MFD_CLOEXEC);
    if (file < 0 || seccomp_export_bpf(from, file) != 0 || fstat(file, &info) != 0) return false;
    const size_t size = (size_t)info.st_size, length = size / sizeof *to->code;
    if (length == 0 || length > BPF_MAXINSNS || !(to->code = malloc(size))) return false;
    to->length = (unsigned short)length;
    if (pread(file, to->code, size, 0) == (ssize_t)size) return true;
    syscall_filter_close(to);
    return false;
}

bool syscall_filter_build(struct syscall_filter *filter, struct calls more, struct error *err)
{
    const scmp_filter_ctx rules = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    *filter = (struct syscall_filter){ 0 };
    const bool built = rules && add_rules(rules, more) == 0 && export_code(rules, filter);
    if (rules) seccomp_release(rules);
    return built ||
           fail(err, CAUSE_INTERNAL, "the system call filter of the media worker could not be built");
}

/* A process may signal itself (that is how abort() works) and nobody else. Filters add up; the strictest
 * wins. */
static int enter_own_signals(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)SCMP_SYS(tgkill), 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter_code = { COUNT_OF(code), code };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter_code);
}

bool syscall_filter_enter(const struct syscall_filter *filter, struct error *err)
{
    const struct sock_fprog filter_code = { filter->length, filter->code };
    if (enter_own_signals() == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter_code) == 0)
        return true;
    return fail_errno(err, errno, "the system call filter of a media task could not be put on");
}

void syscall_filter_close(struct syscall_filter *filter)
{
    free(filter->code);
    *filter = (struct syscall_filter){ 0 };
}
