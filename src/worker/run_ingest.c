/* ingest: everything there is to know about a file, see task/ingest.h. */
#include "media/analysis.h"
#include "worker/kinds.h"

static void report(void *with, double progress, const char *stage) { job_progress(with, progress, stage); }

bool run_ingest(struct job *job, const void *in, void *out, struct error *err)
{
    const struct analysis_watch watch = { report, job };
    struct analysis_files files = { .poster = job_file(job, "poster"),
                                    .sprite = job_file(job, "sprite"),
                                    .peaks = job_file(job, "peaks"),
                                    .text = job_file(job, "text") };
    return job_need(job, "in", &files.in, err) && analysis_run(&files, in, &watch, job->mem, out, err);
}
