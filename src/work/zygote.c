#include "work/zygote.h"

#include "base/log.h"
#include "base/spawn.h"
#include "base/text.h"
#include "base/time.h"
#include "task/wire.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_WAIT_MS = 15000 };

void zygote_drop(struct zygote *zygote)
{
    if (zygote->control < 0) return;
    close(zygote->control); /* the zygote ends its children and itself when this closes */
    zygote->control = -1;
    zygote->layers = (struct worker_layers){ 0 };
    const int64_t deadline = time_mono() + SECOND;
    while (waitpid(zygote->pid, NULL, WNOHANG) == 0) {
        if (time_mono() > deadline) kill(zygote->pid, SIGKILL);
        time_sleep(2 * MS);
    }
}

static bool start(struct zygote *zygote, struct error *err)
{
    int pair[2];
    if (!wire_pair(pair, err)) return false;
    char *const argv[] = { zygote->program, (char[]){ "zygote" }, zygote->argument, NULL };
    const bool started = spawn(zygote->program, argv, pair[1], &zygote->pid, err);
    close(pair[1]);
    zygote->layers = (struct worker_layers){ 0 };
    zygote->control = started ? pair[0] : -1;
    zygote->generation++;
    if (!started) close(pair[0]);
    return started;
}

bool zygote_answers(const struct zygote *zygote)
{
    struct pollfd state = { .fd = zygote->control, .events = POLLIN };
    return zygote->control >= 0 && poll(&state, 1, 0) >= 0 && !(state.revents & (POLLHUP | POLLERR));
}

static bool truth(const struct json *layers, const char *name)
{
    const struct json *const value = json_get(layers, name);
    return value && value->truth;
}

/* What the zygote says first; without the lock. */
static bool hear_ready(int control, struct worker_layers *out)
{
    AUTO(arena) struct arena mem = { 0 };
    struct pollfd wait = { .fd = control, .events = POLLIN };
    struct wire_packet packet;
    struct error ignored;
    if (poll(&wait, 1, READY_WAIT_MS) <= 0 || !wire_receive(control, &mem, &packet, &ignored) ||
        !packet.message || !text_is(json_get_text(packet.message, "event", ""), "ready"))
        return false;
    const struct json *const layers = json_get(packet.message, "layers");
    *out = (struct worker_layers){ .known = true,
                                   .landlock = json_get_int(layers, "landlock", 0),
                                   .seccomp = truth(layers, "seccomp"),
                                   .rlimits = truth(layers, "rlimits"),
                                   .no_new_privs = truth(layers, "no_new_privs"),
                                   .memory = truth(layers, "memory"),
                                   .helper = truth(layers, "helper") };
    snprintf(out->version, sizeof out->version, "%s", json_get_text(packet.message, "version", ""));
    return true;
}

static bool not_started(const struct zygote *zygote, struct error *err)
{
    return fail(err, CAUSE_UNAVAILABLE, "the %s does not start; `%s --help` shows whether it can",
                zygote->which.called, zygote->which.name);
}

/* One thread listens, the others wait for it; nobody else is kept from the lock meanwhile. */
bool zygote_await(struct zygote *zygote, struct error *err)
{
    while (zygote->awaiting) pthread_cond_wait(&zygote->changed, &zygote->lock);
    if (zygote->layers.known) return true;
    if (zygote->control < 0) return not_started(zygote, err); /* who listened has dropped it */
    zygote->awaiting = true;
    pthread_mutex_unlock(&zygote->lock);
    struct worker_layers layers = { 0 };
    const bool ready = hear_ready(zygote->control, &layers);
    pthread_mutex_lock(&zygote->lock);
    zygote->awaiting = false;
    zygote->layers = layers;
    if (!ready) zygote_drop(zygote);
    pthread_cond_broadcast(&zygote->changed);
    if (ready) return true;
    log_error("worker does not start", LOG_TEXT("program", zygote->program));
    return not_started(zygote, err);
}

bool zygote_suffices(const struct zygote *zygote, struct error *err)
{
    const char *const missing = zygote->insists ? worker_layers_missing(&zygote->layers) : NULL;
    return !missing || fail(err, CAUSE_UNAVAILABLE,
                            "%s: this machine's kernel lacks %s and UMAM_STRICT_SANDBOX is set; "
                            "the operator finds advice with `umam doctor`",
                            zygote->which.switched_off, missing);
}

/* A zygote that is running and ready, a new one when the old one is gone. */
bool zygote_need(struct zygote *zygote, struct error *err)
{
    while (zygote->awaiting) pthread_cond_wait(&zygote->changed, &zygote->lock);
    if (!zygote_answers(zygote) && zygote->which.once)
        return fail(err, CAUSE_UNAVAILABLE, "the %s is gone; it comes back when the server is restarted",
                    zygote->which.called);
    if (!zygote_answers(zygote)) {
        log_warn("media worker restarted", LOG_INT("pid", zygote->pid));
        zygote_drop(zygote);
        struct error why;
        if (!start(zygote, &why)) {
            log_error("media worker does not start", LOG_TEXT("error", why.text));
            return fail(err, CAUSE_UNAVAILABLE, "the %s cannot be started", zygote->which.called);
        }
    }
    return zygote_await(zygote, err) && zygote_suffices(zygote, err);
}

/* ---- open and close ---- */

static bool copy_words(const struct zygote_program *which, struct zygote *zygote, struct error *err)
{
    char path[4096];
    if (!which->path && !spawn_sibling_path(which->name, path, sizeof path, err)) return false;
    zygote->program = strdup(which->path ? which->path : path);
    zygote->argument = which->argument ? strdup(which->argument) : NULL;
    return (zygote->program && (zygote->argument || !which->argument)) ||
           fail(err, CAUSE_UNAVAILABLE, "there is no memory to start the %s", which->called);
}

bool zygote_open(const struct zygote_program *which, struct zygote *out, struct error *err)
{
    *out = (struct zygote){ .control = -1, .which = *which };
    pthread_mutex_init(&out->lock, NULL);
    pthread_cond_init(&out->changed, NULL);
    if (copy_words(which, out, err) && start(out, err)) return true;
    zygote_close(out);
    return false;
}

void zygote_close(struct zygote *zygote)
{
    zygote_drop(zygote);
    pthread_cond_destroy(&zygote->changed);
    pthread_mutex_destroy(&zygote->lock);
    free(zygote->program);
    free(zygote->argument);
}
