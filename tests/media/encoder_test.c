#include "fixture.h"

#include "media/decoder.h"

#include <fcntl.h>

enum { WIDTH = 320, HEIGHT = 180 };

/* A slanted ramp that moves: detail enough to be wrong, soft enough to survive compression. */
static uint8_t ramp(int x, int y, int frame) { return (uint8_t)(40 + (x / 2 + y / 2 + frame * 4) % 160); }

static bool draw_and_push(struct encoder *encoder, int width, int height, int frame, struct error *err)
{
    struct encoder_planes to;
    if (!encoder_frame(encoder, &to, err)) return false;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) to.y[y * to.y_stride + x] = ramp(x, y, frame);
    for (int y = 0; y < height / 2; y++)
        for (int x = 0; x < width / 2; x++) {
            to.u[y * to.uv_stride + x] = 90;
            to.v[y * to.uv_stride + x] = 160;
        }
    return encoder_push(encoder, err);
}

static int encoded(int width, int height, int fps, int frames)
{
    struct error err;
    AUTO(encoder) struct encoder *encoder = NULL;
    const struct encode_settings settings = { .width = width, .height = height, .fps = fps };
    const int fd = new_file();
    bool done = encoder_open(&settings, fd, &encoder, &err);
    for (int frame = 0; done && frame < frames; frame++)
        done = draw_and_push(encoder, width, height, frame, &err);
    if (done && encoder_finish(encoder, &err)) return fd;
    fprintf(stderr, "not encoded: %s\n", err.text);
    abort();
}

static double difference(const AVFrame *frame, int number)
{
    int64_t sum = 0;
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++)
            sum += abs(frame->data[0][y * frame->linesize[0] + x] - ramp(x, y, number));
    return (double)sum / (frame->width * frame->height);
}

TEST(what_is_drawn_comes_back_in_order)
{
    struct error err;
    AUTO(fd) int fd = encoded(WIDTH, HEIGHT, 30, 75);
    AUTO(source) struct source source = { 0 };
    AUTO(decoder) struct decoder decoder = { 0 };
    const AVFrame *frame;
    int number = 0;
    CHECK_OK(source_open(&source, fd, &err));
    CHECK_OK(decoder_open(&decoder, &source, &err));
    for (;; number++) {
        CHECK_OK(decoder_next(&decoder, &frame, &err));
        if (!frame) break;
        CHECK_INT(frame->width, WIDTH);
        CHECK_INT(frame->height, HEIGHT);
        CHECK_NEAR(difference(frame, number), 0, 3);
        CHECK_NEAR(frame->data[1][40 * frame->linesize[1] + 40], 90, 3);
        CHECK_NEAR(frame->data[2][40 * frame->linesize[2] + 40], 160, 3);
        CHECK_NEAR(decoder.reached_s, number / 30.0, 0.0001);
    }
    CHECK_INT(number, 75);
}

TEST(tags_profile_and_key_frames)
{
    struct error err;
    AUTO(fd) int fd = encoded(WIDTH, HEIGHT, 24, 130);
    AUTO(source) struct source source = { 0 };
    CHECK_OK(source_open(&source, fd, &err));
    const AVStream *const stream = source_video(&source);
    const AVCodecParameters *const codec = stream->codecpar;
    CHECK_INT(codec->codec_id, AV_CODEC_ID_H264);
    CHECK_INT(codec->profile, FF_PROFILE_H264_HIGH);
    CHECK_INT(codec->format, AV_PIX_FMT_YUV420P);
    CHECK_INT(codec->color_primaries, AVCOL_PRI_BT709);
    CHECK_INT(codec->color_trc, AVCOL_TRC_BT709);
    CHECK_INT(codec->color_space, AVCOL_SPC_BT709);
    CHECK_INT(codec->color_range, AVCOL_RANGE_MPEG);
    CHECK_INT(stream->nb_frames, 130);
    CHECK_INT(source.format->nb_streams, 1);
    CHECK(!av_dict_get(source.format->metadata, "encoder", NULL, 0));
    CHECK(!av_dict_get(source.format->metadata, "creation_time", NULL, 0));
    int since_key = 0;
    for (int i = 0; i < avformat_index_get_entries_count(source_video(&source)); i++) {
        const AVIndexEntry *const entry = avformat_index_get_entry(source_video(&source), i);
        since_key = entry->flags & AVINDEX_KEYFRAME ? 0 : since_key + 1;
        CHECK(since_key < 48);
    }
}

