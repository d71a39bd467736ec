#include "cli/local.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* From the first byte of an output on, Ctrl-C is an event to clean up after, not the end. */
static sigset_t hold_stop(void)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    return stop;
}

bool output_open(struct arena *mem, const char *path, struct output *out, struct error *err)
{
    char *const unfinished = arena_printf(mem, "%s.XXXXXX", path);
    hold_stop();
    const int fd = mkostemp(unfinished, O_CLOEXEC);
    if (fd < 0) return fail_errno(err, errno, "the file '%s' cannot be written", path);
    fchmod(fd, 0644);
    *out = (struct output){ fd, path, unfinished };
    return true;
}

bool output_keep(struct output *output, struct error *err)
{
    if (!file_publish(output->fd, output->unfinished, output->path, err)) return false;
    output->unfinished = NULL;
    return true;
}

void output_cleanup(struct output *output)
{
    if (output->unfinished) unlink(output->unfinished);
    if (output->path) fd_cleanup(&output->fd);
}

bool input_open(const char *path, int *fd_out, struct error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return fail(err, CAUSE_NOT_FOUND, "the file '%s' does not exist", path);
    if (fd < 0) return fail_errno(err, errno, "the file '%s' cannot be opened", path);
    *fd_out = fd;
    return true;
}

bool local_run(struct worker *worker, enum task_kind kind, const void *in, const struct worker_file *files,
               size_t count, struct arena *mem, void *out, struct error *err)
{
    const sigset_t stop = hold_stop();
    AUTO(fd) int cancel = signalfd(-1, &stop, SFD_CLOEXEC);
    struct bar bar = { 0 };
    const struct worker_call call = { .kind = kind,
                                      .in = in,
                                      .files = files,
                                      .file_count = count,
                                      .cancel_fd = cancel,
                                      .progress = bar_draw,
                                      .with = &bar };
    const bool good = worker_run(worker, &call, mem, out, err);
    bar_end(&bar);
    return good;
}
