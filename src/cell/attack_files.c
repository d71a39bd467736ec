/* Attacks on the file system by name. */
#include "cell/attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool opens(const char *path, int flags)
{
    AUTO(fd) int file = open(path, flags | O_CLOEXEC, 0600);
    return file >= 0;
}

static bool opens_proc(int64_t pid, const char *name, int flags)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return opens(path, flags);
}

bool attack_read_passwd(struct attack *with)
{
    (void)with;
    return opens("/etc/passwd", O_RDONLY);
}

bool attack_read_root_link(struct attack *with)
{
    (void)with;
    return opens("/proc/self/root/etc/passwd", O_RDONLY);
}

bool attack_list_root(struct attack *with)
{
    (void)with;
    return opens("/", O_RDONLY | O_DIRECTORY);
}

bool attack_read_secret(struct attack *with) { return opens(with->in->secret, O_RDONLY); }

bool attack_ask_about_file(struct attack *with)
{
    struct statx known;
    return statx(AT_FDCWD, with->in->secret, 0, STATX_ALL, &known) == 0;
}

bool attack_ask_by_descriptor(struct attack *with)
{
    struct stat known;
    return syscall(SYS_newfstatat, AT_FDCWD, with->in->secret, &known, AT_EMPTY_PATH) == 0;
}

bool attack_remove_secret(struct attack *with) { return unlink(with->in->secret) == 0; }

bool attack_empty_secret(struct attack *with) { return truncate(with->in->secret, 0) == 0; }

bool attack_link_secret(struct attack *with)
{
    char second[4096];
    snprintf(second, sizeof second, "%.4000s.second", with->in->secret);
    return link(with->in->secret, second) == 0;
}

bool attack_share_secret(struct attack *with) { return chmod(with->in->secret, 0666) == 0; }

static bool makes(const char *path)
{
    const bool made = opens(path, O_RDWR | O_CREAT | O_EXCL);
    if (made) unlink(path);
    return made;
}

bool attack_write_tmp(struct attack *with)
{
    (void)with;
    return makes("/tmp/umam-attack");
}

bool attack_write_here(struct attack *with)
{
    (void)with;
    return makes("umam-attack");
}

/* A handle names a file past every folder; the flag makes the empty one a handle of the root folder. */
bool attack_open_by_handle(struct attack *with)
{
    struct {
        struct file_handle head;
        unsigned char rest[MAX_HANDLE_SZ];
    } handle = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
    int mount;
    (void)with;
    (void)!name_to_handle_at(AT_FDCWD, "/", &handle.head, &mount,
                             0); /* without it the number is just wrong */
    return attack_reached(open_by_handle_at(AT_FDCWD, &handle.head, O_RDONLY | O_CLOEXEC));
}

bool attack_change_root(struct attack *with)
{
    (void)with;
    return chroot("/") == 0;
}

bool attack_read_environment(struct attack *with)
{
    return opens_proc(with->in->server_pid, "environ", O_RDONLY);
}

bool attack_open_memory(struct attack *with)
{
    return opens_proc(with->in->server_pid, "mem", O_RDWR) || opens_proc(with->in->worker_pid, "mem", O_RDWR);
}

bool attack_open_own_memory(struct attack *with)
{
    (void)with;
    return opens("/proc/self/mem", O_RDWR);
}
