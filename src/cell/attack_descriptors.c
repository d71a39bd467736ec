/* Attacks with the descriptors a child has, and on those it should not have. */
#include "cell/attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { QUIET_UNTIL = STDOUT_FILENO }; /* see child.c */
#else
enum { QUIET_UNTIL = STDERR_FILENO };
#endif

static bool is_expected(const struct job *job, int fd)
{
    bool expected = fd <= STDERR_FILENO || fd == job->socket || fd == job->helper;
    for (size_t i = 0; i < job->file_count; i++) expected |= fd == job->files[i];
    return expected;
}

static bool leads_nowhere(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3);
}

bool attack_stray(struct attack *with)
{
    enum { FAR = 4096 };
    for (int fd = 0; fd < FAR; fd++)
        if (!is_expected(with->job, fd) && fcntl(fd, F_GETFD) >= 0) return true;
    for (int fd = 0; fd <= QUIET_UNTIL; fd++)
        if (!leads_nowhere(fd)) return true;
    errno = EBADF;
    return false;
}

bool attack_reopen(struct attack *with)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", job_file(with->job, "in"));
    AUTO(fd) int again = open(path, O_RDWR | O_CLOEXEC);
    return again >= 0;
}

bool attack_write_input(struct attack *with) { return pwrite(job_file(with->job, "in"), "x", 1, 0) == 1; }

bool attack_map_input(struct attack *with)
{
    char *const page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, job_file(with->job, "in"), 0);
    if (page == MAP_FAILED) return false;
    page[0] = 'x';
    return true;
}

bool attack_push_terminal(struct attack *with)
{
    (void)with;
    return attack_reached(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

bool attack_many_descriptors(struct attack *with)
{
    enum { MANY = 4096 };
    for (int i = 0; i < MANY; i++)
        if (dup(with->job->socket) < 0) return false;
    return true;
}
