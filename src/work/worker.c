#include "work/worker.h"

#include "base/text.h"
#include "base/time.h"
#include "task/wire.h"
#include "work/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CHILDREN_MAX = 8, /* at once, each may need much memory; more tasks wait their turn */
    TURN_WAIT_S = 30, /* for who cannot be cancelled */
    TURN_LOOK_US = 200 * MS,
    PROGRESS_EVERY_US = 100 * MS,
    TRACE_INPUT_MAX = 1000, /* bytes */
};

/* Guarded by the lock of its zygote, whose `changed` also tells that a child ended. */
struct worker {
    struct zygote zygote;
    int children;
    int64_t next_number;
};

/* ---- open and close ---- */

static bool open_one(const struct zygote_program *which, struct worker **out, struct error *err)
{
    struct worker *const worker = calloc(1, sizeof *worker);
    if (!worker) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to start the %s", which->called);
    if (!zygote_open(which, &worker->zygote, err)) {
        free(worker);
        return false;
    }
    *out = worker;
    return true;
}

bool worker_open(const char *program, struct worker **out, struct error *err)
{
    const struct zygote_program media = { .name = "umam-media",
                                          .path = program,
                                          .called = "media worker",
                                          .switched_off = "media work is switched off" };
    return open_one(&media, out, err);
}

bool worker_open_net(const char *allowed, struct worker **out, struct error *err)
{
    const struct zygote_program net = { .name = "umam-net",
                                        .argument = *allowed ? allowed : NULL,
                                        .called = "program that fetches",
                                        .switched_off = "nothing is fetched",
                                        .once = true };
    return open_one(&net, out, err);
}

void worker_close(struct worker *worker)
{
    if (!worker) return;
    zygote_close(&worker->zygote);
    free(worker);
}

const char *worker_layers_missing(const struct worker_layers *layers)
{
    static const char *const combinations[] = { NULL, "Landlock", "seccomp", "Landlock and seccomp" };
    return layers->known ? combinations[!layers->landlock + 2 * !layers->seccomp] : NULL;
}

bool worker_ready(struct worker *worker, struct worker_layers *out, struct error *err)
{
    pthread_mutex_lock(&worker->zygote.lock);
    const bool ready = zygote_await(&worker->zygote, err);
    if (ready) *out = worker->zygote.layers;
    pthread_mutex_unlock(&worker->zygote.lock);
    return ready;
}

struct worker_layers worker_layers(struct worker *worker)
{
    pthread_mutex_lock(&worker->zygote.lock);
    const struct worker_layers layers = worker->zygote.layers;
    pthread_mutex_unlock(&worker->zygote.lock);
    return layers;
}

void worker_insist(struct worker *worker)
{
    pthread_mutex_lock(&worker->zygote.lock);
    worker->zygote.insists = true;
    pthread_mutex_unlock(&worker->zygote.lock);
}

bool worker_allowed(struct worker *worker, struct error *err)
{
    pthread_mutex_lock(&worker->zygote.lock);
    const bool allowed = zygote_suffices(&worker->zygote, err);
    pthread_mutex_unlock(&worker->zygote.lock);
    return allowed;
}

bool worker_alive(struct worker *worker)
{
    pthread_mutex_lock(&worker->zygote.lock);
    const bool alive = zygote_answers(&worker->zygote);
    pthread_mutex_unlock(&worker->zygote.lock);
    return alive;
}

pid_t worker_pid(struct worker *worker)
{
    pthread_mutex_lock(&worker->zygote.lock);
    const pid_t pid = worker->zygote.control >= 0 ? worker->zygote.pid : 0;
    pthread_mutex_unlock(&worker->zygote.lock);
    return pid;
}

/* ---- one task ---- */

/* A running child: its number at the zygote and our end of its socket. */
struct child {
    int64_t number, generation;
    int socket;
};

