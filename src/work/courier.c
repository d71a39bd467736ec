#include "work/courier.h"

#include "base/file.h"
#include "base/spawn.h"
#include "base/text.h"
#include "base/time.h"
#include "task/wire.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 1000, SPARE_S = 60 /* beyond what the child allows itself */ };

struct courier {
    pthread_mutex_t lock; /* of what is sent over control */
    pid_t pid;
    int control;
};

bool courier_check(const struct courier *courier, struct error *err)
{
    struct pollfd state = { .fd = courier ? courier->control : -1, .events = POLLIN };
    if (!courier)
        return fail(err, CAUSE_UNAVAILABLE, "this server fetches nothing: umam-net does not run beside it");
    return (poll(&state, 1, 0) >= 0 && !(state.revents & (POLLHUP | POLLERR))) ||
           fail(err, CAUSE_UNAVAILABLE,
                "the program that fetches is gone; it comes back when the server is restarted");
}

/* ---- one order ---- */

/* A child at the other end of the socket. */
static bool order(struct courier *courier, int *socket_out, struct error *err)
{
    int pair[2];
    if (!courier_check(courier, err) || !wire_pair(pair, err)) return false;
    pthread_mutex_lock(&courier->lock);
    const bool sent = wire_send(courier->control, "{\"order\":1}", &pair[1], 1, err);
    pthread_mutex_unlock(&courier->lock);
    close(pair[1]);
    if (sent) *socket_out = pair[0];
    if (!sent) close(pair[0]);
    return sent;
}

static bool send_request(int socket, const struct courier_call *call, struct error *err)
{
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_key(&out, "fetch");
    shape_write(&fetch_in_shape, call->in, &out);
    json_put_close(&out, '}');
    struct error why;
    return buf_check(&text, "the order to fetch", err) &&
           (wire_send(socket, buf_str(&text), &call->fd, 1, &why) ||
            fail(err, CAUSE_UNAVAILABLE, "no file can be fetched right now; try again in a moment"));
}

/* ---- what the child says: a sender that took it over may say anything ---- */

static bool may_say(enum cause cause)
{
    static const enum cause causes[] = { CAUSE_INVALID,   CAUSE_FORBIDDEN,   CAUSE_NOT_FOUND,
                                         CAUSE_TOO_LARGE, CAUSE_BAD_REQUEST, CAUSE_UNAVAILABLE,
                                         CAUSE_TIMEOUT,   CAUSE_IO,          CAUSE_NO_SPACE };
    for (size_t i = 0; i < COUNT_OF(causes); i++)
        if (causes[i] == cause) return true;
    return false;
}

static bool senseless(struct error *err)
{
    return fail(err, CAUSE_CRASHED, "the program that fetches said something that makes no sense");
}

static bool take_error(struct arena *mem, const struct json *message, struct error *err)
{
    const enum cause cause = cause_by_code(json_get_text(message, "cause", ""));
    const char *const text = json_get_text(message, "text", "");
    return may_say(cause) && *text ? fail(err, cause, "%s", text_line(mem, text)) : senseless(err);
}

/* The file is what counts, not what is said of it. */
static bool take_result(const struct courier_call *call, const struct json *message, struct arena *mem,
                        struct fetch_out *out, struct error *err)
{
    struct fetch_out result;
    struct error why;
    int64_t size_bytes;
    const struct json *const output = json_clone(mem, json_get(message, "output"));
    if (!output || !shape_take(&fetch_out_shape, output, mem, &result, &why)) return senseless(err);
    if (!file_size(call->fd, &size_bytes, err)) return false;
    if (size_bytes != result.size_bytes || size_bytes > call->in->max_bytes) return senseless(err);
    *out = result;
    return true;
}

/* One message; `*ended_out`: it was the last one. */
static bool hear(int socket, const struct courier_call *call, struct arena *mem, bool *ended_out,
                 struct fetch_out *out, struct error *err)
{
    AUTO(arena) struct arena scratch = { 0 };
    struct wire_packet packet;
    *ended_out = true;
    if (!wire_receive(socket, &scratch, &packet, err)) return senseless(err);
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    if (!packet.message) return fail(err, CAUSE_CRASHED, "the program that fetches died in the middle of it");
    const char *const event = json_get_text(packet.message, "event", "");
    if (text_is(event, "result")) return take_result(call, packet.message, mem, out, err);
    if (text_is(event, "error")) return take_error(&scratch, packet.message, err);
    *ended_out = !text_is(event, "progress");
    if (*ended_out) return senseless(err);
    const int64_t bytes = json_get_int(packet.message, "bytes", 0),
                  total = json_get_int(packet.message, "total", 0);
    if (call->progress) call->progress(call->with, bytes < 0 ? 0 : bytes, total < 0 ? 0 : total);
    return true;
}

static bool converse(int socket, const struct courier_call *call, struct arena *mem, struct fetch_out *out,
                     struct error *err)
{
    const int64_t until = time_mono() + (call->in->wait_s + SPARE_S) * (int64_t)SECOND;
    struct pollfd wait[] = { { .fd = socket, .events = POLLIN },
                             { .fd = call->cancel_fd, .events = POLLIN } };
    for (bool ended = false, good = true;;) {
        if (poll(wait, 2, LOOK_MS) > 0 && wait[1].revents)
            return fail(err, CAUSE_CANCELLED, "the transfer was cancelled");
        if (wait[0].revents) good = hear(socket, call, mem, &ended, out, err);
        if (ended) return good;
        if (time_mono() > until) return fail(err, CAUSE_TIMEOUT, "the file took too long to fetch");
    }
}

bool courier_fetch(struct courier *courier, const struct courier_call *call, struct arena *mem,
                   struct fetch_out *out, struct error *err)
{
    AUTO(fd) int socket = -1;
    return order(courier, &socket, err) && send_request(socket, call, err) &&
           converse(socket, call, mem, out, err);
}

/* ---- life ---- */

bool courier_open(const char *program, struct courier **out, struct error *err)
{
    char path[4096];
    int pair[2];
    if (!program && !spawn_sibling_path("umam-net", path, sizeof path, err)) return false;
    char *const argv[] = { program ? (char *)(uintptr_t)program : path, (char[]){ "porter" }, NULL };
    struct courier *const courier = calloc(1, sizeof *courier);
    if (!courier) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to start umam-net");
    bool started = wire_pair(pair, err);
    if (started) {
        started = spawn(argv[0], argv, pair[1], &courier->pid, err);
        close(pair[1]);
        if (!started) close(pair[0]);
    }
    if (!started) {
        free(courier);
        return false;
    }
    courier->control = pair[0];
    pthread_mutex_init(&courier->lock, NULL);
    *out = courier;
    return true;
}


void courier_close(struct courier *courier)
{
    if (!courier) return;
    close(courier->control); /* it ends its children and itself when this closes */
    const int64_t deadline = time_mono() + SECOND;
    while (waitpid(courier->pid, NULL, WNOHANG) == 0) {
        if (time_mono() > deadline) kill(courier->pid, SIGKILL);
        time_sleep(2 * MS);
    }
    pthread_mutex_destroy(&courier->lock);
    free(courier);
}
