#include "cell/sandbox.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sandbox sandbox;
static const struct sandbox_limits roomy = { .memory_mb = 2048, .cpu_s = 60, .file_mb = 64 };

/* Each attempt returns whether it got through. All attacks are tried by tests/api/doctor.py. */
static bool read_a_file(void) { return open("/etc/passwd", O_RDONLY) >= 0; }
static bool read_proc(void) { return open("/proc/self/environ", O_RDONLY) >= 0; }
static bool list_a_folder(void) { return open("/", O_RDONLY | O_DIRECTORY) >= 0; }
static bool make_a_file(void) { return open("/tmp/umam-sandbox-test", O_RDWR | O_CREAT, 0600) >= 0; }
static bool use_the_network(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
static bool start_a_program(void) { return execl("/bin/true", "true", NULL) == 0; }
static bool trace_the_parent(void) { return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0; }
static bool use_io_uring(void) { return syscall(SYS_io_uring_setup, 1, NULL) >= 0; }
static bool mount_something(void) { return mount("none", "/tmp", "tmpfs", 0, "") == 0; }

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

TEST(the_kernel_has_every_layer)
{
    CHECK(sandbox.seccomp && sandbox.rlimits && sandbox.no_new_privs);
    if (!sandbox.landlock) fprintf(stderr, "note: this kernel has no Landlock\n");
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

static bool is_somebody(void) { return geteuid() != 0; }

TEST(root_is_nobody_inside)
{
    const int status = confined(&sandbox, &roomy, is_somebody);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), GOT_THROUGH);
}

static bool make_room_for_signals(void) { return fcntl(STDIN_FILENO, F_SETOWN, getpid()) == 0; }
static bool ask_for_flags(void) { return fcntl(STDIN_FILENO, F_GETFL) >= 0; }

TEST(descriptors_can_be_asked_but_not_made_to_signal)
{
    CHECK_INT(confined(&sandbox, &roomy, make_room_for_signals), DENIED << 8);
    CHECK_INT(confined(&sandbox, &roomy, ask_for_flags), GOT_THROUGH << 8);
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
    if (!sandbox_prepare(&sandbox, (struct calls){ 0 }, &err)) return fprintf(stderr, "%s\n", err.text), 1;
    const int status = run_tests(argc, argv);
    sandbox_close(&sandbox);
    return status;
}
