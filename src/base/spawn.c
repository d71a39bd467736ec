#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Between fork and exec: only async-signal-safe calls. */
static void become(const char *path, char *const argv[], int inherit)
{
    setsid(); /* Ctrl-C is for us, not for it */
    const int nothing = open("/dev/null", O_RDONLY);
    const bool ready = nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
                       (inherit == 3 ? fcntl(3, F_SETFD, 0) == 0 : dup2(inherit, 3) >= 0) &&
                       close_range(4, ~0u, 0) == 0;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (ready) execv(path, argv);
    _exit(127);
}

bool spawn(const char *path, char *const argv[], int inherit, pid_t *pid_out, struct error *err)
{
    if (access(path, X_OK) < 0) return fail_errno(err, errno, "the program '%s' cannot be started", path);
    const pid_t pid = fork();
    if (pid < 0) return fail_errno(err, errno, "a new process could not be started");
    if (pid == 0) become(path, argv, inherit);
    *pid_out = pid;
    return true;
}

bool spawn_sibling_path(const char *name, char *out, size_t size_bytes, struct error *err)
{
    char self[4096];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0) return fail_errno(err, errno, "the path of the running program could not be read");
    self[size] = '\0';
    char *const slash = strrchr(self, '/');
    if (slash) *slash = '\0';
    if ((size_t)snprintf(out, size_bytes, "%s/%s", self, name) >= size_bytes)
        return fail(err, CAUSE_INTERNAL, "the path of the program '%s' is too long", name);
    return true;
}
