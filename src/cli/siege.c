#include "cli/siege.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/canary.h"
#include "task/attack.h"
#include "task/fetch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What came of one attack. */
struct outcome {
    bool answered; /* by the attack itself: `out` */
    struct attack_out out;
    struct error err;
    struct worker_trace trace;
};

/* ---- who stopped it ---- */

/* What an attack may say stopped it, and the layer that does it so. */
static const struct {
    const char *how;
    enum attack_end end;
    const char *layer;
} stops[] = {
    { "EPERM", ATTACK_REFUSED, "seccomp" },        { "ENOSYS", ATTACK_REFUSED, "seccomp" },
    { "EACCES", ATTACK_REFUSED, "Landlock" },      { "EBADF", ATTACK_UNREACHED, "descriptors" },
    { "EACCES", ATTACK_UNREACHED, "descriptors" }, { "ENOMEM", ATTACK_LIMITED, "rlimits" },
    { "EFBIG", ATTACK_LIMITED, "rlimits" },        { "EMFILE", ATTACK_LIMITED, "rlimits" },
    { "EAGAIN", ATTACK_LIMITED, "rlimits" },       { "forbidden", ATTACK_BARRED, "helper" },
    { "not_found", ATTACK_BARRED, "helper" },      { "it hung up", ATTACK_BARRED, "helper" },
};

/* NULL: not in the way this attack has to end. */
static const char *stopped_as_said(const struct attack_row *row, const char *how)
{
    for (size_t i = 0; i < COUNT_OF(stops); i++)
        if (stops[i].end == row->end && text_is(stops[i].how, how)) return stops[i].layer;
    return row->end == ATTACK_DISBELIEVED ? "server" : NULL;
}

/* For one that was ended: how, and by what. */
static const char *stopped_by_force(const struct attack_row *row, const struct outcome *outcome,
                                    const char **how)
{
    const int64_t signal = outcome->trace.signal;
    const enum cause cause = outcome->err.cause;
    const bool limited = row->end == ATTACK_LIMITED;
    *how = signal == SIGSYS                 ? "SIGSYS"
           : signal == SIGXCPU              ? "SIGXCPU"
           : row->end == ATTACK_DISBELIEVED ? "does not believe it"
                                            : "SIGKILL";
    if (row->end == ATTACK_REFUSED && signal == SIGSYS) return "seccomp";
    if (limited && (signal == SIGXCPU || (signal == SIGKILL && cause == CAUSE_CRASHED))) return "rlimits";
    if ((limited || row->end == ATTACK_OUTLASTED) && cause == CAUSE_TIMEOUT) return "server's clock";
    if (row->end == ATTACK_DISBELIEVED && cause == CAUSE_CRASHED && (signal == INT_NONE || signal == SIGKILL))
        return "server";
    return NULL;
}

static bool judge(struct arena *mem, const struct worker_layers *layers, const struct attack_row *row,
                  const struct outcome *outcome, const char **text)
{
    const char *how = outcome->out.how;
    const char *layer = outcome->answered ? stopped_as_said(row, how) : stopped_by_force(row, outcome, &how);
    if (outcome->answered && outcome->out.through)
        *text = "it got through";
    else if (!text_plain(outcome->err.text, strlen(outcome->err.text)))
        *text = "its error came back with characters that steer terminals";
    else if (!layer)
        *text = arena_printf(mem, "it ended in an unexpected way: %s",
                             outcome->answered ? how : outcome->err.text);
    else {
        const bool missing = (text_is(layer, "seccomp") && !layers->seccomp) ||
                             (text_is(layer, "Landlock") && !layers->landlock);
        if (missing) layer = "no rights";
        *text = arena_printf(mem, "%-14s  %s", layer, how);
        return true;
    }
    return false;
}

/* ---- the aftermath ---- */

/* The smallest GIF there is. */
static const unsigned char picture[] = { 'G', 'I', 'F', '8', '9',  'a',  1,    0,    1, 0, 0x80, 0,
                                         0,   0,   0,   0,   0xff, 0xff, 0xff, 0x2c, 0, 0, 0,    0,
                                         1,   0,   1,   0,   0,    2,    2,    0x44, 1, 0, 0x3b };

/* An honest task of umam-net: asked for a file of this machine, it says that it may not. */
static bool still_refuses(struct worker *worker, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int file = memfd_create("file", MFD_CLOEXEC);
    const struct worker_file files[] = { { "out", file } };
    const struct fetch_in in = { .url = "http://127.0.0.1:9/", .max_bytes = 1, .wait_s = 10 };
    struct fetch_out got;
    struct error why = { 0 };
    const struct worker_call call = {
        .kind = TASK_FETCH, .in = &in, .files = files, .file_count = 1, .cancel_fd = -1
    };
    if (!worker_run(worker, &call, &mem, &got, &why) && why.cause == CAUSE_FORBIDDEN) return true;
    return fail(err, CAUSE_INTERNAL, "a file of this machine was not refused: %s", why.text);
}

