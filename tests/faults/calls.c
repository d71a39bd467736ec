/* The system calls of the program and of SQLite, with a fault point in front of each; see points.h. A call
 * that changes files is told to the recorder afterwards. */
#undef _FILE_OFFSET_BITS
#include "points.h"
#include "record.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STAND_IN __attribute__((visibility("default")))
#define REAL(name)                                                                                           \
    static __typeof__(&name) real;                                                                           \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

static const int errors[POINT_KINDS] = {
    [POINT_OPEN] = EMFILE,    [POINT_CREATE] = EMFILE, [POINT_READ] = EIO,       [POINT_WRITE] = EIO,
    [POINT_SYNC] = EIO,       [POINT_NAME] = EIO,      [POINT_SIZE] = EIO,       [POINT_LOCK] = ENOLCK,
    [POINT_MEMORY] = ENOMEM,  [POINT_MAP] = ENOMEM,    [POINT_PROCESS] = EAGAIN, [POINT_THREAD] = EAGAIN,
    [POINT_SOCKET] = ENOBUFS,
};

/* True with errno set when the call has to fail; `*half` when it has to do half. */
static bool strike(enum point_kind kind, const char *call, const void *caller, bool may_interrupt, bool *half)
{
    enum point_mode mode;
    if (!point_strikes(kind, call, caller, may_interrupt, &mode)) return false;
    if (half && (*half = mode == POINT_SHORT)) return false;
    errno = mode == POINT_FULL        ? ENOSPC
            : mode == POINT_INTERRUPT ? EINTR
            : mode == POINT_READONLY  ? EROFS
                                      : errors[kind];
    return true;
}

/* Pipes and sockets are no disk. */
static enum point_kind written(int fd)
{
    struct stat64 facts;
    return fstat64(fd, &facts) == 0 && S_ISREG(facts.st_mode) ? POINT_WRITE : POINT_SOCKET;
}

static enum point_kind opened(int flags)
{
    return flags & (O_WRONLY | O_RDWR | O_CREAT) ? POINT_CREATE : POINT_OPEN;
}

#define STRIKES(kind, name, interrupt, half)                                                                 \
    strike(kind, name, __builtin_return_address(0), interrupt, half)

/* ---- bytes ---- */

STAND_IN ssize_t read(int fd, void *at, size_t size)
{
    REAL(read);
    bool half = false;
    if (STRIKES(POINT_READ, "read", true, &half)) return -1;
    return real(fd, at, half && size > 1 ? size / 2 : size);
}

STAND_IN ssize_t pread64(int fd, void *at, size_t size, off64_t offset)
{
    REAL(pread64);
    bool half = false;
    if (STRIKES(POINT_READ, "pread", true, &half)) return -1;
    return real(fd, at, half && size > 1 ? size / 2 : size, offset);
}

STAND_IN ssize_t write(int fd, const void *at, size_t size)
{
    REAL(write);
    bool half = false;
    if (STRIKES(written(fd), "write", true, &half)) return -1;
    const off64_t offset = record_is_on() ? lseek64(fd, 0, SEEK_CUR) : 0;
    const ssize_t done = real(fd, at, half && size > 1 ? size / 2 : size);
    if (done > 0 && offset >= 0) record_write(fd, at, (size_t)done, offset);
    return done;
}

STAND_IN ssize_t pwrite64(int fd, const void *at, size_t size, off64_t offset)
{
    REAL(pwrite64);
    bool half = false;
    if (STRIKES(written(fd), "pwrite", true, &half)) return -1;
    const ssize_t done = real(fd, at, half && size > 1 ? size / 2 : size, offset);
    if (done > 0) record_write(fd, at, (size_t)done, offset);
    return done;
}

STAND_IN int ftruncate64(int fd, off64_t size)
{
    REAL(ftruncate64);
    if (STRIKES(POINT_SIZE, "ftruncate", false, NULL)) return -1;
    const int done = real(fd, size);
    if (done == 0) record_truncate(fd, size);
    return done;
}

