/* Attempts to run own code, to get powers back, and on parts of the kernel. */
#include "cell/attack.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

bool attack_map_code(struct attack *with)
{
    (void)with;
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

bool attack_turn_into_code(struct attack *with)
{
    (void)with;
    void *const page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return false;
    memset(page, 0xc3, 4096);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

bool attack_map_input_as_code(struct attack *with)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, job_file(with->job, "in"), 0) != MAP_FAILED;
}

/* The numbers of system calls differ there; 20 is getpid. */
bool attack_call_32_bit(struct attack *with)
{
    (void)with;
#ifdef __x86_64__
    long got;
    __asm__ volatile("int $0x80" : "=a"(got) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
    errno = got < 0 ? (int)-got : 0;
    return got > 0;
#else
    errno = ENOSYS; /* there is no such way */
    return false;
#endif
}

bool attack_mount_folder(struct attack *with)
{
    (void)with;
    return attack_reached(mount("none", "/proc/self", "", MS_REMOUNT, NULL));
}

bool attack_new_user_namespace(struct attack *with)
{
    (void)with;
    return unshare(CLONE_NEWUSER) == 0;
}

bool attack_enter_namespace(struct attack *with)
{
    return attack_reached(setns(job_file(with->job, "in"), CLONE_NEWNET));
}

bool attack_become_root(struct attack *with)
{
    (void)with;
    return setresuid(0, 0, 0) == 0;
}

bool attack_take_capabilities(struct attack *with)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    const struct __user_cap_data_struct all[_LINUX_CAPABILITY_U32S_3] = { { .effective = 1u << CAP_KILL,
                                                                            .permitted = 1u << CAP_KILL } };
    (void)with;
    return syscall(SYS_capset, &header, all) == 0;
}

bool attack_unset_no_new_privs(struct attack *with)
{
    (void)with;
    return prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

bool attack_become_dumpable(struct attack *with)
{
    (void)with;
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

bool attack_raise_limit(struct attack *with)
{
    struct rlimit now;
    (void)with;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0) return false;
    now.rlim_cur = now.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &now) == 0;
}

bool attack_weaker_filter(struct attack *with)
{
    struct sock_filter allow_all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
    const struct sock_fprog filter = { 1, allow_all };
    (void)with;
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0 ||
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

bool attack_keyring(struct attack *with)
{
    (void)with;
    return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1) >= 0;
}

bool attack_bpf(struct attack *with)
{
    static const struct bpf_insn code[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
                                            { .code = BPF_JMP | BPF_EXIT } };
    union bpf_attr what = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                            .insn_cnt = 2,
                            .insns = (uintptr_t)code,
                            .license = (uintptr_t) "GPL" };
    (void)with;
    return syscall(SYS_bpf, BPF_PROG_LOAD, &what, sizeof what) >= 0;
}

bool attack_perf(struct attack *with)
{
    struct perf_event_attr what = { .type = PERF_TYPE_SOFTWARE,
                                    .size = sizeof what,
                                    .config = PERF_COUNT_SW_CPU_CLOCK };
    (void)with;
    return syscall(SYS_perf_event_open, &what, 0, -1, -1, 0) >= 0;
}

bool attack_io_uring(struct attack *with)
{
    struct io_uring_params how = { 0 };
    (void)with;
    return syscall(SYS_io_uring_setup, 1, &how) >= 0;
}

bool attack_userfaultfd(struct attack *with)
{
    (void)with;
    return syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY) >= 0;
}

bool attack_personality(struct attack *with)
{
    (void)with;
    return personality(ADDR_NO_RANDOMIZE) >= 0;
}

bool attack_kernel_log(struct attack *with)
{
    enum { SIZE_OF_IT = 10 };
    (void)with;
    return klogctl(SIZE_OF_IT, NULL, 0) >= 0;
}

bool attack_shared_memory(struct attack *with)
{
    (void)with;
    const int made = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    if (made >= 0) shmctl(made, IPC_RMID, NULL);
    return made >= 0;
}
