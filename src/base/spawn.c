#include "base/spawn.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a program of ours may know of our environment, and why. Anything else, such as the signing key, is no
 * business of a program that reads files of strangers. */
static const char *const handed_on[] = {
    "PATH",            /* a sanitizer finds the program that names places in the code */
    "LD_LIBRARY_PATH", /* an installation with libraries of its own loads them in both programs */
    "LANG",            /* the system's error texts, */
    "LC_ALL",          /* in the language of ours */
    "TZ",              /* the libraries' times as ours */
    "ASAN_OPTIONS",    /* builds for tests: how the sanitizers are set */
    "LSAN_OPTIONS",
    "UBSAN_OPTIONS",
};

struct environment {
    char *pairs[COUNT_OF(handed_on) + 1];
};

/* The pairs lie in `mem`. */
static struct environment handed_on_now(struct arena *mem)
{
    struct environment out = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(handed_on); i++) {
        const char *const value = getenv(handed_on[i]);
        if (value) out.pairs[count++] = arena_printf(mem, "%s=%s", handed_on[i], value);
    }
    return out;
}

/* Between fork and exec: only async-signal-safe calls. */
static void become(const char *path, char *const argv[], char *const environment[], int inherit)
{
    setsid(); /* Ctrl-C is for us, not for it */
    const int nothing = open("/dev/null", O_RDONLY);
    const bool ready = nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
                       (inherit == 3 ? fcntl(3, F_SETFD, 0) == 0 : dup2(inherit, 3) >= 0) &&
                       close_range(4, ~0u, 0) == 0;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (ready) execve(path, argv, environment);
    _exit(127);
}

bool spawn(const char *path, char *const argv[], int inherit, pid_t *pid_out, struct error *err)
{
    if (access(path, X_OK) < 0) return fail_errno(err, errno, "the program '%s' cannot be started", path);
    AUTO(arena) struct arena mem = { 0 };
    const struct environment environment = handed_on_now(&mem);
    const pid_t pid = fork();
    if (pid < 0) return fail_errno(err, errno, "a new process could not be started");
    if (pid == 0) become(path, argv, environment.pairs, inherit);
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