static bool ask_start(struct worker *worker, enum task_kind kind, struct child *child, int theirs,
                      struct error *err)
{
    if (!zygote_need(&worker->zygote, err)) return false;
    AUTO(arena) struct arena mem = { 0 };
    child->number = ++worker->next_number;
    child->generation = worker->zygote.generation;
    const char *const message = arena_printf(
        &mem, "{\"start\":%lld,\"kind\":\"%s\",\"memory_mb\":%d,\"cpu_s\":%d}", (long long)child->number,
        task_kinds[kind].word, task_kinds[kind].memory_mb, task_kinds[kind].cpu_s);
    return wire_send(worker->zygote.control, message, &theirs, 1, err);
}

/* Until a child ended, or it is time to look again. Who cannot be cancelled does not wait for ever. */
static bool await_turn(struct worker *worker, int cancel_fd, int64_t deadline, struct error *err)
{
    const int64_t until = time_mono() + TURN_LOOK_US;
    struct pollfd cancel = { .fd = cancel_fd, .events = POLLIN };
    if (poll(&cancel, 1, 0) > 0) return fail(err, CAUSE_CANCELLED, "the task was cancelled");
    if (cancel_fd < 0 && time_mono() > deadline)
        return fail(err, CAUSE_UNAVAILABLE, "the workers are all busy; try again in a minute");
    pthread_cond_clockwait(&worker->zygote.changed, &worker->zygote.lock, CLOCK_MONOTONIC,
                           &(struct timespec){ until / SECOND, until % SECOND * 1000 });
    return true;
}

static bool start_child(struct worker *worker, const struct worker_call *call, struct child *child,
                        struct error *err)
{
    const int64_t deadline = time_mono() + (int64_t)TURN_WAIT_S * SECOND;
    bool patient = true;
    int pair[2];
    if (!wire_pair(pair, err)) return false;
    child->socket = pair[0];
    pthread_mutex_lock(&worker->zygote.lock);
    while (patient && (worker->zygote.awaiting || worker->children >= CHILDREN_MAX))
        patient = await_turn(worker, call->cancel_fd, deadline, err);
    const bool started = patient && ask_start(worker, call->kind, child, pair[1], err);
    worker->children += started;
    pthread_mutex_unlock(&worker->zygote.lock);
    close(pair[1]);
    if (!started) fd_cleanup(&child->socket);
    return started;
}

/* `hung`: it was killed and is still there, so its zygote does not listen any more and makes room for a new
 * one. */
static void end_child(struct worker *worker, struct child *child, bool hung)
{
    close(child->socket);
    pthread_mutex_lock(&worker->zygote.lock);
    worker->children--;
    if (hung && child->generation == worker->zygote.generation && !worker->zygote.awaiting)
        zygote_drop(&worker->zygote);
    pthread_cond_broadcast(&worker->zygote.changed);
    pthread_mutex_unlock(&worker->zygote.lock);
}

static void kill_child(struct worker *worker, const struct child *child)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error ignored;
    pthread_mutex_lock(&worker->zygote.lock);
    const char *const message = arena_printf(&mem, "{\"kill\":%lld}", (long long)child->number);
    if (worker->zygote.control >= 0 && child->generation == worker->zygote.generation &&
        !wire_send(worker->zygote.control, message, NULL, 0, &ignored))
        shutdown(child->socket, SHUT_RDWR);
    pthread_mutex_unlock(&worker->zygote.lock);
}

/* ---- the request ---- */

static void write_request(const struct worker_call *call, struct buf *text)
{
    struct json_out out = { .buf = text };
    json_put_open(&out, '{');
    json_put_pair(&out, "kind", task_kinds[call->kind].word);
    json_put_key(&out, "input");
    shape_write(task_kinds[call->kind].in, call->in, &out);
    json_put_key(&out, "files");
    json_put_open(&out, '[');
    for (size_t i = 0; i < call->file_count; i++) json_put_text(&out, call->files[i].name);
    json_put_close(&out, ']');
    json_put_close(&out, '}');
}

