#include "cell/zygote.h"

#include "base/file.h"
#include "base/text.h"
#include "task/wire.h"
#include "cell/child.h"
#include "cell/pages.h"
#include "cell/program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A task that was started and whose exit message the server does not have yet. */
struct running {
    int64_t number;
    pid_t pid;            /* 0: ended */
    int socket;           /* our copy of the child's end */
    char last_words[192]; /* the exit message, once it has ended */
};

struct zygote {
    int control, children_ended; /* the server's socket; a signalfd for SIGCHLD */
    struct sandbox sandbox;
    struct running running[ZYGOTE_CHILDREN_MAX];
    size_t count;
};

int zygote_thread_count(void)
{
    const int count = file_entries("/proc/self/task");
    return count < 0 ? 0 : count;
}

/* ---- endings ---- */

/* Closes the socket. A request nobody read would make the kernel throw away what we said last, so it goes
 * first. */
static void hang_up(int *socket)
{
    char byte;
    shutdown(*socket, SHUT_RD);
    while (recv(*socket, &byte, 1, MSG_DONTWAIT) > 0) continue;
    fd_cleanup(socket);
}

static void forget(struct zygote *zygote, struct running *one)
{
    hang_up(&one->socket);
    *one = zygote->running[--zygote->count];
}

/* Never waits: a server that does not read must not hold up the others. False: the server will have to read
 * first. */
static bool say_last_words(const struct running *one)
{
    const ssize_t sent =
        send(one->socket, one->last_words, strlen(one->last_words), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static void say_all_last_words(struct zygote *zygote)
{
    for (size_t i = zygote->count; i-- > 0;)
        if (!zygote->running[i].pid && say_last_words(&zygote->running[i]))
            forget(zygote, &zygote->running[i]);
}

static void note_end(struct zygote *zygote, pid_t pid, int status, const struct rusage *usage)
{
    AUTO(arena) struct arena mem = { 0 };
    for (size_t i = 0; i < zygote->count; i++) {
        struct running *const one = &zygote->running[i];
        if (one->pid != pid) continue;
        one->pid = 0;
        snprintf(one->last_words, sizeof one->last_words, "%s", child_exit_message(&mem, status, usage));
    }
}

static void reap(struct zygote *zygote)
{
    struct signalfd_siginfo seen;
    struct rusage usage;
    int status;
    pid_t pid;
    while (read(zygote->children_ended, &seen, sizeof seen) == (ssize_t)sizeof seen) continue;
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) note_end(zygote, pid, status, &usage);
}

static void kill_all(const struct zygote *zygote)
{
    for (size_t i = 0; i < zygote->count; i++)
        if (zygote->running[i].pid) kill(zygote->running[i].pid, SIGKILL);
    while (wait(NULL) > 0) continue;
}

/* ---- orders ---- */

static struct sandbox_limits ordered_limits(const struct json *order, enum task_kind kind)
{
    const struct sandbox_limits usual = child_limits(kind);
    return (struct sandbox_limits){ .memory_mb = json_get_int(order, "memory_mb", usual.memory_mb),
                                    .cpu_s = json_get_int(order, "cpu_s", usual.cpu_s),
                                    .file_mb = json_get_int(order, "file_mb", usual.file_mb) };
}

static bool is_limit(int64_t value) { return value > 0 && value <= INT32_MAX; }

static bool start(struct zygote *zygote, const struct json *order, int *socket, struct error *err)
{
    const char *const word = json_get_text(order, "kind", "");
    const int kind = task_kind_find(word);
    pid_t pid;
    if (kind < 0 || !program.runs[kind])
        return fail(err, CAUSE_INVALID, "%s has no task '%s'", program.name, word);
    if (zygote->count == ZYGOTE_CHILDREN_MAX)
        return fail(err, CAUSE_UNAVAILABLE, "the media worker already does %d tasks", ZYGOTE_CHILDREN_MAX);
    const struct sandbox_limits limits = ordered_limits(order, (enum task_kind)kind);
    if (!is_limit(limits.memory_mb) || !is_limit(limits.cpu_s) || !is_limit(limits.file_mb))
        return fail(err, CAUSE_INVALID, "the limits of a media task must be above 0 and below 2^31");
    if (!child_fork(&zygote->sandbox, (enum task_kind)kind, &limits, *socket, &pid, err)) return false;
    zygote->running[zygote->count++] =
        (struct running){ .number = json_get_int(order, "start", 0), .pid = pid, .socket = fd_take(socket) };
    return true;
}

/* Answers in the place of a child that could not be started. */
static void refuse(int *socket, const struct error *why)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct rusage nothing = { 0 };
    struct error ignored;
    const bool said = wire_send(*socket, child_error_message(&mem, why), NULL, 0, &ignored) &&
                      wire_send(*socket, child_exit_message(&mem, 0, &nothing), NULL, 0, &ignored);
    if (said) hang_up(socket);
}

