/* verify, probe and image: what a media file is, found out where it can do no harm. */
#include "media/image.h"
#include "media/probe.h"
#include "media/verify.h"
#include "worker/kinds.h"

bool run_verify(struct job *job, const void *in, void *out, struct error *err)
{
    int fd;
    return job_need(job, "in", &fd, err) && verify_video(fd, in, job_file(job, "poster"), out, err);
}

bool run_probe(struct job *job, const void *in, void *out, struct error *err)
{
    enum { SMALL = 64 };
    AUTO(image) struct image image = { 0 };
    int fd;
    (void)in;
    if (!job_need(job, "in", &fd, err)) return false;
    return image_is_known(fd) ? image_load(fd, SMALL, &image, out, err) : probe_file(fd, out, err);
}

bool run_image(struct job *job, const void *in, void *out, struct error *err)
{
    const struct image_in *const ask = in;
    const int thumb = job_file(job, "thumb");
    AUTO(image) struct image image = { 0 };
    int fd;
    return job_need(job, "in", &fd, err) && image_load(fd, (int)ask->max_side, &image, out, err) &&
           (thumb < 0 || image_write(&image, IMAGE_JPEG, 0, thumb, err));
}
