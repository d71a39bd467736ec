#include "worker/sandbox.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sandbox sandbox;
static const struct sandbox_limits roomy = { .memory_mb = 2048, .cpu_s = 60, .file_mb = 64 };

/* Each attempt returns whether it got through. */
static bool read_a_file(void) { return open("/etc/passwd", O_RDONLY) >= 0; }
static bool read_proc(void) { return open("/proc/self/environ", O_RDONLY) >= 0; }
static bool list_a_folder(void) { return open("/", O_RDONLY | O_DIRECTORY) >= 0; }
static bool make_a_file(void) { return open("/tmp/umam-sandbox-test", O_RDWR | O_CREAT, 0600) >= 0; }
static bool remove_a_file(void) { return unlink("/tmp/umam-sandbox-test-target") == 0; }
static bool name_a_file(void) { return symlink("/etc", "/tmp/umam-sandbox-link") == 0; }
static bool use_the_network(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
static bool use_a_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }
static bool start_a_program(void) { return execl("/bin/true", "true", NULL) == 0; }
static bool start_a_process(void) { return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) >= 0; }
static bool start_a_process_anew(void) { return syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS; }
static bool signal_the_parent(void) { return kill(getppid(), 0) == 0; }
static bool signal_a_thread_elsewhere(void) { return syscall(SYS_tgkill, getppid(), getppid(), 0) == 0; }
static bool trace_the_parent(void) { return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0; }
static bool read_the_parents_memory(void)
{
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) == 0;
}
static bool mount_something(void) { return mount("none", "/tmp", "tmpfs", 0, "") == 0; }
static bool leave_the_namespaces(void) { return syscall(SYS_unshare, 0x10000000) == 0; }
static bool load_a_kernel_program(void) { return syscall(SYS_bpf, 0, NULL, 0) >= 0; }
static bool use_io_uring(void) { return syscall(SYS_io_uring_setup, 1, NULL) >= 0; }
static bool use_the_keyring(void) { return syscall(SYS_keyctl, 0, -3, 0) >= 0; }
static bool raise_a_limit(void) { return setrlimit(RLIMIT_CORE, &(struct rlimit){ 1, 1 }) == 0; }
static bool become_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0; }
static bool make_a_memory_file(void) { return memfd_create("x", 0) >= 0; }

static bool map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static bool turn_data_into_code(void)
{
    void *const page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static const struct {
    const char *name;
    bool (*attempt)(void);
} attempts[] = {
    { "read a file", read_a_file },
    { "read proc", read_proc },
    { "list a folder", list_a_folder },
    { "make a file", make_a_file },
    { "remove a file", remove_a_file },
    { "name a file", name_a_file },
    { "use the network", use_the_network },
    { "use a local socket", use_a_local_socket },
    { "start a program", start_a_program },
    { "start a process", start_a_process },
    { "start a process anew", start_a_process_anew },
    { "signal the parent", signal_the_parent },
    { "signal a thread elsewhere", signal_a_thread_elsewhere },
    { "trace the parent", trace_the_parent },
    { "read the parent's memory", read_the_parents_memory },
    { "mount something", mount_something },
    { "leave the namespaces", leave_the_namespaces },
    { "load a kernel program", load_a_kernel_program },
    { "use io_uring", use_io_uring },
    { "use the keyring", use_the_keyring },
    { "raise a limit", raise_a_limit },
    { "become dumpable", become_dumpable },
    { "make a memory file", make_a_memory_file },
    { "map code", map_code },
    { "turn data into code", turn_data_into_code },
};

enum { DENIED = 0, GOT_THROUGH = 1, NO_SANDBOX = 2 };

/* The wait status of a confined process that does `attempt`. */
static int confined(const struct sandbox *with, const struct sandbox_limits *limits, bool (*attempt)(void))
{
    int status = 0;
    struct error err;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        if (!sandbox_enter(with, limits, &err)) _exit(NO_SANDBOX);
        _exit(attempt() ? GOT_THROUGH : DENIED);
    }
    waitpid(pid, &status, 0);
    return status;
}

static bool is_denied(int status)
{
    if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGSYS;
    return WEXITSTATUS(status) == DENIED;
}