TEST(index_comes_before_the_frames)
{
    AUTO(fd) int fd = encoded(WIDTH, HEIGHT, 30, 10);
    const size_t size = file_bytes(fd);
    uint8_t *const bytes = file_content(fd);
    const uint8_t *const moov = find_box(bytes, size, "moov"), *const mdat = find_box(bytes, size, "mdat");
    const bool ordered = moov && mdat && moov < mdat;
    free(bytes);
    CHECK(ordered);
}

TEST(same_pictures_same_bytes)
{
    AUTO(fd) int one = encoded(WIDTH, HEIGHT, 30, 40);
    AUTO(fd) int two = encoded(WIDTH, HEIGHT, 30, 40);
    CHECK_INT(file_bytes(one), file_bytes(two));
    uint8_t *const first = file_content(one), *const second = file_content(two);
    const int differs = memcmp(first, second, file_bytes(one));
    free(first);
    free(second);
    CHECK_INT(differs, 0);
}

TEST(every_rate_and_shape_lasts_as_asked)
{
    static const struct {
        int width, height, fps, frames;
    } rows[] = {
        { 16, 16, 24, 1 }, { 96, 170, 25, 13 }, { 170, 96, 60, 61 }, { 256, 110, 30, 2 }, { 18, 500, 1, 3 }
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(fd) int fd = encoded(rows[i].width, rows[i].height, rows[i].fps, rows[i].frames);
        AUTO(source) struct source source = { 0 };
        CHECK_OK(source_open(&source, fd, &err));
        CHECK_NEAR(source_duration_s(&source), (double)rows[i].frames / rows[i].fps, 0.002);
        CHECK_INT(source_video(&source)->codecpar->width, rows[i].width);
        CHECK_INT(source_video(&source)->codecpar->height, rows[i].height);
        CHECK_NEAR(av_q2d(source_frame_rate(source_video(&source))), rows[i].fps, 0.001);
    }
}

TEST(settings_out_of_range_are_named)
{
    static const struct {
        struct encode_settings settings;
        const char *field;
    } rows[] = {
        { { 321, 180, 30 }, "width" },   { { 14, 180, 30 }, "width" },    { { 320, 181, 30 }, "height" },
        { { 320, 9000, 30 }, "height" }, { { 320, 180, 0 }, "fps" },      { { 320, 180, 241 }, "fps" },
        { { 320, 180, 30, 17 }, "" },    { { 320, 180, 30, 1, 52 }, "" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(fd) int fd = new_file();
        struct encoder *encoder = NULL;
        CHECK(!encoder_open(&rows[i].settings, fd, &encoder, &err));
        CHECK_INT(err.cause, CAUSE_INVALID);
        CHECK_TEXT(err.field, rows[i].field);
    }
}

TEST(a_full_disk_is_said)
{
    struct error err;
    AUTO(fd) int full = open("/dev/full", O_RDWR | O_CLOEXEC);
    CHECK(full >= 0);
    CHECK(!clip_write(&(struct clip_settings){ 320, 180, 30, 1, 1 }, full, &err));
    CHECK_INT(err.cause, CAUSE_NO_SPACE);
}

TEST(a_video_without_frames_is_refused)
{
    struct error err;
    AUTO(fd) int fd = new_file();
    AUTO(encoder) struct encoder *encoder = NULL;
    CHECK_OK(encoder_open(&(struct encode_settings){ 320, 180, 30 }, fd, &encoder, &err));
    CHECK(!encoder_finish(encoder, &err));
}

TEST(clips_follow_their_seed)
{
    struct error err;
    AUTO(fd) int one = new_file();
    AUTO(fd) int two = new_file();
    CHECK_OK(clip_write(&(struct clip_settings){ 320, 180, 30, 0.5, 1 }, one, &err));
    CHECK_OK(clip_write(&(struct clip_settings){ 320, 180, 30, 0.5, 2 }, two, &err));
    uint8_t *const first = file_content(one), *const second = file_content(two);
    const bool same = file_bytes(one) == file_bytes(two) && memcmp(first, second, file_bytes(one)) == 0;
    free(first);
    free(second);
    CHECK(!same);
    CHECK(!clip_write(&(struct clip_settings){ 320, 180, 30, 0, 1 }, two, &err));
    CHECK_TEXT(err.field, "duration_s");
}

int main(int argc, char **argv)
{
    struct error err;
    if (media_open(&err)) return run_tests(argc, argv);
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
