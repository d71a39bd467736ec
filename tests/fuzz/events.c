/* The server reads a hostile worker: kind of the task on the first line, then a packet per line; a line that
 * starts with '+' brings descriptors along. Nothing but a whole, valid result is ever taken for success. */
#include "work/worker.c"

#include "fuzz.h"

static void note_told(void *with, double progress, const char *stage, double eta_s)
{
    (void)with;
    EXPECT(progress >= 0 && progress <= 1 && eta_s >= 0 && eta_s < 1e6);
    EXPECT(strlen(stage) < 32 && text_valid_utf8(stage, strlen(stage)));
}

static void say(int socket, const char *line)
{
    struct error err;
    const bool files = *line == '+';
    const int some[] = { STDERR_FILENO, STDERR_FILENO };
    if (line[files]) EXPECT(wire_send(socket, line + files, some, files ? COUNT_OF(some) : 0, &err));
}

static int open_files(void)
{
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fd);
    return fd; /* the lowest free number */
}

static void check(const struct worker_call *call, const struct outcome *outcome, const void *out,
                  struct arena *mem)
{
    EXPECT(outcome->ended);
    if (!outcome->good) {
        EXPECT(outcome->error.cause != CAUSE_NONE && outcome->error.text[0]);
        EXPECT(text_valid_utf8(outcome->error.text, strlen(outcome->error.text)));
        EXPECT(outcome->error.cause != CAUSE_CANCELLED && outcome->error.cause != CAUSE_NOT_FOUND);
        return;
    }
    EXPECT(outcome->answered && outcome->exited);
    const struct shape *const shape = task_kinds[call->kind].out;
    const char *const text = shape_text(mem, shape, out);
    for (const struct field *field = shape->fields; field->name; field++)
        EXPECT(!field->required || json_get(json_read(mem, text), field->name)->kind != JSON_IS_NULL);
}

FUZZ(mem, in)
{
    int pair[2];
    struct error err;
    struct outcome outcome = { 0 };
    const int kind = task_kind_find(input_line(in, mem)), before = open_files();
    if (kind < 0) return;
    const struct worker_call call = { .kind = (enum task_kind)kind, .cancel_fd = -1, .progress = note_told };
    void *const out = arena_alloc(mem, task_kinds[kind].out->size);
    EXPECT(wire_pair(pair, &err));
    for (int lines = 0; lines < 20 && in->at < in->end; lines++) say(pair[0], input_line(in, mem));
    close(pair[0]);
    while (!outcome.ended) read_message(&call, pair[1], mem, out, &outcome);
    close(pair[1]);
    EXPECT(open_files() == before);
    check(&call, &outcome, out, mem);
}
