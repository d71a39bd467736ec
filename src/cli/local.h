/* Worker tasks for commands: a worker of their own, files on disk, a progress bar. */
#pragma once

#include "cli/cli.h"
#include "work/worker.h"

/* A result file that appears under its name only when it is finished. */
struct output {
    int fd;
    const char *path, *unfinished;
};
bool output_open(struct arena *mem, const char *path, struct output *out, struct error *err) MUST_USE;
bool output_keep(struct output *output, struct error *err) MUST_USE;
void output_cleanup(struct output *output); /* removes what was not kept */

/* Opens an existing file for reading. */
bool input_open(const char *path, int *fd_out, struct error *err) MUST_USE;

/* worker_run with a progress bar under this stage name, cancelled by Ctrl-C. */
bool local_run(struct worker *worker, enum task_kind kind, const void *in, const struct worker_file *files,
               size_t count, struct arena *mem, void *out, struct error *err) MUST_USE;
