#include "base/offline.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { FIRST_FOREIGN_CALL = 0x40000000 }; /* the x32 calls begin there */
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
enum { FIRST_FOREIGN_CALL = 0x7fffffff };
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "name the audit architecture of this machine"
#endif

#define LOAD(field)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), yes, no)
#define FROM(value, yes)   BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(value), yes, 0)
#define RETURN(what)       BPF_STMT(BPF_RET | BPF_K, (what))

bool offline_enter(struct error *err)
{
    struct sock_filter code[] = {
        LOAD(arch),
        IF(ARCHITECTURE, 0, 8),
        LOAD(nr),
        FROM(FIRST_FOREIGN_CALL, 6),
        IF(SYS_connect, 5, 0),
        IF(SYS_io_uring_setup, 4, 0), /* it makes and connects sockets without the calls for it */
        IF(SYS_socket, 0, 2),
        LOAD(args[0]),
        IF(AF_UNIX, 0, 1),
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_ERRNO | EPERM),
    };
    const struct sock_fprog program = { COUNT_OF(code), code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0)
        return true;
    return fail(err, CAUSE_UNAVAILABLE,
                "this kernel cannot keep the server from opening connections (no system call filters)");
}
