#include "media/clip.h"

#include "media/encoder.h"

#include <math.h>

static void fill_plane(uint8_t *at, ptrdiff_t stride, int width, int height, uint32_t from, uint32_t across,
                       uint32_t down)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const uint32_t wave =
                (from + across * (uint32_t)x / (uint32_t)width + down * (uint32_t)y / (uint32_t)height) & 511;
            at[y * stride + x] = (uint8_t)(32 + (wave < 256 ? wave : 511 - wave) * 3 / 4);
        }
}

static void draw(const struct clip_settings *set, int frame, const struct encoder_planes *to)
{
    const uint32_t seed = set->seed * 2654435761u, step = (uint32_t)frame * 120 / (uint32_t)set->fps;
    fill_plane(to->y, to->y_stride, set->width, set->height, (seed >> 24) + step, 256, 128);
    fill_plane(to->u, to->uv_stride, set->width / 2, set->height / 2, seed >> 16 & 255, 160, step);
    fill_plane(to->v, to->uv_stride, set->width / 2, set->height / 2, (seed >> 8 & 255) + step, 64, 192);
}

int clip_frames(const struct clip_settings *settings)
{
    return (int)fmax(1, round(settings->duration_s * settings->fps));
}

bool clip_write(const struct clip_settings *settings, int fd, struct error *err)
{
    if (!(settings->duration_s > 0 && settings->duration_s <= 3600))
        return fail_field(err, CAUSE_INVALID, "duration_s",
                          "the duration must be above 0 and up to 3600 seconds");
    const struct encode_settings encode = { settings->width, settings->height, settings->fps };
    struct encoder_planes planes;
    AUTO(encoder) struct encoder *encoder = NULL;
    if (!encoder_open(&encode, fd, &encoder, err)) return false;
    const int frames = clip_frames(settings);
    for (int frame = 0; frame < frames; frame++) {
        if (!encoder_frame(encoder, &planes, err)) return false;
        draw(settings, frame, &planes);
        if (!encoder_push(encoder, err)) return false;
    }
    return encoder_finish(encoder, err);
}