/* The descriptors of a request. What a task only reads it gets opened for reading only. */
struct handed {
    int files[WIRE_FILES_MAX];
    size_t count;
};

static void handed_cleanup(struct handed *handed)
{
    for (size_t i = 0; i < handed->count; i++) close(handed->files[i]);
}

static bool hand_over(const struct worker_call *call, struct handed *handed, struct error *err)
{
    static const char *const only_read[] = { "in", "reference", NULL };
    for (size_t i = 0; i < call->file_count; i++) {
        char self[64];
        snprintf(self, sizeof self, "/proc/self/fd/%d", call->files[i].fd);
        const bool reads = text_find(only_read, call->files[i].name) >= 0;
        const int file =
            reads ? open(self, O_RDONLY | O_CLOEXEC) : fcntl(call->files[i].fd, F_DUPFD_CLOEXEC, 0);
        if (file < 0) return fail_errno(err, errno, "a file could not be handed to the media worker");
        handed->files[handed->count++] = file;
    }
    return true;
}

static bool send_request(const struct worker_call *call, int socket, struct error *err)
{
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    AUTO(handed) struct handed handed = { 0 };
    write_request(call, &text);
    return buf_check(&text, "the task for the media worker", err) && hand_over(call, &handed, err) &&
           wire_send(socket, buf_str(&text), handed.files, handed.count, err);
}

/* ---- its messages: a child that took over by a hostile file may say anything ---- */

struct outcome {
    bool answered; /* a result or an error came; only the first one counts */
    bool good;
    bool exited; /* somebody said it ended; only the closed socket proves it */
    bool ended;
    bool silent;    /* without a word of anybody why */
    bool senseless; /* it sent what is no message: it is not itself any more */
    int64_t told_us;
    char stage[32];
    int64_t signal, status; /* as the zygote said, 0 for none */
    const char *limit;      /* that it ran into */
    struct error error;
};

/* Causes a task may have by itself; any other word of its is taken for a crash. */
static bool may_say(enum task_kind kind, enum cause cause)
{
    static const enum cause fetched[] = { CAUSE_FORBIDDEN, CAUSE_NOT_FOUND, CAUSE_BAD_REQUEST,
                                          CAUSE_TIMEOUT };
    static const enum cause causes[] = { CAUSE_INVALID, CAUSE_BAD_MEDIA, CAUSE_UNSUPPORTED, CAUSE_TOO_LARGE,
                                         CAUSE_IO,      CAUSE_NO_SPACE,  CAUSE_UNAVAILABLE, CAUSE_INTERNAL };
    for (size_t i = 0; i < COUNT_OF(causes); i++)
        if (causes[i] == cause) return true;
    for (size_t i = 0; kind == TASK_FETCH && i < COUNT_OF(fetched); i++)
        if (fetched[i] == cause) return true;
    return false;
}

/* What its program is called. */
static const char *doer(enum task_kind kind)
{
    return kind == TASK_FETCH ? "program that fetches" : "media worker";
}

static void note_error(const struct worker_call *call, const struct json *message, struct outcome *outcome)
{
    const enum cause cause = cause_by_code(json_get_text(message, "cause", ""));
    const char *const text = json_get_text(message, "text", "");
    AUTO(arena) struct arena mem = { 0 };
    outcome->answered = true;
    fail(&outcome->error, may_say(call->kind, cause) ? cause : CAUSE_CRASHED, "%s",
         *text ? text_line(&mem, text) : "it failed without a reason");
}

static void note_result(const struct worker_call *call, const struct json *message, struct arena *mem,
                        void *out, struct outcome *outcome)
{
    const struct json *const output = json_clone(mem, json_get(message, "output"));
    outcome->answered = true;
    outcome->good = output && shape_take(task_kinds[call->kind].out, output, mem, out, &outcome->error);
    if (!outcome->good)
        fail(&outcome->error, CAUSE_CRASHED, "the %s sent a result that makes no sense", doer(call->kind));
}

