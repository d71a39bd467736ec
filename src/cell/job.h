/* One task inside its child: the files it was handed and its way to say how far it is. */
#pragma once

#include "base/time.h"
#include "task/wire.h"

struct job {
    struct arena *mem;
    int socket;
    int helper;                        /* a socket to the helper of the program, -1: none */
    const char *names[WIRE_FILES_MAX]; /* of the files, in the order of the descriptors */
    int files[WIRE_FILES_MAX];
    size_t file_count;
    int64_t started_us, reported_us; /* time_mono() */
    int64_t moving_us;               /* when it first got ahead, and how far it was then: */
    double moving_from;              /* the time left follows from the pace since */
};

/* The descriptor of the file with this name, -1 when it was not handed over. It belongs to the job. */
int job_file(const struct job *job, const char *name);

/* job_file for a file the task cannot do without. */
bool job_need(const struct job *job, const char *name, int *fd_out, struct error *err) MUST_USE;

/* Tells the server, at most ten times a second. `progress` is 0..1; the time left follows from it. When
 * the server is not there any more the process ends: nobody waits for the result. */
void job_progress(struct job *job, double progress, const char *stage);
