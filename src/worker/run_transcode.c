/* transcode: a film for another place. segment: a piece of one. playback: what a player gets of a film. */
#include "media/playback.h"
#include "media/transcode.h"
#include "worker/kinds.h"

static void tell(void *with, double progress, const char *stage) { job_progress(with, progress, stage); }

bool run_transcode(struct job *job, const void *in, void *out, struct error *err)
{
    const struct transcode_watch watch = { tell, job };
    int from, to;
    return job_need(job, "in", &from, err) && job_need(job, "out", &to, err) &&
           transcode_file(from, in, to, job_file(job, "index"), &watch, out, err);
}

bool run_segment(struct job *job, const void *in, void *out, struct error *err)
{
    int from, to;
    return job_need(job, "in", &from, err) && job_need(job, "out", &to, err) &&
           transcode_segment(from, in, to, out, err);
}

bool run_playback(struct job *job, const void *in, void *out, struct error *err)
{
    int from;
    (void)in;
    return job_need(job, "in", &from, err) && playback_find(from, job->mem, out, err);
}
