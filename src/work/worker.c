#include "work/worker.h"

#include "base/log.h"
#include "base/spawn.h"
#include "base/text.h"
#include "base/time.h"
#include "task/wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_WAIT_MS = 15000 };

struct worker {
    pthread_mutex_t lock;
    char *program;
    pid_t zygote;
    int control; /* -1: not running */
    int64_t next_number;
    struct worker_layers layers;
};

/* ---- the zygote's life (all with the lock held) ---- */

static void drop_zygote(struct worker *worker)
{
    if (worker->control < 0) return;
    close(worker->control); /* the zygote ends its children and itself when this closes */
    worker->control = -1;
    const int64_t deadline = time_mono() + 2 * SECOND;
    while (waitpid(worker->zygote, NULL, WNOHANG) == 0) {
        if (time_mono() > deadline) kill(worker->zygote, SIGKILL);
        time_sleep(2 * MS);
    }
}

static struct worker_layers read_layers(const struct json *ready)
{
    const struct json *const layers = json_get(ready, "layers");
    const struct json *const seccomp = json_get(layers, "seccomp"), *const limits = json_get(layers, "rlimits"),
                             *const privs = json_get(layers, "no_new_privs");
    return (struct worker_layers){
        .known = true,
        .landlock = json_get_int(layers, "landlock", 0),
        .seccomp = seccomp && seccomp->truth,
        .rlimits = limits && limits->truth,
        .no_new_privs = privs && privs->truth,
    };
}

static bool await_ready(struct worker *worker, struct error *err)
{
    if (worker->layers.known) return true;
    AUTO(arena) struct arena mem = { 0 };
    struct pollfd wait = { .fd = worker->control, .events = POLLIN };
    struct wire_packet packet;
    if (poll(&wait, 1, READY_WAIT_MS) <= 0 || !wire_receive(worker->control, &mem, &packet, err) || !packet.message ||
        !text_is(json_get_text(packet.message, "event", ""), "ready"))
        return fail(err, CAUSE_UNAVAILABLE, "the media worker '%s' does not start; run `%s --help` to see why",
                    worker->program, worker->program);
    worker->layers = read_layers(packet.message);
    return true;
}

static bool start_zygote(struct worker *worker, struct error *err)
{
    int pair[2];
    if (!wire_pair(pair, err)) return false;
    char *const argv[] = { worker->program, (char[]){ "zygote" }, NULL };
    const bool started = spawn(worker->program, argv, pair[1], &worker->zygote, err);
    close(pair[1]);
    worker->layers = (struct worker_layers){ 0 };
    worker->control = started ? pair[0] : -1;
    if (!started) close(pair[0]);
    return started;
}

static bool program_path(const char *program, char **out, struct error *err)
{
    char path[4096];
    if (!program && !spawn_sibling_path("umam-media", path, sizeof path, err)) return false;
    *out = strdup(program ? program : path);
    return *out || fail(err, CAUSE_UNAVAILABLE, "there is no memory to start the media worker");
}

bool worker_open(const char *program, struct worker **out, struct error *err)
{
    struct worker *const worker = calloc(1, sizeof *worker);
    if (!worker) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to start the media worker");
    pthread_mutex_init(&worker->lock, NULL);
    worker->control = -1;
    if (!program_path(program, &worker->program, err) || !start_zygote(worker, err)) {
        worker_close(worker);
        return false;
    }
    *out = worker;
    return true;
}

void worker_close(struct worker *worker)
{
    if (!worker) return;
    drop_zygote(worker);
    pthread_mutex_destroy(&worker->lock);
    free(worker->program);
    free(worker);
}

bool worker_ready(struct worker *worker, struct worker_layers *out, struct error *err)
{
    pthread_mutex_lock(&worker->lock);
    const bool ready = await_ready(worker, err);
    if (ready) *out = worker->layers;
    pthread_mutex_unlock(&worker->lock);
    return ready;
}

struct worker_layers worker_layers(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    const struct worker_layers layers = worker->layers;
    pthread_mutex_unlock(&worker->lock);
    return layers;
}

