/* render: a shot becomes a video file. mock_clip: a small clip stands in for it. */
#include "media/clip.h"
#include "media/encoder.h"
#include "media/image.h"
#include "render/render.h"
#include "worker/kinds.h"

#include <math.h>
#include <unistd.h>

enum { REFERENCE_MAX_SIDE = 4096, THREADS_MAX = 16 };

static int thread_count(void)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > THREADS_MAX ? THREADS_MAX : (int)processors;
}

static bool load_reference(int fd, struct image *image, struct picture *picture, struct error *err)
{
    if (!image_load(fd, REFERENCE_MAX_SIDE, image, NULL, err)) return false;
    *picture = (struct picture){ image->width, image->height, (ptrdiff_t)image->width * 3, image->rgb };
    return true;
}

static bool open_shot(const struct render_in *in, int reference, struct renderer **out, struct error *err)
{
    AUTO(image) struct image image = { 0 };
    struct picture picture;
    struct shot shot = {
        .prompt = in->prompt,
        .mood_category = in->mood_category,
        .camera_movement = in->camera_movement,
        .lighting = in->lighting,
        .color_grade = in->color_grade,
        .width = (int)in->width,
        .height = (int)in->height,
        .fps = (int)in->fps,
        .duration_s = in->duration_s,
        .seed = (uint64_t)in->seed,
        .slate = in->slate,
        .threads = thread_count(),
    };
    if (reference >= 0) {
        if (!load_reference(reference, &image, &picture, err)) return false;
        shot.reference = &picture;
    }
    return render_open(&shot, out, err);
}

static bool draw_frames(struct job *job, struct renderer *renderer, struct encoder *encoder,
                        struct error *err)
{
    const int64_t count = render_frame_count(renderer);
    struct encoder_planes to;
    for (int64_t frame = 0; frame < count; frame++) {
        if (!encoder_frame(encoder, &to, err)) return false;
        const struct planes planes = { to.y, to.u, to.v, to.y_stride, to.uv_stride };
        if (!render_frame(renderer, frame, &planes, err) || !encoder_push(encoder, err)) return false;
        job_progress(job, (double)(frame + 1) / (double)count, "render");
    }
    return encoder_finish(encoder, err);
}

bool run_render(struct job *job, const void *in, void *out, struct error *err)
{
    const struct render_in *const ask = in;
    struct render_out *const result = out;
    const struct encode_settings settings = { (int)ask->width, (int)ask->height, (int)ask->fps };
    AUTO(renderer) struct renderer *renderer = NULL;
    AUTO(encoder) struct encoder *encoder = NULL;
    int fd;
    if (!job_need(job, "out", &fd, err)) return false;
    job_progress(job, 0, "prepare");
    if (!open_shot(ask, job_file(job, "reference"), &renderer, err) ||
        !encoder_open(&settings, fd, &encoder, err) || !draw_frames(job, renderer, encoder, err))
        return false;
    result->frames = render_frame_count(renderer);
    result->scene = arena_text(job->mem, render_scene(renderer));
    result->render_s = (double)(time_mono() - job->started_us) / SECOND;
    return true;
}

bool run_mock_clip(struct job *job, const void *in, void *out, struct error *err)
{
    const struct render_in *const ask = in;
    struct render_out *const result = out;
    const struct clip_settings settings = { (int)ask->width, (int)ask->height, (int)ask->fps, ask->duration_s,
                                            (uint32_t)ask->seed };
    int fd;
    if (!job_need(job, "out", &fd, err) || !clip_write(&settings, fd, err)) return false;
    result->frames = clip_frames(&settings);
    result->render_s = (double)(time_mono() - job->started_us) / SECOND;
    return true;
}
