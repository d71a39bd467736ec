/* The worker reads a hostile request: kind of the child on the first line, number of descriptors on the
 * second, then the packet. Whatever comes in, one answer goes out. */
#include "cell/child.c"

#include "fuzz.h"

#include <poll.h>

/* The child is called here, never forked, so there is nothing to confine. */
bool sandbox_enter(const struct sandbox *sandbox, const struct sandbox_limits *limits, struct error *err)
{
    (void)sandbox;
    (void)limits;
    return fail(err, CAUSE_INTERNAL, "nothing to confine");
}

static size_t files_sent;

/* Stands in for every kind: looks at all it was handed. */
static bool run_any(struct job *job, const void *in, void *out, struct error *err)
{
    int fd;
    (void)in;
    (void)out;
    EXPECT(job->file_count == files_sent);
    for (size_t i = 0; i < job->file_count; i++)
        EXPECT(job->files[i] > STDERR_FILENO && fcntl(job->files[i], F_GETFD) >= 0);
    for (size_t i = 0; i < job->file_count; i++) close(job->files[i]);
    return job_need(job, "in", &fd, err);
}

#define TASK(id, ...) [TASK_##id] = run_any,
const struct program program = { .name = "umam-fuzz",
                                 .runs = {
#include "task/kinds.def"
                                 } };
#undef TASK

static void check_answer(int socket, struct arena *mem)
{
    struct wire_packet packet = { 0 };
    struct error err;
    EXPECT(wire_receive(socket, mem, &packet, &err) && packet.message && !packet.file_count);
    const char *const event = json_get_text(packet.message, "event", "");
    EXPECT(text_is(event, "result") || text_is(event, "error"));
    if (text_is(event, "error"))
        EXPECT(json_get_text(packet.message, "text", NULL) &&
               cause_by_code(json_get_text(packet.message, "cause", "")) != CAUSE_NONE);
    else
        EXPECT(json_get(packet.message, "output")->kind == JSON_IS_OBJECT);
}

/* The job socket has a fixed number. Something is always there, so that no other file gets it. */
__attribute__((constructor)) static void take_number(void)
{
    if (fcntl(JOB_SOCKET, F_GETFD) < 0) EXPECT(dup2(STDERR_FILENO, JOB_SOCKET) == JOB_SOCKET);
}

FUZZ(mem, in)
{
    int pair[2], nothing[WIRE_FILES_MAX];
    struct error err;
    const int kind = task_kind_find(input_line(in, mem));
    const size_t files = (size_t)input_int(in, mem) % (WIRE_FILES_MAX + 1);
    const char *const packet = input_rest(in, mem);
    if (kind < 0 || strlen(packet) > WIRE_MESSAGE_MAX || !*packet) return;
    AUTO(fd) int kept = fcntl(JOB_SOCKET, F_DUPFD_CLOEXEC, 50);
    EXPECT(kept >= 0 && wire_pair(pair, &err) && dup2(pair[1], JOB_SOCKET) == JOB_SOCKET);
    for (size_t i = 0; i < files; i++) nothing[i] = STDERR_FILENO;
    files_sent = files;
    EXPECT(wire_send(pair[0], packet, nothing, files, &err));
    const int status = serve((enum task_kind)kind);
    if (status == EXIT_SUCCESS) check_answer(pair[0], mem);
    close(pair[0]);
    close(pair[1]);
    EXPECT(dup2(kept, JOB_SOCKET) == JOB_SOCKET);
}