static bool control_open(const struct worker *worker)
{
    struct pollfd state = { .fd = worker->control, .events = POLLIN };
    return worker->control >= 0 && poll(&state, 1, 0) >= 0 && !(state.revents & (POLLHUP | POLLERR));
}

bool worker_alive(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    const bool alive = control_open(worker);
    pthread_mutex_unlock(&worker->lock);
    return alive;
}

/* ---- one task ---- */

/* A running child: its number at the zygote and our end of its socket. */
struct child {
    int64_t number;
    int socket;
};

static bool ask_start(struct worker *worker, enum task_kind kind, struct child *child, int theirs, struct error *err)
{
    if (!control_open(worker)) {
        log_warn("media worker restarted", LOG_INT("pid", worker->zygote));
        drop_zygote(worker);
        if (!start_zygote(worker, err)) return false;
    }
    if (!await_ready(worker, err)) return false;
    AUTO(arena) struct arena mem = { 0 };
    child->number = ++worker->next_number;
    const char *const message = arena_printf(&mem, "{\"start\":%lld,\"kind\":\"%s\",\"memory_mb\":%d,\"cpu_s\":%d}",
                                             (long long)child->number, task_kinds[kind].word,
                                             task_kinds[kind].memory_mb, task_kinds[kind].cpu_s);
    return wire_send(worker->control, message, &theirs, 1, err);
}

static bool start_child(struct worker *worker, enum task_kind kind, struct child *child, struct error *err)
{
    int pair[2];
    if (!wire_pair(pair, err)) return false;
    child->socket = pair[0];
    pthread_mutex_lock(&worker->lock);
    const bool started = ask_start(worker, kind, child, pair[1], err);
    pthread_mutex_unlock(&worker->lock);
    close(pair[1]);
    if (!started) fd_cleanup(&child->socket);
    return started;
}

static void kill_child(struct worker *worker, const struct child *child)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error ignored;
    pthread_mutex_lock(&worker->lock);
    const char *const message = arena_printf(&mem, "{\"kill\":%lld}", (long long)child->number);
    if (worker->control >= 0 && !wire_send(worker->control, message, NULL, 0, &ignored)) shutdown(child->socket, SHUT_RDWR);
    pthread_mutex_unlock(&worker->lock);
}

static bool send_request(const struct worker_call *call, int socket, struct error *err)
{
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    struct json_out out = { .buf = &text };
    int files[WIRE_FILES_MAX];
    json_put_open(&out, '{');
    json_put_pair(&out, "kind", task_kinds[call->kind].word);
    json_put_key(&out, "input");
    shape_write(task_kinds[call->kind].in, call->in, &out);
    json_put_key(&out, "files");
    json_put_open(&out, '[');
    for (size_t i = 0; i < call->file_count; i++) {
        json_put_text(&out, call->files[i].name);
        files[i] = call->files[i].fd;
    }
    json_put_close(&out, ']');
    json_put_close(&out, '}');
    if (text.full) return fail(err, CAUSE_TOO_LARGE, "the task is too large to send to the media worker");
    return wire_send(socket, buf_str(&text), files, call->file_count, err);
}

/* What a task came to, gathered from its messages. */
struct outcome {
    bool answered; /* a result or an error came */
    bool good;
    bool ended; /* the exit message came, or the socket closed */
    struct error error;
};

static void note_error(const struct json *message, struct outcome *outcome)
{
    outcome->answered = true;
    fail(&outcome->error, cause_by_code(json_get_text(message, "cause", "")), "%s",
         json_get_text(message, "text", "the media worker failed without a reason"));
}

static void note_result(const struct worker_call *call, const struct json *message, struct arena *mem, void *out,
                        struct outcome *outcome)
{
    const struct json *const output = json_clone(mem, json_get(message, "output"));
    outcome->answered = true;
    outcome->good = output && shape_take(task_kinds[call->kind].out, output, mem, out, &outcome->error);
    if (!outcome->good) fail(&outcome->error, CAUSE_CRASHED, "the media worker sent a result that makes no sense");
}