TEST(the_kernel_has_every_layer)
{
    CHECK(sandbox.seccomp && sandbox.rlimits && sandbox.no_new_privs);
    if (!sandbox.landlock) fprintf(stderr, "note: this kernel has no Landlock\n");
}

TEST(attacks_are_denied)
{
    close(open("/tmp/umam-sandbox-test-target", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        CHECK_MSG(is_denied(confined(&sandbox, &roomy, attempts[i].attempt)), "not denied: %s",
                  attempts[i].name);
    unlink("/tmp/umam-sandbox-test-target");
}

TEST(what_only_attacks_do_ends_the_process)
{
    bool (*const deadly[])(void) = { use_the_network, start_a_program, trace_the_parent, use_io_uring,
                                     mount_something };
    for (size_t i = 0; i < COUNT_OF(deadly); i++) {
        const int status = confined(&sandbox, &roomy, deadly[i]);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    }
}

TEST(landlock_alone_closes_the_file_system)
{
    struct sandbox alone = sandbox;
    bool (*const about_files[])(void) = { read_a_file, read_proc, list_a_folder, make_a_file,
                                          start_a_program };
    if (!sandbox.landlock) return;
    alone.seccomp = false;
    for (size_t i = 0; i < COUNT_OF(about_files); i++) CHECK_INT(confined(&alone, &roomy, about_files[i]), 0);
}

TEST(seccomp_alone_closes_the_file_system)
{
    struct sandbox alone = sandbox;
    alone.landlock = 0;
    CHECK_INT(confined(&alone, &roomy, read_a_file), 0);
    CHECK_INT(confined(&alone, &roomy, make_a_file), 0);
}

static void *nothing(void *with) { return with; }

static int handed; /* a memory file from outside */

static bool work(void)
{
    pthread_t thread;
    struct stat info;
    char back[4] = "";
    void *const memory = malloc(50 << 20);
    if (!memory || pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return false;
    memset(memory, 1, 50 << 20);
    free(memory);
    return pwrite(handed, "abc", 3, 0) == 3 && pread(handed, back, 3, 0) == 3 && strcmp(back, "abc") == 0 &&
           fstat(handed, &info) == 0 && info.st_size == 3;
}

TEST(honest_work_goes_on)
{
    handed = memfd_create("handed", MFD_CLOEXEC);
    const int status = confined(&sandbox, &roomy, work);
    close(handed);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), GOT_THROUGH);
}

static bool abort_itself(void) { abort(); }

TEST(abort_is_seen_as_abort)
{
    const int status = confined(&sandbox, &roomy, abort_itself);
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGABRT);
}

static bool compute_for_long(void)
{
    for (volatile int64_t turn = 0; turn < INT64_MAX; turn = turn + 1) continue;
    return true;
}

TEST(processor_time_ends)
{
    const int status = confined(&sandbox, &(struct sandbox_limits){ 2048, 1, 64 }, compute_for_long);
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGXCPU);
}

static bool write_too_much(void)
{
    static const char block[1 << 16];
    for (int i = 0; i < 32; i++)
        if (write(handed, block, sizeof block) < 0) return errno != EFBIG;
    return true;
}

TEST(files_end_at_their_limit)
{
    handed = memfd_create("handed", MFD_CLOEXEC);
    const int status = confined(&sandbox, &(struct sandbox_limits){ 2048, 60, 1 }, write_too_much);
    struct stat info;
    const bool known = fstat(handed, &info) == 0;
    close(handed);
    CHECK_INT(status, 0);
    CHECK(known && info.st_size == 1 << 20);
}

#ifndef __SANITIZE_ADDRESS__
static bool take_much_memory(void) { return malloc((size_t)512 << 20) != NULL; }

TEST(memory_ends)
{
    CHECK_INT(confined(&sandbox, &(struct sandbox_limits){ 256, 60, 1 }, take_much_memory), 0);
}
#endif

int main(int argc, char **argv)
{
    struct error err;
    if (!sandbox_prepare(&sandbox, &err)) return fprintf(stderr, "%s\n", err.text), 1;
    const int status = run_tests(argc, argv);
    sandbox_close(&sandbox);
    return status;
}