/* The zygote's is the last one; an earlier one is the child's own invention. */
static void note_exit(const struct worker_call *call, const struct json *message, struct outcome *outcome)
{
    const int64_t signal = json_get_int(message, "signal", 0), status = json_get_int(message, "status", 0);
    outcome->exited = true;
    outcome->signal = signal;
    outcome->status = status;
    outcome->limit = signal == SIGXCPU ? "processor time" : NULL;
    if (outcome->answered && !(outcome->good && (signal || status))) return;
    outcome->good = false;
    if (signal == SIGXCPU)
        fail(&outcome->error, CAUSE_TIMEOUT, "the %s used up its processor time", doer(call->kind));
    else if (signal)
        fail(&outcome->error, CAUSE_CRASHED, "the %s was ended by signal %d", doer(call->kind), (int)signal);
    else
        fail(&outcome->error, CAUSE_CRASHED, "the %s ended with status %d and no result", doer(call->kind),
             (int)status);
}

/* The zygote keeps the socket open until it has reaped the child, so this cannot be faked. */
static void note_end(const struct worker_call *call, struct outcome *outcome)
{
    outcome->ended = true;
    if (outcome->exited || (outcome->answered && !outcome->good)) return;
    outcome->good = false;
    outcome->silent = true;
    fail(&outcome->error, CAUSE_CRASHED, "the %s died in the middle of the task", doer(call->kind));
}

static void note_progress(const struct worker_call *call, const struct json *message, struct outcome *outcome)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const stage = text_cut(&mem, json_get_text(message, "stage", ""), sizeof outcome->stage - 1);
    const double progress = json_get_real(message, "progress", 0), eta_s = json_get_real(message, "eta_s", 0);
    const int64_t now = time_mono();
    if (!call->progress || (now - outcome->told_us < PROGRESS_EVERY_US / 2 && text_is(stage, outcome->stage)))
        return;
    outcome->told_us = now;
    snprintf(outcome->stage, sizeof outcome->stage, "%s", stage);
    call->progress(call->with,
                   progress < 0   ? 0
                   : progress > 1 ? 1
                                  : progress,
                   stage, eta_s > 0 && eta_s < 1e6 ? eta_s : 0);
}

static void note_message(const struct worker_call *call, const struct json *message, struct arena *mem,
                         void *out, struct outcome *outcome)
{
    const char *const event = json_get_text(message, "event", "");
    if (text_is(event, "progress"))
        note_progress(call, message, outcome);
    else if (text_is(event, "result") && !outcome->answered)
        note_result(call, message, mem, out, outcome);
    else if (text_is(event, "error") && !outcome->answered)
        note_error(call, message, outcome);
    else if (text_is(event, "exit"))
        note_exit(call, message, outcome);
}

static void read_message(const struct worker_call *call, int socket, struct arena *mem, void *out,
                         struct outcome *outcome)
{
    AUTO(arena) struct arena packet_mem = { 0 };
    struct wire_packet packet;
    struct error refused;
    if (!wire_receive(socket, &packet_mem, &packet, &refused)) {
        outcome->senseless = true;
        return;
    }
    if (!packet.message) {
        note_end(call, outcome);
        return;
    }
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    note_message(call, packet.message, mem, out, outcome);
}

/* ---- following it to its end ---- */

/* Why the child has to be stopped now, if it has. */
static enum cause why_stop(const struct pollfd *cancel, const struct outcome *outcome, int64_t deadline)
{
    if (cancel->revents & POLLIN) return CAUSE_CANCELLED;
    if (outcome->senseless) return CAUSE_CRASHED;
    return time_mono() > deadline ? CAUSE_TIMEOUT : CAUSE_NONE;
}

