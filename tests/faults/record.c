#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NODES_MAX = 8192 };

/* Inode numbers are used again, so that the youngest node of a number counts. */
struct node {
    ino_t inode;
    bool draft; /* made without a name: others may write into it through a descriptor */
};

static struct node nodes[NODES_MAX];
static int node_count, stream = -1;
static dev_t device;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

bool record_is_on(void) { return stream >= 0; }

/* ---- nodes ---- */

static int node_add(ino_t inode, bool draft)
{
    if (node_count == NODES_MAX) abort();
    nodes[node_count] = (struct node){ inode, draft };
    return node_count++;
}

static int node_of(ino_t inode)
{
    for (int i = node_count; i-- > 0;)
        if (nodes[i].inode == inode) return i;
    return node_add(inode, false);
}

/* The node of an open file or folder; -1 when it is none of this disk. */
static int node_of_fd(int fd, struct stat *facts)
{
    if (fstat(fd, facts) != 0 || facts->st_dev != device) return -1;
    return S_ISREG(facts->st_mode) || S_ISDIR(facts->st_mode) ? node_of(facts->st_ino) : -1;
}

/* ---- the stream ---- */

static void put_bytes(const void *bytes, size_t size)
{
    for (const char *at = bytes; size;) {
        const ssize_t n = syscall(SYS_write, stream, at, size);
        if (n <= 0) abort();
        at += n;
        size -= (size_t)n;
    }
}

static void put(struct record record, const void *bytes)
{
    static const char padding[8] = "";
    put_bytes(&record, sizeof record);
    if (record.size) put_bytes(bytes, record.size);
    put_bytes(padding, (8 - (sizeof record + record.size) % 8) % 8);
}

/* The record's folder and name, for a path as a system call takes it; false when it is not of this disk. */
static bool place(int folder, const char *path, struct record *record)
{
    char parent[4096];
    struct stat facts;
    const char *const slash = strrchr(path, '/');
    snprintf(parent, sizeof parent, "%s", path);
    if (fstatat(folder, slash ? dirname(parent) : ".", &facts, 0) != 0 || facts.st_dev != device)
        return false;
    record->folder = node_of(facts.st_ino);
    snprintf(record->name, sizeof record->name, "%s", slash ? slash + 1 : path);
    return true;
}

static void put_name(enum record_type type, int folder, const char *path)
{
    struct record record = { .type = type };
    struct stat facts;
    if (!place(folder, path, &record) || fstatat(folder, path, &facts, AT_SYMLINK_NOFOLLOW) != 0) return;
    record.node = type == RECORD_FOLDER ? node_add(facts.st_ino, false) : node_of(facts.st_ino);
    put(record, NULL);
}

/* ---- life ---- */

bool record_start(const char *folder, const char *path)
{
    struct stat facts;
    if (stat(folder, &facts) != 0) return false;
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    device = facts.st_dev;
    node_count = 0;
    node_add(facts.st_ino, false);
    stream = fd;
    return fd >= 0;
}

void record_stop(void)
{
    pthread_mutex_lock(&lock);
    if (stream >= 0) close(stream);
    stream = -1;
    pthread_mutex_unlock(&lock);
}

/* Runs `body` as one entry. */
#define ENTRY(body)                                                                                          \
    do {                                                                                                     \
        const int kept = errno;                                                                              \
        if (stream < 0) return;                                                                              \
        pthread_mutex_lock(&lock);                                                                           \
        if (stream >= 0) body;                                                                               \
        pthread_mutex_unlock(&lock);                                                                         \
        errno = kept;                                                                                        \
    } while (0)

void record_ack(const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    const int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ENTRY(put((struct record){ .type = RECORD_ACK, .size = (uint64_t)size + 1 }, text));
}

/* ---- what calls.c tells ---- */

static void write_entry(int fd, const void *bytes, size_t size, int64_t offset)
{
    struct stat facts;
    const int node = node_of_fd(fd, &facts);
    if (node >= 0)
        put((struct record){ .type = RECORD_WRITE, .node = node, .offset = offset, .size = size }, bytes);
}

void record_write(int fd, const void *bytes, size_t size, int64_t offset)
{
    ENTRY(write_entry(fd, bytes, size, offset));
}

static void truncate_entry(int fd, int64_t size)
{
    struct stat facts;
    const int node = node_of_fd(fd, &facts);
    if (node >= 0) put((struct record){ .type = RECORD_TRUNCATE, .node = node, .offset = size }, NULL);
}

void record_truncate(int fd, int64_t size) { ENTRY(truncate_entry(fd, size)); }

/* What is in a draft now: a worker wrote it. */
static void put_content(int fd, int node, size_t size)
{
    char *const bytes = malloc(size + 1);
    if (!bytes || syscall(SYS_pread64, fd, bytes, size, 0) != (ssize_t)size) abort();
    put((struct record){ .type = RECORD_WRITE, .node = node, .size = size }, bytes);
    free(bytes);
}

static void sync_entry(int fd)
{
    struct stat facts;
    const int node = node_of_fd(fd, &facts);
    if (node < 0) return;
    if (nodes[node].draft) put_content(fd, node, (size_t)facts.st_size);
    put((struct record){ .type = RECORD_SYNC, .node = node }, NULL);
}

void record_sync(int fd) { ENTRY(sync_entry(fd)); }

static void open_entry(int folder, const char *path, int flags, int fd, bool fresh)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0 || facts.st_dev != device || !S_ISREG(facts.st_mode)) return;
    const bool draft = (flags & __O_TMPFILE) != 0;
    if (fresh || draft) node_add(facts.st_ino, draft);
    if (fresh)
        put_name(RECORD_FILE, folder, path);
    else if (flags & O_TRUNC)
        truncate_entry(fd, 0);
}

void record_open(int folder, const char *path, int flags, int fd, bool fresh)
{
    ENTRY(open_entry(folder, path, flags, fd, fresh));
}

static void unlink_entry(int folder, const char *path)
{
    struct record record = { .type = RECORD_UNLINK };
    if (place(folder, path, &record)) put(record, NULL);
}

void record_unlink(int folder, const char *path) { ENTRY(unlink_entry(folder, path)); }
void record_link(int folder, const char *path) { ENTRY(put_name(RECORD_FILE, folder, path)); }
void record_make_folder(const char *path) { ENTRY(put_name(RECORD_FOLDER, AT_FDCWD, path)); }

/* Two names of one file stay both; then the old one is seen to be there still. */
static void rename_entry(int from_folder, const char *from, int to_folder, const char *to)
{
    put_name(RECORD_FILE, to_folder, to);
    if (faccessat(from_folder, from, F_OK, AT_SYMLINK_NOFOLLOW) != 0) unlink_entry(from_folder, from);
}

void record_rename(int from_folder, const char *from, int to_folder, const char *to)
{
    ENTRY(rename_entry(from_folder, from, to_folder, to));
}
