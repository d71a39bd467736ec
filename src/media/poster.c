#include "media/poster.h"

#include <libswscale/swscale.h>
#include <math.h>

bool poster_consider(struct poster *poster, const AVFrame *frame, const struct luma *luma, double progress,
                     struct error *err)
{
    const double edge = fmin(progress, 1 - progress);
    const double place = edge < 0.05 ? 0.5 : 1 - 0.3 * fabs(progress - 0.45);
    const double score = (luma->sharpness + 0.1) * (luma->exposed + 0.01) * place;
    if (poster->best && score <= poster->score) return true;
    if (!poster->best) poster->best = av_frame_alloc();
    if (!poster->best) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory for the poster");
    av_frame_unref(poster->best);
    if (av_frame_ref(poster->best, frame) < 0)
        return fail(err, CAUSE_TOO_LARGE, "there is not enough memory for the poster");
    poster->score = score;
    return true;
}

/* The size with square pixels, fitted into POSTER_MAX_SIDE. */
static void fit(const AVFrame *frame, int *width_out, int *height_out)
{
    const AVRational aspect = frame->sample_aspect_ratio;
    double width = frame->width, height = frame->height;
    if (aspect.num > 0 && aspect.den > 0) width *= fmin(fmax(av_q2d(aspect), 0.25), 4);
    const double scale = fmin(1, POSTER_MAX_SIDE / fmax(width, height));
    *width_out = (int)fmax(1, round(width * scale));
    *height_out = (int)fmax(1, round(height * scale));
}

static int matrix_of(const AVFrame *frame)
{
    if (frame->colorspace != AVCOL_SPC_UNSPECIFIED) return (int)frame->colorspace;
    return frame->height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
}

static AVFrame *new_planes(int width, int height)
{
    AVFrame *planes = av_frame_alloc();
    if (!planes) return NULL;
    planes->format = AV_PIX_FMT_GBRP;
    planes->width = width;
    planes->height = height;
    if (av_frame_get_buffer(planes, 0) < 0) av_frame_free(&planes);
    return planes;
}

static void interleave(const AVFrame *planes, struct image *to)
{
    uint8_t *out = to->rgb;
    for (int y = 0; y < to->height; y++) {
        const uint8_t *const green = planes->data[0] + (ptrdiff_t)y * planes->linesize[0];
        const uint8_t *const blue = planes->data[1] + (ptrdiff_t)y * planes->linesize[1];
        const uint8_t *const red = planes->data[2] + (ptrdiff_t)y * planes->linesize[2];
        for (int x = 0; x < to->width; x++, out += 3) {
            out[0] = red[x];
            out[1] = green[x];
            out[2] = blue[x];
        }
    }
}

/* By way of planes, for which the scaler has vectors; packed pixels take it four times as long. */
static bool scale_into(const AVFrame *from, struct SwsContext *scaler, struct image *to, struct error *err)
{
    const int *const matrix = sws_getCoefficients(matrix_of(from));
    sws_setColorspaceDetails(scaler, matrix, from->color_range == AVCOL_RANGE_JPEG, matrix, 1, 0, 1 << 16,
                             1 << 16);
    AVFrame *planes = new_planes(to->width, to->height);
    const bool done = planes && sws_scale(scaler, (const uint8_t *const *)from->data, from->linesize, 0,
                                          from->height, planes->data, planes->linesize) == to->height;
    if (done) interleave(planes, to);
    av_frame_free(&planes);
    return done || fail(err, CAUSE_BAD_MEDIA, "the poster cannot be made from the video");
}

bool poster_draw(const struct poster *poster, int rotation, struct image *picture, struct error *err)
{
    const AVFrame *const frame = poster->best;
    int width, height;
    if (!frame) return fail(err, CAUSE_BAD_MEDIA, "the video has no frame for a poster");
    fit(frame, &width, &height);
    if (!image_init(picture, width, height, err)) return false;
    struct SwsContext *const scaler =
        sws_getContext(frame->width, frame->height, (enum AVPixelFormat)frame->format, width, height,
                       AV_PIX_FMT_GBRP, SWS_AREA | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);
    if (!scaler) return fail(err, CAUSE_BAD_MEDIA, "the video's pictures are of a kind that cannot be shown");
    const bool scaled = scale_into(frame, scaler, picture, err);
    sws_freeContext(scaler);
    return scaled && image_turn(picture, rotation / 90, err);
}

bool poster_write(const struct poster *poster, int rotation, int fd, struct error *err)
{
    AUTO(image) struct image picture = { 0 };
    return poster_draw(poster, rotation, &picture, err) && image_write(&picture, IMAGE_JPEG, 0, fd, err);
}

void poster_close(struct poster *poster)
{
    av_frame_free(&poster->best);
    poster->score = 0;
}
