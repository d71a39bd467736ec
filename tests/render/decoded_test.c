/* What a viewer gets moves as the camera's row says: every camera is drawn, encoded, decoded again and judged
 * by the decoded frames. */
#include "base/scope.h"
#include "media/decoder.h"
#include "media/encoder.h"
#include "media/media.h"

#include "film.h"
#include "passage.h"
#include "test.h"

#include <string.h>
#include <sys/mman.h>

static void copy_plane(const uint8_t *from, int width, int height, uint8_t *to, ptrdiff_t stride)
{
    for (int y = 0; y < height; y++) memcpy(to + y * stride, from + y * width, (size_t)width);
}

static bool encode(struct film *film, int fps, int fd, struct error *err)
{
    const struct encode_settings settings = { film->width, film->height, fps };
    AUTO(encoder) struct encoder *encoder = NULL;
    if (!encoder_open(&settings, fd, &encoder, err)) return false;
    for (int64_t i = 0; i < film->count; i++) {
        struct encoder_planes to;
        if (!film_shoot(film, i) || !encoder_frame(encoder, &to, err)) return false;
        copy_plane(film->planes.y, film->width, film->height, to.y, to.y_stride);
        copy_plane(film->planes.u, film->width / 2, film->height / 2, to.u, to.uv_stride);
        copy_plane(film->planes.v, film->width / 2, film->height / 2, to.v, to.uv_stride);
        if (!encoder_push(encoder, err)) return false;
    }
    return encoder_finish(encoder, err);
}

struct viewing {
    struct decoder decoder;
    uint8_t *luma;
    int64_t frames;
    struct error err;
    bool failed;
};

static const uint8_t *next_decoded(struct reel *reel)
{
    struct viewing *const viewing = reel->of;
    const AVFrame *frame;
    viewing->failed = !decoder_next(&viewing->decoder, &frame, &viewing->err);
    if (viewing->failed || !frame) return NULL;
    for (int y = 0; y < reel->height; y++)
        memcpy(viewing->luma + y * reel->width, frame->data[0] + y * frame->linesize[0], (size_t)reel->width);
    viewing->frames++;
    return viewing->luma;
}

static bool judge(const struct camera *camera, int fd, const struct film *film, bool *follows,
                  struct error *err)
{
    AUTO(source) struct source source = { 0 };
    struct viewing viewing = { 0 };
    struct reel reel = { film->width, film->height, next_decoded, &viewing };
    struct passage passage;
    if (!source_open(&source, fd, err)) return false;
    if (!decoder_open(&viewing.decoder, &source, err)) return false;
    viewing.luma = malloc((size_t)film->pixels);
    const bool done = viewing.luma && passage_measure(camera, &reel, &passage) && !viewing.failed;
    *follows = done && passage_follows(camera, &reel, &passage);
    if (viewing.failed) *err = viewing.err;
    free(viewing.luma);
    decoder_close(&viewing.decoder);
    return done && viewing.frames == film->count;
}

static bool view(const struct camera *camera, bool *follows)
{
    const struct shot shot = { .prompt = "a house in the mountains",
                               .mood_category = "",
                               .camera_movement = camera->name,
                               .lighting = "natural",
                               .color_grade = "natural",
                               .width = 320,
                               .height = 180,
                               .fps = 24,
                               .duration_s = 1.25,
                               .seed = 4,
                               .threads = 2 };
    struct film film;
    struct error err = { 0 };
    AUTO(fd) int fd = memfd_create("clip", MFD_CLOEXEC);
    if (fd < 0 || !film_open(&film, &shot)) return false;
    const bool done = encode(&film, shot.fps, fd, &err) && judge(camera, fd, &film, follows, &err);
    film_close(&film);
    if (!done) fprintf(stderr, "%s: %s\n", camera->name, err.text);
    return done;
}

TEST(every_decoded_clip_moves_as_its_camera_says)
{
    struct error err;
    int missed = 0;
    CHECK(media_open(&err));
    for (size_t i = 0; i < camera_count; i++) {
        bool follows = false;
        CHECK(view(&cameras[i], &follows));
        missed += !follows;
    }
    CHECK_INT(missed, 0);
}

TEST_MAIN