STAND_IN int fsync(int fd)
{
    REAL(fsync);
    if (STRIKES(POINT_SYNC, "fsync", false, NULL)) return -1;
    const int done = real(fd);
    if (done == 0) record_sync(fd);
    return done;
}

STAND_IN int fdatasync(int fd)
{
    REAL(fdatasync);
    if (STRIKES(POINT_SYNC, "fdatasync", false, NULL)) return -1;
    const int done = real(fd);
    if (done == 0) record_sync(fd);
    return done;
}

/* ---- names ---- */

static mode_t mode_argument(int flags, va_list args)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

STAND_IN int openat64(int folder, const char *path, int flags, ...)
{
    REAL(openat64);
    va_list args;
    va_start(args, flags);
    const mode_t mode = mode_argument(flags, args);
    va_end(args);
    if (STRIKES(opened(flags), "openat", false, NULL)) return -1;
    const bool fresh = record_is_on() && flags & O_CREAT && faccessat(folder, path, F_OK, 0) != 0;
    const int fd = real(folder, path, flags, mode);
    if (fd >= 0) record_open(folder, path, flags, fd, fresh);
    return fd;
}

STAND_IN int open64(const char *path, int flags, ...)
{
    REAL(open64);
    va_list args;
    va_start(args, flags);
    const mode_t mode = mode_argument(flags, args);
    va_end(args);
    if (STRIKES(opened(flags), "open", false, NULL)) return -1;
    const bool fresh = record_is_on() && flags & O_CREAT && access(path, F_OK) != 0;
    const int fd = real(path, flags, mode);
    if (fd >= 0) record_open(AT_FDCWD, path, flags, fd, fresh);
    return fd;
}

STAND_IN int mkostemp64(char *path, int flags)
{
    REAL(mkostemp64);
    if (STRIKES(POINT_CREATE, "mkostemp", false, NULL)) return -1;
    const int fd = real(path, flags);
    if (fd >= 0) record_open(AT_FDCWD, path, O_CREAT | O_EXCL, fd, true);
    return fd;
}

STAND_IN DIR *fdopendir(int fd)
{
    REAL(fdopendir);
    return STRIKES(POINT_OPEN, "fdopendir", false, NULL) ? NULL : real(fd);
}

STAND_IN struct dirent64 *readdir64(DIR *folder)
{
    REAL(readdir64);
    return STRIKES(POINT_READ, "readdir", false, NULL) ? NULL : real(folder);
}

STAND_IN int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    REAL(renameat);
    if (STRIKES(POINT_NAME, "renameat", false, NULL)) return -1;
    const int done = real(from_folder, from, to_folder, to);
    if (done == 0) record_rename(from_folder, from, to_folder, to);
    return done;
}

STAND_IN int rename(const char *from, const char *to)
{
    REAL(rename);
    if (STRIKES(POINT_NAME, "rename", false, NULL)) return -1;
    const int done = real(from, to);
    if (done == 0) record_rename(AT_FDCWD, from, AT_FDCWD, to);
    return done;
}

STAND_IN int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    REAL(linkat);
    if (STRIKES(POINT_NAME, "linkat", false, NULL)) return -1;
    const int done = real(from_folder, from, to_folder, to, flags);
    if (done == 0) record_link(to_folder, to);
    return done;
}

STAND_IN int unlinkat(int folder, const char *path, int flags)
{
    REAL(unlinkat);
    if (STRIKES(POINT_NAME, "unlinkat", false, NULL)) return -1;
    const int done = real(folder, path, flags);
    if (done == 0) record_unlink(folder, path);
    return done;
}

STAND_IN int unlink(const char *path)
{
    REAL(unlink);
    if (STRIKES(POINT_NAME, "unlink", false, NULL)) return -1;
    const int done = real(path);
    if (done == 0) record_unlink(AT_FDCWD, path);
    return done;
}

STAND_IN int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    if (STRIKES(POINT_NAME, "mkdir", false, NULL)) return -1;
    const int done = real(path, mode);
    if (done == 0) record_make_folder(path);
    return done;
}

STAND_IN int rmdir(const char *path)
{
    REAL(rmdir);
    if (STRIKES(POINT_NAME, "rmdir", false, NULL)) return -1;
    const int done = real(path);
    if (done == 0) record_unlink(AT_FDCWD, path);
    return done;
}