static void note_stop(const struct worker_call *call, enum cause stopped, struct outcome *outcome)
{
    outcome->good = false;
    if (stopped == CAUSE_CANCELLED)
        fail(&outcome->error, CAUSE_CANCELLED, "the task was cancelled");
    else if (stopped == CAUSE_CRASHED)
        fail(&outcome->error, CAUSE_CRASHED, "the %s said something that makes no sense", doer(call->kind));
    else
        fail(&outcome->error, CAUSE_TIMEOUT, "the task took longer than %d seconds",
             task_kinds[call->kind].wall_s);
    outcome->limit = stopped == CAUSE_TIMEOUT ? "wall clock" : NULL;
}

/* Reads messages until the child has ended; kills it once when cancelled, out of time, or out of its mind. */
static void follow(struct worker *worker, const struct worker_call *call, const struct child *child,
                   struct arena *mem, void *out, struct outcome *outcome)
{
    enum { POLL_MS = 1000, KILLED_MS = 5000 };
    int64_t deadline = time_mono() + (int64_t)task_kinds[call->kind].wall_s * SECOND;
    enum cause stopped = CAUSE_NONE;
    while (!outcome->ended) {
        struct pollfd wait[] = { { .fd = child->socket, .events = POLLIN },
                                 { .fd = stopped ? -1 : call->cancel_fd, .events = POLLIN } };
        const int ready = poll(wait, 2, stopped ? KILLED_MS : POLL_MS);
        if (ready < 0 && errno == EINTR) continue;
        if (stopped && (ready == 0 || time_mono() > deadline))
            break; /* killed and still there: the zygote hangs */
        if (wait[0].revents) read_message(call, child->socket, mem, out, outcome);
        if (stopped || outcome->ended || !(stopped = why_stop(&wait[1], outcome, deadline))) continue;
        kill_child(worker, child);
        deadline = time_mono() + KILLED_MS * MS;
    }
    if (stopped) note_stop(call, stopped, outcome);
}

/* A child that ended in silence and with its zygote was taken along: that says nothing about its task. */
static void note_orphan(struct worker *worker, const struct child *child, struct outcome *outcome)
{
    if (!outcome->silent || outcome->senseless || outcome->error.cause != CAUSE_CRASHED) return;
    pthread_mutex_lock(&worker->zygote.lock);
    const bool orphan = child->generation != worker->zygote.generation || !zygote_answers(&worker->zygote);
    pthread_mutex_unlock(&worker->zygote.lock);
    if (orphan)
        fail(&outcome->error, CAUSE_ABANDONED, "the %s ended while the task ran; try again",
             worker->zygote.which.called);
}

static struct worker_trace trace_of(const struct worker_call *call, const struct outcome *outcome,
                                    struct arena *mem)
{
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    shape_write(task_kinds[call->kind].in, call->in, &(struct json_out){ .buf = &text });
    return (struct worker_trace){
        .task = task_kinds[call->kind].word,
        .signal = outcome->signal ? outcome->signal : INT_NONE,
        .status = outcome->status ? outcome->status : INT_NONE,
        .limit = outcome->limit,
        .input = text_cut(mem, buf_str(&text), TRACE_INPUT_MAX),
    };
}

bool worker_run(struct worker *worker, const struct worker_call *call, struct arena *mem, void *out,
                struct error *err)
{
    struct child child = { .socket = -1 };
    struct outcome outcome = { 0 };
    struct error unsent;
    if (call->trace) *call->trace = trace_of(call, &outcome, mem);
    if (!start_child(worker, call, &child, err)) return false;
    const bool sent = send_request(call, child.socket, &unsent);
    if (!sent) kill_child(worker, &child);
    follow(worker, call, &child, mem, out, &outcome); /* also when unsent: it may say why */
    note_orphan(worker, &child, &outcome);
    end_child(worker, &child, !outcome.ended);
    if (call->trace) *call->trace = outcome.good ? (struct worker_trace){ 0 } : trace_of(call, &outcome, mem);
    if (outcome.good) return true;
    const bool said = outcome.error.cause == CAUSE_ABANDONED || (outcome.answered && !outcome.good);
    *err = sent || said ? outcome.error : unsent;
    return false;
}
