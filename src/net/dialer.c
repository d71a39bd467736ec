#include "net/dialer.h"

#include "base/time.h"
#include "net/confine.h"
#include "net/guard.h"
#include "task/wire.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CONTROL = 3,       /* where the dialer has the socket to its parent */
    DIALS_MAX = 64,    /* of one task: five attempts with five redirects each are thirty */
    CONNECT_MS = 15000 /* for all addresses of a name */
};

static int control = -1; /* our end */

/* ---- connecting ---- */

/* By number: the name belongs to what net/fetch.c tells libcurl. */
static bool connects(int fd, const struct addrinfo *to, int64_t until)
{
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    int fault = 0;
    socklen_t size = sizeof fault;
    if (syscall(SYS_connect, fd, to->ai_addr, to->ai_addrlen) == 0) return true;
    if (errno != EINPROGRESS) return false;
    const int64_t left_ms = (until - time_mono()) / MS;
    return poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0) == 1 &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) == 0 && !fault;
}

static bool connect_to_any(const struct addrinfo *list, const struct texts *allowed, int *out,
                           struct error *err)
{
    const int64_t until = time_mono() + (int64_t)CONNECT_MS * MS;
    bool tried = false;
    for (const struct addrinfo *to = list; to; to = to->ai_next) {
        if (!guard_allows(to->ai_addr, allowed)) continue;
        AUTO(fd) int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        tried = true;
        if (fd < 0 || !connects(fd, to, until)) continue;
        *out = fd_take(&fd);
        return true;
    }
    if (!tried)
        return fail(err, CAUSE_FORBIDDEN,
                    "the address leads to a machine of a private network, which is not fetched from");
    return fail(err, CAUSE_UNAVAILABLE, "nobody answers at this address");
}

static bool dial(const struct json *order, const struct texts *allowed, int *out, struct error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    char port[24];
    const char *const host = json_get_text(order, "dial", "");
    snprintf(port, sizeof port, "%lld", (long long)json_get_int(order, "port", 0));
    if (!*host || getaddrinfo(host, port, &hints, &list) != 0)
        return fail(err, CAUSE_NOT_FOUND, "the host of the address is not known");
    const bool good = connect_to_any(list, allowed, out, err);
    freeaddrinfo(list);
    return good;
}

/* ---- one task ---- */

static bool answer(int task, int connected, const struct error *why)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error gone;
    if (connected >= 0) return wire_send(task, "{\"event\":\"dialed\"}", &connected, 1, &gone);
    const char *const keys[] = { "event", "cause", "text" };
    const char *const values[] = { "error", cause_code(why->cause), why->text };
    return wire_send(task, json_print(&mem, json_from_pairs(&mem, keys, values, COUNT_OF(keys))), NULL, 0,
                     &gone);
}

static bool serve_one(int task, const struct texts *allowed)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int connected = -1;
    struct wire_packet packet;
    struct error err;
    if (!wire_receive(task, &mem, &packet, &err) || !packet.message) return false;
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    const bool good = dial(packet.message, allowed, &connected, &err);
    return answer(task, connected, good ? NULL : &err);
}

static void serve(int task, const struct texts *allowed)
{
    for (int i = 0; i < DIALS_MAX && serve_one(task, allowed); i++) continue;
}

/* ---- the dialer ---- */

static bool obey(const struct texts *allowed)
{
    AUTO(arena) struct arena mem = { 0 };
    struct wire_packet packet;
    struct error err;
    if (!wire_receive(CONTROL, &mem, &packet, &err)) return err.cause == CAUSE_INVALID;
    if (!packet.message) return false;
    const pid_t pid = packet.file_count == 1 ? fork() : -1; /* without a child the closed socket says it */
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(CONTROL);
        serve(packet.files[0], allowed);
        _exit(EXIT_SUCCESS);
    }
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    return true;
}

static _Noreturn void live(int end, const struct texts *allowed)
{
    struct error err;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_IGN); /* children are not waited for */
    if (dup2(end, CONTROL) < 0 || close_range(CONTROL + 1, ~0u, 0) != 0) _exit(EXIT_FAILURE);
    if (!confine_enter(&err)) {
        fprintf(stderr, "umam-net: %s\n", err.text);
        _exit(EXIT_FAILURE);
    }
    while (obey(allowed)) continue;
    _exit(EXIT_SUCCESS);
}

/* Nobody's child: the children of this process are its tasks. It ends when our end is closed. */
bool dialer_open(struct texts allowed, struct error *err)
{
    int pair[2], status = 0;
    if (!wire_pair(pair, err)) return false;
    const pid_t pid = fork();
    if (pid == 0) {
        const pid_t dialer = fork();
        if (dialer == 0) live(pair[1], &allowed);
        _exit(dialer > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(pair[1]);
    control = pair[0];
    return (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) ||
           fail(err, CAUSE_UNAVAILABLE, "the process that connects could not be started");
}

/* ---- for what fetches ---- */

int dialer_socket(void)
{
    int pair[2];
    struct error err;
    if (!wire_pair(pair, &err)) return -1;
    const bool sent = wire_send(control, "{\"task\":1}", &pair[1], 1, &err);
    close(pair[1]);
    if (!sent) close(pair[0]);
    return sent ? pair[0] : -1;
}

bool dialer_dial(int dialer, const char *host, int64_t port, int *out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct wire_packet packet;
    struct json_out order = { .buf = &BUF(8192) };
    json_put_open(&order, '{');
    json_put_pair(&order, "dial", host);
    json_put_key(&order, "port");
    json_put_int(&order, port);
    json_put_close(&order, '}');
    const bool heard = !order.buf->full && wire_send(dialer, buf_str(order.buf), NULL, 0, err) &&
                       wire_receive(dialer, &mem, &packet, err) && packet.message;
    buf_cleanup(order.buf);
    if (!heard) return fail(err, CAUSE_UNAVAILABLE, "the process that connects does not answer");
    if (packet.file_count == 1) *out = packet.files[0];
    return packet.file_count == 1 || fail(err, cause_by_code(json_get_text(packet.message, "cause", "")),
                                          "%s", json_get_text(packet.message, "text", "nobody answers"));
}