static void stop(const struct zygote *zygote, int64_t number)
{
    for (size_t i = 0; i < zygote->count; i++)
        if (zygote->running[i].number == number && zygote->running[i].pid)
            kill(zygote->running[i].pid, SIGKILL);
}

/* False when the server is gone. What makes no sense is passed over. */
static bool obey(struct zygote *zygote)
{
    AUTO(arena) struct arena mem = { 0 };
    struct wire_packet packet;
    struct error err;
    if (!wire_receive(zygote->control, &mem, &packet, &err)) return err.cause == CAUSE_INVALID;
    if (!packet.message) return false;
    AUTO(fd) int socket = packet.file_count ? packet.files[0] : -1;
    for (size_t i = 1; i < packet.file_count; i++) close(packet.files[i]);
    if (json_get(packet.message, "kill"))
        stop(zygote, json_get_int(packet.message, "kill", 0));
    else if (json_get(packet.message, "start") && socket >= 0 &&
             !start(zygote, packet.message, &socket, &err))
        refuse(&socket, &err);
    return true;
}

/* ---- life ---- */

static int watch_children(void)
{
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, NULL);
    return signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool say_ready(const struct zygote *zygote, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct sandbox *const layers = &zygote->sandbox;
    static const char *const truth[] = { "false", "true" };
    return wire_send(
        zygote->control,
        arena_printf(&mem,
                     "{\"event\":\"ready\",\"version\":\"%s\",\"layers\":{\"landlock\":%d,\"seccomp\":%s,"
                     "\"rlimits\":%s,\"memory\":%s,\"no_new_privs\":%s,\"helper\":%s}}",
                     UMAM_VERSION, layers->landlock, truth[layers->seccomp], truth[layers->rlimits],
                     truth[layers->memory], truth[layers->no_new_privs], truth[!!program.helper]),
        NULL, 0, err);
}

static void serve(struct zygote *zygote)
{
    struct pollfd wait[2 + ZYGOTE_CHILDREN_MAX] = { { .fd = zygote->control, .events = POLLIN },
                                                    { .fd = zygote->children_ended, .events = POLLIN } };
    for (;;) {
        nfds_t count = 2;
        for (size_t i = 0; i < zygote->count; i++)
            if (!zygote->running[i].pid)
                wait[count++] = (struct pollfd){ .fd = zygote->running[i].socket, .events = POLLOUT };
        if (poll(wait, count, -1) < 0 && errno != EINTR) return;
        if (wait[1].revents) reap(zygote);
        if (wait[0].revents && !obey(zygote)) return;
        say_all_last_words(zygote);
    }
}

int zygote_main(int control)
{
    struct zygote zygote = { .control = control, .children_ended = watch_children() };
    struct error err;
    bool ready =
        zygote.children_ended >= 0 || fail_errno(&err, errno, "the media worker cannot watch its children");
    ready = ready && program.open(&err) && sandbox_prepare(&zygote.sandbox, program.calls, &err);
    if (ready && zygote_thread_count() != 1)
        ready = fail(&err, CAUSE_INTERNAL, "the libraries of %s started threads before the first task",
                     program.name);
    if (ready && !say_ready(&zygote, &err)) { /* nobody waits for it any more */
        sandbox_close(&zygote.sandbox);
        return EXIT_SUCCESS;
    }
    if (ready) {
        pages_release();
        serve(&zygote);
    } else {
        fprintf(stderr, "%s: %s\n", program.name, err.text);
    }
    kill_all(&zygote);
    sandbox_close(&zygote.sandbox);
    return ready ? EXIT_SUCCESS : EXIT_FAILURE;
}
