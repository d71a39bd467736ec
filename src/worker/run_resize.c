/* resize: a picture in another size and format. */
#include "media/resize.h"
#include "worker/kinds.h"

bool run_resize(struct job *job, const void *in, void *out, struct error *err)
{
    int from, to;
    return job_need(job, "in", &from, err) && job_need(job, "out", &to, err) &&
           resize_picture(from, in, to, out, err);
}
