/* Attacks on other processes, and attempts to become one. */
#include "cell/attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const arguments[] = { (char[]){ "true" }, NULL };
static char *const environment[] = { NULL };

/* exec() would replace a child that got through, so a process of its own tries it; only where there can be
 * one. */
static bool runs(int program)
{
    execveat(program, "", arguments, environment, AT_EMPTY_PATH);
    return false;
}

bool attack_run_program(struct attack *with)
{
    int status = 1;
    (void)with;
    const pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid < 0) return execve("/bin/true", arguments, environment) == 0;
    if (pid == 0) _exit(execve("/bin/true", arguments, environment) != 0);
    return waitpid(pid, &status, 0) == pid && status == 0;
}

bool attack_run_descriptor(struct attack *with)
{
    static const char script[] = "#!/bin/true\n";
    int status = 1;
    AUTO(fd) int program = memfd_create("program", 0);
    if (program < 0) return runs(job_file(with->job, "in"));
    if (write(program, script, sizeof script - 1) < 0) return false;
    const pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) _exit(runs(program) ? 0 : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* The parent's half of whatever made a process. */
static bool made(long pid)
{
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid((pid_t)pid, NULL, 0);
    return pid > 0;
}

bool attack_fork_process(struct attack *with)
{
    (void)with;
    return made(fork());
}

bool attack_vfork_process(struct attack *with)
{
    (void)with;
    return made(syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL));
}

bool attack_clone_process(struct attack *with)
{
    struct clone_args how = { .exit_signal = SIGCHLD };
    (void)with;
    return made(syscall(SYS_clone3, &how, sizeof how));
}

bool attack_fork_bomb(struct attack *with)
{
    enum { MANY = 200 };
    int bombs = 0;
    (void)with;
    for (int i = 0; i < MANY; i++) bombs += made(fork());
    return bombs > 0;
}

bool attack_trace(struct attack *with)
{
    const int64_t whom[] = { with->in->server_pid, with->in->worker_pid };
    for (int i = 0; i < 2; i++)
        if (ptrace(PTRACE_SEIZE, (pid_t)whom[i], NULL, NULL) == 0) return true;
    return false;
}

static bool moves_memory(const struct attack *with, int call)
{
    static char mine[8];
    const struct iovec here = { mine, sizeof mine },
                       there = { mine, 0 }; /* nothing of it, but allowed or not */
    return syscall(call, with->in->server_pid, &here, 1, &there, 1, 0) >= 0 ||
           syscall(call, with->in->worker_pid, &here, 1, &there, 1, 0) >= 0;
}

bool attack_read_memory(struct attack *with) { return moves_memory(with, SYS_process_vm_readv); }

bool attack_write_memory(struct attack *with) { return moves_memory(with, SYS_process_vm_writev); }

bool attack_send_signal(struct attack *with)
{
    return kill((pid_t)with->in->server_pid, 0) == 0 || kill((pid_t)with->in->worker_pid, 0) == 0;
}

bool attack_signal_everybody(struct attack *with)
{
    (void)with;
    return kill(-1, 0) == 0;
}

bool attack_signal_thread(struct attack *with)
{
    return syscall(SYS_tgkill, with->in->server_pid, with->in->server_pid, 0) == 0 ||
           syscall(SYS_tgkill, with->in->worker_pid, with->in->worker_pid, 0) == 0;
}

/* With an owner and a signal number set, the next byte on the socket kills whom it likes. */
bool attack_signal_by_descriptor(struct attack *with)
{
    return fcntl(with->job->socket, F_SETOWN, (int)with->in->server_pid) == 0 ||
           fcntl(with->job->socket, F_SETSIG, SIGKILL) == 0;
}

bool attack_steal_descriptor(struct attack *with)
{
    AUTO(fd) int process = (int)syscall(SYS_pidfd_open, with->in->server_pid, 0);
    if (process < 0) return false;
    AUTO(fd) int stolen = (int)syscall(SYS_pidfd_getfd, process, STDIN_FILENO, 0);
    return stolen >= 0;
}

bool attack_limit_others(struct attack *with)
{
    struct rlimit now;
    const pid_t server = (pid_t)with->in->server_pid;
    return prlimit(server, RLIMIT_CORE, NULL, &now) == 0 && prlimit(server, RLIMIT_CORE, &now, NULL) == 0;
}