static void note_exit(const struct json *message, struct outcome *outcome)
{
    const int64_t signal = json_get_int(message, "signal", 0), status = json_get_int(message, "status", 0);
    outcome->ended = true;
    if (outcome->answered && !(outcome->good && (signal || status))) return;
    outcome->good = false;
    if (signal == SIGXCPU) fail(&outcome->error, CAUSE_TIMEOUT, "the media worker used up its processor time");
    else if (signal) fail(&outcome->error, CAUSE_CRASHED, "the media worker was ended by signal %d", (int)signal);
    else fail(&outcome->error, CAUSE_CRASHED, "the media worker ended with status %d and no result", (int)status);
}

static void note_message(const struct worker_call *call, const struct json *message, struct arena *mem, void *out,
                         struct outcome *outcome)
{
    const char *const event = json_get_text(message, "event", "");
    if (text_is(event, "progress") && call->progress)
        call->progress(call->with, json_get_real(message, "progress", 0), json_get_text(message, "stage", ""),
                       json_get_real(message, "eta_s", 0));
    else if (text_is(event, "result")) note_result(call, message, mem, out, outcome);
    else if (text_is(event, "error")) note_error(message, outcome);
    else if (text_is(event, "exit")) note_exit(message, outcome);
}

static void read_message(const struct worker_call *call, int socket, struct arena *mem, void *out, struct outcome *outcome)
{
    AUTO(arena) struct arena packet_mem = { 0 };
    struct wire_packet packet;
    struct error refused;
    if (!wire_receive(socket, &packet_mem, &packet, &refused) || !packet.message) {
        outcome->ended = true;
        if (!outcome->answered || outcome->good)
            fail(&outcome->error, CAUSE_CRASHED, "the media worker died in the middle of the task");
        outcome->good = false;
        return;
    }
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    note_message(call, packet.message, mem, out, outcome);
}

/* Why the child has to be stopped now, if it has. */
static enum cause why_stop(const struct pollfd *cancel, int64_t deadline)
{
    if (cancel->revents & POLLIN) return CAUSE_CANCELLED;
    return time_mono() > deadline ? CAUSE_TIMEOUT : CAUSE_NONE;
}

/* Reads messages until the child has ended; kills it once when cancelled or out of time. */
static void follow(struct worker *worker, const struct worker_call *call, const struct child *child, struct arena *mem,
                   void *out, struct outcome *outcome)
{
    enum { POLL_MS = 1000, KILLED_MS = 5000 };
    const int64_t deadline = time_mono() + (int64_t)task_kinds[call->kind].wall_s * SECOND;
    enum cause stopped = CAUSE_NONE;
    while (!outcome->ended) {
        struct pollfd wait[] = { { .fd = child->socket, .events = POLLIN },
                                 { .fd = stopped ? -1 : call->cancel_fd, .events = POLLIN } };
        const int ready = poll(wait, 2, stopped ? KILLED_MS : POLL_MS);
        if (ready < 0 && errno == EINTR) continue;
        if (stopped && ready == 0) break; /* killed and still silent: the zygote itself hangs */
        if (!stopped && (stopped = why_stop(&wait[1], deadline))) kill_child(worker, child);
        if (wait[0].revents) read_message(call, child->socket, mem, out, outcome);
    }
    if (!stopped) return;
    outcome->good = false;
    if (stopped == CAUSE_CANCELLED) fail(&outcome->error, CAUSE_CANCELLED, "the task was cancelled");
    else fail(&outcome->error, CAUSE_TIMEOUT, "the task took longer than %d seconds", task_kinds[call->kind].wall_s);
}

bool worker_run(struct worker *worker, const struct worker_call *call, struct arena *mem, void *out, struct error *err)
{
    struct child child = { .socket = -1 };
    if (!start_child(worker, call->kind, &child, err)) return false;
    struct outcome outcome = { 0 };
    if (!send_request(call, child.socket, &outcome.error)) {
        kill_child(worker, &child);
        close(child.socket);
        *err = outcome.error;
        return false;
    }
    follow(worker, call, &child, mem, out, &outcome);
    close(child.socket);
    if (outcome.good) return true;
    *err = outcome.error;
    return false;
}
