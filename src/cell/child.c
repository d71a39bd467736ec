#include "cell/child.h"

#include "base/text.h"
#include "cell/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOB_SOCKET = 3, HELPER_SOCKET, FIRST_SPARE = 16 };

#ifdef __SANITIZE_ADDRESS__
enum { QUIET_UNTIL = STDOUT_FILENO }; /* the sanitizer reports on standard error */
#else
enum { QUIET_UNTIL = STDERR_FILENO };
#endif

struct sandbox_limits child_limits(enum task_kind kind)
{
    const struct task_kind_row *const row = &task_kinds[kind];
    return (
        struct sandbox_limits){ .memory_mb = row->memory_mb, .cpu_s = row->cpu_s, .file_mb = row->file_mb };
}

char *child_error_message(struct arena *mem, const struct error *err)
{
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_pair(&out, "event", "error");
    json_put_pair(&out, "cause", cause_code(err->cause));
    json_put_pair(&out, "text", err->text);
    if (err->field[0]) json_put_pair(&out, "field", err->field);
    json_put_close(&out, '}');
    return arena_text(mem, buf_str(&text));
}

char *child_exit_message(struct arena *mem, int status, const struct rusage *usage)
{
    const int64_t cpu_us = (int64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * SECOND +
                           usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
    return arena_printf(mem,
                        "{\"event\":\"exit\",\"status\":%d,\"signal\":%d,\"cpu_ms\":%lld,\"max_rss_kb\":%ld}",
                        WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                        WIFSIGNALED(status) ? WTERMSIG(status) : 0, (long long)cpu_us / MS, usage->ru_maxrss);
}

static bool read_files(struct job *job, const struct wire_packet *packet, struct error *err)
{
    const struct json *const names = json_get(packet->message, "files");
    const size_t count = names ? names->count : 0;
    if (count != packet->file_count)
        return fail(err, CAUSE_INVALID, "the task names %zu files and brings %zu", count, packet->file_count);
    for (size_t i = 0; i < count; i++) {
        job->names[i] = names->items[i].text;
        job->files[i] = packet->files[i];
    }
    job->file_count = count;
    return true;
}

static bool send_result(const struct job *job, const struct shape *shape, const void *result,
                        struct error *err)
{
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_pair(&out, "event", "result");
    json_put_key(&out, "output");
    shape_write(shape, result, &out);
    json_put_close(&out, '}');
    return buf_check(&text, "the result of the task", err) &&
           wire_send(job->socket, buf_str(&text), NULL, 0, err);
}

static bool do_task(struct job *job, enum task_kind kind, const struct json *message, struct error *err)
{
    const struct task_kind_row *const row = &task_kinds[kind];
    void *const in = arena_alloc(job->mem, row->in->size), *const out = arena_alloc(job->mem, row->out->size);
    if (!text_is(json_get_text(message, "kind", ""), row->word))
        return fail(err, CAUSE_INVALID, "this process was started for the task '%s'", row->word);
    shape_init(row->out, out);
    return shape_take(row->in, json_get(message, "input"), job->mem, in, err) &&
           program.runs[kind](job, in, out, err) && send_result(job, row->out, out, err);
}

/* Reads the request, does it and answers; the result is the exit status. */
static int serve(enum task_kind kind)
{
    AUTO(arena) struct arena mem = { 0 };
    struct job job = { .mem = &mem, .socket = JOB_SOCKET, .helper = program.helper ? HELPER_SOCKET : -1 };
    struct wire_packet packet;
    struct error err;
    if (!wire_receive(JOB_SOCKET, &mem, &packet, &err)) return EXIT_FAILURE;
    if (!packet.message) return EXIT_SUCCESS; /* nobody wants it any more */
    job.started_us = time_mono();
    if (read_files(&job, &packet, &err) && do_task(&job, kind, packet.message, &err)) return EXIT_SUCCESS;
    return wire_send(JOB_SOCKET, child_error_message(&mem, &err), NULL, 0, &err) ? EXIT_SUCCESS
                                                                                 : EXIT_FAILURE;
}

/* Lets go of everything the parent had. */
static bool leave_parent(pid_t parent, int socket, struct error *err)
{
    const int helper = program.helper ? fcntl(program.helper(), F_DUPFD, FIRST_SPARE) : -1;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        return fail(err, CAUSE_INTERRUPTED, "the media worker ended while a task started");
    const int nothing = open("/dev/null", O_RDWR);
    bool done = nothing >= 0;
    for (int fd = STDIN_FILENO; done && fd <= QUIET_UNTIL; fd++) done = dup2(nothing, fd) >= 0;
    done = done && (socket == JOB_SOCKET || dup2(socket, JOB_SOCKET) >= 0) &&
           (!program.helper || dup2(helper, HELPER_SOCKET) >= 0) &&
           close_range(program.helper ? HELPER_SOCKET + 1 : HELPER_SOCKET, ~0u, 0) == 0;
    return done || fail_errno(err, errno, "a media task could not be started");
}

static _Noreturn void become_child(const struct sandbox *sandbox, enum task_kind kind,
                                   const struct sandbox_limits *limits, pid_t parent, int socket)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    if (leave_parent(parent, socket, &err) && sandbox_enter(sandbox, limits, &err)) _exit(serve(kind));
    if (!wire_send(JOB_SOCKET, child_error_message(&mem, &err), NULL, 0, &err)) _exit(EXIT_FAILURE);
    _exit(EXIT_FAILURE);
}

bool child_fork(const struct sandbox *sandbox, enum task_kind kind, const struct sandbox_limits *limits,
                int socket, pid_t *pid_out, struct error *err)
{
    const pid_t parent = getpid(), pid = fork();
    if (pid < 0) return fail_errno(err, errno, "a media task could not be started");
    if (pid == 0) become_child(sandbox, kind, limits, parent, socket);
    *pid_out = pid;
    return true;
}