/* An honest task of umam-media. */
static bool still_reads(struct worker *worker, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int file = memfd_create("picture", MFD_CLOEXEC);
    const struct worker_file files[] = { { "in", file } };
    const struct image_in in = { .max_side = 16 };
    struct media_facts facts;
    const struct worker_call call = {
        .kind = TASK_IMAGE, .in = &in, .files = files, .file_count = 1, .cancel_fd = -1
    };
    return file_put(file, picture, sizeof picture, err) && worker_run(worker, &call, &mem, &facts, err) &&
           (facts.width == 1 || fail(err, CAUSE_INTERNAL, "a picture was read wrongly"));
}

/* An honest task, done by the same worker. */
static bool still_works(struct worker *worker, struct error *err)
{
    return worker_layers(worker).helper ? still_refuses(worker, err) : still_reads(worker, err);
}

/* NULL: none. */
static const char *aftermath(struct arena *mem, struct worker *worker, const struct canary *canary,
                             pid_t before)
{
    struct error err;
    const char *const harm = canary_harm(canary, before);
    if (harm) return harm;
    if (worker_pid(worker) != before || !worker_alive(worker))
        return "the worker's parent did not survive it";
    if (!still_works(worker, &err)) return arena_printf(mem, "honest work fails afterwards: %s", err.text);
    return NULL;
}

/* ---- one after the other ---- */

static void attack(struct worker *worker, const struct canary *canary, const char *name, struct arena *mem,
                   struct outcome *outcome)
{
    const struct worker_file files[] = { { "in", canary->input }, { "out", canary->output } };
    const struct attack_in in = { .attack = name,
                                  .server_pid = getpid(),
                                  .worker_pid = worker_pid(worker),
                                  .secret = canary->secret,
                                  .port = canary->port };
    const struct worker_call call = { .kind = TASK_ATTACK,
                                      .in = &in,
                                      .files = files,
                                      .file_count = COUNT_OF(files),
                                      .cancel_fd = -1,
                                      .trace = &outcome->trace };
    outcome->answered = worker_run(worker, &call, mem, &outcome->out, &outcome->err);
}

static void try_one(struct worker *worker, const struct canary *canary, const struct attack_row *row,
                    struct findings *findings)
{
    const struct worker_layers layers = worker_layers(worker);
    struct finding finding = { .group = row->group, .name = row->name, .what = row->doc };
    struct outcome outcome = { 0 };
    const pid_t before = worker_pid(worker);
    if (layers.helper) finding.group = arena_printf(findings->mem, "umam-net: %s", row->group);
    if (row->end == ATTACK_BARRED && !layers.helper) return; /* it has none to attack */
    if (text_is(row->group, "memory") && !layers.memory) {
        finding.text = "not tried: built with AddressSanitizer";
        finding.advice =
            "that needs terabytes, so there is no memory limit; `make build` makes the program to use";
        finding_add(findings, FINDING_WARN, &finding);
        return;
    }
    attack(worker, canary, row->name, findings->mem, &outcome);
    bool good = judge(findings->mem, &layers, row, &outcome, &finding.text);
    const char *const harm = aftermath(findings->mem, worker, canary, before);
    if (harm) {
        finding.text = arena_printf(findings->mem, "%s, and %s", finding.text, harm);
        good = false;
    }
    finding.advice = "do not let strangers' files in until this is mended; `umam doctor` shows the layers";
    finding_add(findings, good ? FINDING_OK : FINDING_FAIL, &finding);
}

bool siege_run(struct worker *worker, const struct texts *only, struct findings *findings, struct error *err)
{
    AUTO(canary) struct canary canary = { 0 };
    struct worker_layers layers;
    if (!worker_ready(worker, &layers, err) || !still_works(worker, err) || !canary_open(&canary, err))
        return false;
    for (size_t i = 0; i < only->count; i++) {
        const int which = text_find(attack_names, only->items[i]);
        if (which < 0) return fail(err, CAUSE_INVALID, "there is no attack '%s'", only->items[i]);
        try_one(worker, &canary, &attack_rows[which], findings);
    }
    for (int i = 0; i < ATTACK_COUNT && !only->count; i++)
        try_one(worker, &canary, &attack_rows[i], findings);
    return true;
}