/* ---- locks, maps, processes, threads, sockets ---- */

STAND_IN int fcntl64(int fd, int command, ...)
{
    REAL(fcntl64);
    va_list args;
    va_start(args, command);
    void *const argument = va_arg(args, void *);
    va_end(args);
    const bool locks =
        (command == F_SETLK || command == F_OFD_SETLK) && ((struct flock *)argument)->l_type != F_UNLCK;
    if ((locks || command == F_DUPFD_CLOEXEC) && STRIKES(POINT_LOCK, "fcntl", false, NULL)) return -1;
    return real(fd, command, argument);
}

STAND_IN int flock(int fd, int operation)
{
    REAL(flock);
    return STRIKES(POINT_LOCK, "flock", true, NULL) ? -1 : real(fd, operation);
}

STAND_IN void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
    REAL(mmap64);
    return STRIKES(POINT_MAP, "mmap", false, NULL) ? MAP_FAILED
                                                   : real(at, size, protection, flags, fd, offset);
}

STAND_IN void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    REAL(mmap);
    return STRIKES(POINT_MAP, "mmap", false, NULL) ? MAP_FAILED
                                                   : real(at, size, protection, flags, fd, offset);
}

STAND_IN pid_t fork(void)
{
    REAL(fork);
    return STRIKES(POINT_PROCESS, "fork", false, NULL) ? -1 : real();
}

STAND_IN int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                            void *with)
{
    REAL(pthread_create);
    return STRIKES(POINT_THREAD, "pthread_create", false, NULL) ? EAGAIN
                                                                : real(thread, attributes, run, with);
}

STAND_IN int socketpair(int domain, int type, int protocol, int out[2])
{
    REAL(socketpair);
    return STRIKES(POINT_SOCKET, "socketpair", false, NULL) ? -1 : real(domain, type, protocol, out);
}

STAND_IN int eventfd(unsigned count, int flags)
{
    REAL(eventfd);
    return STRIKES(POINT_SOCKET, "eventfd", false, NULL) ? -1 : real(count, flags);
}

STAND_IN ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
    REAL(sendmsg);
    return STRIKES(POINT_SOCKET, "sendmsg", true, NULL) ? -1 : real(socket, message, flags);
}

STAND_IN ssize_t recvmsg(int socket, struct msghdr *message, int flags)
{
    REAL(recvmsg);
    return STRIKES(POINT_SOCKET, "recvmsg", true, NULL) ? -1 : real(socket, message, flags);
}

/* ---- allocations of the program, by the linker's --wrap: libc's own go by ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return STRIKES(POINT_MEMORY, "malloc", false, NULL) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return STRIKES(POINT_MEMORY, "calloc", false, NULL) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return STRIKES(POINT_MEMORY, "realloc", false, NULL) ? NULL : __real_realloc(at, size);
}

char *__wrap_strdup(const char *text)
{
    return STRIKES(POINT_MEMORY, "strdup", false, NULL) ? NULL : __real_strdup(text);
}

/* ---- time ---- */

STAND_IN int clock_gettime(clockid_t clock, struct timespec *out)
{
    REAL(clock_gettime);
    const int done = real(clock, out);
    const int64_t ahead = points_clock_ahead_us;
    if (clock != CLOCK_REALTIME || !ahead || !point_is_program(__builtin_return_address(0))) return done;
    const int64_t now = (int64_t)out->tv_sec * 1000000 + out->tv_nsec / 1000 + ahead;
    *out = (struct timespec){ now / 1000000, now % 1000000 * 1000 };
    return done;
}

STAND_IN int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    REAL(nanosleep);
    struct timespec nap = *wanted;
    if (points_hurry)
        nap = (struct timespec){ 0, (wanted->tv_sec * 1000000000 + wanted->tv_nsec) / 20 % 1000000000 };
    return real(&nap, left);
}

STAND_IN int usleep(useconds_t wanted_us)
{
    REAL(usleep);
    return real(points_hurry ? wanted_us / 20 : wanted_us);
}
