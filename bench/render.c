/* P4: the local renderer with its encoder, against the encoder alone on the same frames (the bound).
 *
 * usage: bench-render [seconds] [width height] [rounds]
 * Prints frames per second of: rendering alone, encoding alone, both together; the ratio both/encoding; and
 * how many times real time both are. The three are measured in turn, round by round, and the medians are
 * shown. */
#include "base/time.h"
#include "media/encoder.h"
#include "media/media.h"
#include "render/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FPS = 30, ROUNDS_MAX = 15 };

struct scene {
    struct shot shot;
    int64_t frames;
    size_t frame_bytes;
    uint8_t *raw; /* every frame, 4:2:0 */
};

static struct planes raw_planes(const struct scene *s, int64_t frame)
{
    uint8_t *const y = s->raw + (size_t)frame * s->frame_bytes;
    uint8_t *const u = y + (size_t)s->shot.width * (size_t)s->shot.height;
    return (struct planes){ y, u, u + s->frame_bytes / 6, s->shot.width, s->shot.width / 2 };
}

static void check(bool good, const struct error *err)
{
    if (good) return;
    fprintf(stderr, "bench-render: %s\n", err->text);
    exit(1);
}

static struct renderer *open_renderer(const struct scene *s)
{
    struct error err;
    struct renderer *renderer;
    check(render_open(&s->shot, &renderer, &err), &err);
    return renderer;
}

static double render_alone(const struct scene *s)
{
    struct error err;
    const int64_t began = time_mono();
    struct renderer *const renderer = open_renderer(s);
    for (int64_t i = 0; i < s->frames; i++) {
        const struct planes to = raw_planes(s, i);
        check(render_frame(renderer, i, &to, &err), &err);
    }
    render_close(renderer);
    return (double)s->frames * SECOND / (double)(time_mono() - began);
}

static void copy_plane(const uint8_t *from, ptrdiff_t from_stride, uint8_t *to, ptrdiff_t to_stride,
                       int width, int height)
{
    for (int row = 0; row < height; row++)
        memcpy(to + row * to_stride, from + row * from_stride, (size_t)width);
}

static void copy_frame(const struct scene *s, int64_t frame, const struct encoder_planes *to)
{
    const struct planes from = raw_planes(s, frame);
    const int width = s->shot.width, height = s->shot.height;
    copy_plane(from.y, from.y_stride, to->y, to->y_stride, width, height);
    copy_plane(from.u, from.uv_stride, to->u, to->uv_stride, width / 2, height / 2);
    copy_plane(from.v, from.uv_stride, to->v, to->uv_stride, width / 2, height / 2);
}

/* Encodes every frame; from memory, or drawn straight into the encoder's planes by `renderer`. */
static double encode(const struct scene *s, bool draw)
{
    struct error err;
    const struct encode_settings settings = { s->shot.width, s->shot.height, FPS };
    const int fd = memfd_create("clip", MFD_CLOEXEC);
    struct encoder *encoder = NULL;
    const int64_t began = time_mono();
    struct renderer *const renderer = draw ? open_renderer(s) : NULL;
    check(encoder_open(&settings, fd, &encoder, &err), &err);
    for (int64_t i = 0; i < s->frames; i++) {
        struct encoder_planes to;
        check(encoder_frame(encoder, &to, &err), &err);
        const struct planes planes = { to.y, to.u, to.v, to.y_stride, to.uv_stride };
        if (draw)
            check(render_frame(renderer, i, &planes, &err), &err);
        else
            copy_frame(s, i, &to);
        check(encoder_push(encoder, &err), &err);
    }
    check(encoder_finish(encoder, &err), &err);
    const double fps = (double)s->frames * SECOND / (double)(time_mono() - began);
    encoder_close(encoder);
    render_close(renderer);
    close(fd);
    return fps;
}

static int by_value(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static void measure(const struct scene *s, int rounds)
{
    double alone[ROUNDS_MAX], bound[ROUNDS_MAX], both[ROUNDS_MAX], ratio[ROUNDS_MAX];
    for (int i = 0; i < rounds; i++) {
        alone[i] = render_alone(s);
        bound[i] = encode(s, false);
        both[i] = encode(s, true);
        ratio[i] = both[i] / bound[i];
    }
    const double together = median(both, rounds);
    printf("%-18s render alone %6.1f/s  x264 alone %6.1f/s  together %6.1f/s  ratio %.2f  real time x %.2f\n",
           s->shot.camera_movement, median(alone, rounds), median(bound, rounds), together,
           median(ratio, rounds), together / FPS);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *camera, *category, *lighting, *grade, *prompt;
    } shots[] = {
        { "dolly_slow", "luxury_reveal", "golden_hour", "cinematic", "a lighthouse at sunset" },
        { "fpv_drone", "high_energy", "high_contrast", "vibrant", "mountains in the morning" },
        { "static_focus", "intimate_story", "natural", "natural", "a house by the lake" },
        { "spiral_zoom", "surreal_trip", "neon_noir", "experimental", "a city at night" },
    };
    struct error err;
    struct scene s = { .shot = { .duration_s = argc > 1 ? atof(argv[1]) : 5,
                                 .fps = FPS,
                                 .seed = 1,
                                 .width = argc > 3 ? atoi(argv[2]) : 1920,
                                 .height = argc > 3 ? atoi(argv[3]) : 1080,
                                 .threads = (int)sysconf(_SC_NPROCESSORS_ONLN) } };
    const int rounds = argc > 4 && atoi(argv[4]) > 0 && atoi(argv[4]) <= ROUNDS_MAX ? atoi(argv[4]) : 1;
    check(media_open(&err), &err);
    s.frames = (int64_t)(s.shot.duration_s * FPS + 0.5);
    s.frame_bytes = (size_t)s.shot.width * (size_t)s.shot.height * 3 / 2;
    s.raw = malloc(s.frame_bytes * (size_t)s.frames);
    if (!s.raw) return 1;
    printf("P4 render: %dx%d, %d frames/s, %g s, %d threads, median of %d\n", s.shot.width, s.shot.height,
           FPS, s.shot.duration_s, s.shot.threads, rounds);
    for (size_t i = 0; i < COUNT_OF(shots); i++) {
        s.shot.camera_movement = shots[i].camera;
        s.shot.mood_category = shots[i].category;
        s.shot.lighting = shots[i].lighting;
        s.shot.color_grade = shots[i].grade;
        s.shot.prompt = shots[i].prompt;
        measure(&s, rounds);
    }
    free(s.raw);
    return 0;
}
