#include "cell/job.h"

#include "base/text.h"

#include <stdlib.h>
#include <unistd.h>

enum { REPORT_EVERY_US = 100 * MS };

int job_file(const struct job *job, const char *name)
{
    for (size_t i = 0; i < job->file_count; i++)
        if (text_is(job->names[i], name)) return job->files[i];
    return -1;
}

bool job_need(const struct job *job, const char *name, int *fd_out, struct error *err)
{
    const int fd = job_file(job, name);
    if (fd < 0) return fail(err, CAUSE_INVALID, "this task needs a file called '%s'", name);
    *fd_out = fd;
    return true;
}

/* Seconds left at the pace since the first step; 0 while that says nothing yet. */
static double time_left(struct job *job, double progress, int64_t now)
{
    static const double enough = 0.03;
    if (progress > 0 && !job->moving_us) {
        job->moving_us = now;
        job->moving_from = progress;
    }
    if (progress - job->moving_from < enough) return 0;
    const double spent_s = (double)(now - job->moving_us) / SECOND;
    return spent_s * (1 - progress) / (progress - job->moving_from);
}

void job_progress(struct job *job, double progress, const char *stage)
{
    const int64_t now = time_mono();
    const double left_s = time_left(job, progress, now);
    if (job->reported_us && now - job->reported_us < REPORT_EVERY_US) return;
    job->reported_us = now;
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    struct json_out out = { .buf = &text };
    struct error gone;
    json_put_open(&out, '{');
    json_put_pair(&out, "event", "progress");
    json_put_key(&out, "progress");
    json_put_real(&out, progress);
    json_put_pair(&out, "stage", stage);
    json_put_key(&out, "eta_s");
    json_put_real(&out, (double)(int64_t)(left_s * 10) / 10);
    json_put_close(&out, '}');
    if (!wire_send(job->socket, buf_str(&text), NULL, 0, &gone)) _exit(EXIT_FAILURE);
}
