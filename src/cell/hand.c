#include "cell/hand.h"

#include "base/text.h"
#include "task/wire.h"
#include "cell/child.h"
#include "cell/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const written[] = { "out", "poster", "thumb", "sprite", "peaks", "text", "index", NULL };

struct files {
    const char *names[WIRE_FILES_MAX];
    int fds[WIRE_FILES_MAX];
    size_t count;
};

static bool open_file(struct arena *mem, const char *argument, struct files *files, struct error *err)
{
    const char *const equals = strchr(argument, '=');
    if (!equals || files->count == WIRE_FILES_MAX)
        return fail(err, CAUSE_BAD_REQUEST, "'%s' should be name=path, at most %d times", argument,
                    WIRE_FILES_MAX);
    char *const name = arena_text_n(mem, argument, (size_t)(equals - argument));
    const int mode = text_find(written, name) >= 0 ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY;
    const int fd = open(equals + 1, mode | O_CLOEXEC, 0644);
    if (fd < 0) return fail_errno(err, errno, "the file '%s' cannot be opened", equals + 1);
    files->names[files->count] = name;
    files->fds[files->count++] = fd;
    return true;
}

static bool send_request(int socket, enum task_kind kind, const char *input, const struct files *files,
                         struct error *err)
{
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_pair(&out, "kind", task_kinds[kind].word);
    json_put_key(&out, "input");
    json_put_raw(&out, input);
    json_put_key(&out, "files");
    json_put_texts(&out, files->names, files->count);
    json_put_close(&out, '}');
    return wire_send(socket, buf_str(&text), files->fds, files->count, err);
}

/* Prints what the child says until it has nothing more to say. One that talks nonsense is ended. */
static enum cause print_messages(int socket, pid_t child)
{
    enum cause cause = CAUSE_CRASHED;
    for (;;) {
        AUTO(arena) struct arena mem = { 0 };
        struct wire_packet packet;
        struct error err;
        if (!wire_receive(socket, &mem, &packet, &err)) {
            fprintf(stderr, "%s: %s\n", program.name, err.text);
            kill(child, SIGKILL);
            if (err.cause == CAUSE_INVALID) continue;
            return CAUSE_CRASHED;
        }
        if (!packet.message) return cause;
        for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
        const char *const event = json_get_text(packet.message, "event", "");
        if (text_is(event, "result")) cause = CAUSE_NONE;
        if (text_is(event, "error")) cause = cause_by_code(json_get_text(packet.message, "cause", ""));
        puts(json_print(&mem, packet.message));
        fflush(stdout);
    }
}

static int follow(int socket, pid_t child)
{
    AUTO(arena) struct arena mem = { 0 };
    struct rusage usage;
    int status = 0;
    const enum cause cause = print_messages(socket, child);
    while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) continue;
    puts(child_exit_message(&mem, status, &usage));
    return cause_exit_code(WIFSIGNALED(status) ? CAUSE_CRASHED : cause);
}

static bool launch(enum task_kind kind, int pair[2], pid_t *child, struct error *err)
{
    AUTO(sandbox) struct sandbox sandbox = { 0 };
    const struct sandbox_limits limits = child_limits(kind);
    const bool started = program.open(err) && sandbox_prepare(&sandbox, program.calls, err) &&
                         child_fork(&sandbox, kind, &limits, pair[1], child, err);
    close(pair[1]);
    return started;
}

static bool run(int argc, char **argv, int *status_out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct files files = { 0 };
    const struct json *input;
    int pair[2];
    pid_t child;
    const int kind = argc < 2 ? -1 : task_kind_find(argv[0]);
    if (kind < 0)
        return fail(err, CAUSE_BAD_REQUEST, "give a task and its input, see %s --help", program.name);
    if (!json_parse(argv[1], strlen(argv[1]), &mem, &input, NULL, err)) return false;
    for (int i = 2; i < argc; i++)
        if (!open_file(&mem, argv[i], &files, err)) return false;
    if (!wire_pair(pair, err) || !launch((enum task_kind)kind, pair, &child, err) ||
        !send_request(pair[0], (enum task_kind)kind, argv[1], &files, err))
        return false;
    *status_out = follow(pair[0], child);
    return true;
}

int hand_main(int argc, char **argv)
{
    struct error err;
    int status = 0;
    if (run(argc, argv, &status, &err)) return status;
    fprintf(stderr, "%s: %s\n", program.name, err.text);
    return cause_exit_code(err.cause);
}
