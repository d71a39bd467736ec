#include "fixture.h"

#include "media/image.h"
#include "media/probe.h"
#include "media/verify.h"

static struct verify_in anything(void)
{
    struct verify_in expect;
    shape_init(&verify_in_shape, &expect);
    return expect;
}

static int even_file(uint8_t luma, int frames)
{
    struct error err;
    struct encoder_planes to;
    AUTO(encoder) struct encoder *encoder = NULL;
    const int fd = new_file();
    bool done = encoder_open(&(struct encode_settings){ 160, 90, 25 }, fd, &encoder, &err);
    for (int frame = 0; done && frame < frames; frame++) {
        done = encoder_frame(encoder, &to, &err);
        if (done) {
            memset(to.y, luma, (size_t)to.y_stride * 90);
            memset(to.u, 128, (size_t)to.uv_stride * 45);
            memset(to.v, 128, (size_t)to.uv_stride * 45);
        }
        done = done && encoder_push(encoder, &err);
    }
    if (!done || !encoder_finish(encoder, &err)) abort();
    return fd;
}

TEST(facts_of_a_good_clip)
{
    struct error err;
    struct media_facts facts;
    struct verify_in expect = { .duration_s = 2, .width = 320, .height = 180, .fps = 30 };
    AUTO(fd) int fd = clip_file(320, 180, 30, 2);
    CHECK_OK(verify_video(fd, &expect, -1, &facts, &err));
    CHECK_TEXT(facts.format, "mp4");
    CHECK_TEXT(facts.mime_type, "video/mp4");
    CHECK_TEXT(facts.video_codec, "h264");
    CHECK_TEXT(facts.pixel_format, "yuv420p");
    CHECK(!facts.audio_codec);
    CHECK_INT(facts.channels, INT_NONE);
    CHECK_INT(facts.frames, 60);
    CHECK_INT(facts.width, 320);
    CHECK_INT(facts.height, 180);
    CHECK_INT(facts.file_size, file_bytes(fd));
    CHECK_NEAR(facts.duration_s, 2, 0.001);
    CHECK_NEAR(facts.fps, 30, 0.01);
    CHECK_NEAR((double)facts.bit_rate, (double)facts.file_size * 8 / 2, 16);
    CHECK(facts.mean_luma > 60 && facts.mean_luma < 220);
}

TEST(probing_believes_the_container)
{
    struct error err;
    struct media_facts facts;
    AUTO(fd) int fd = clip_file(64, 48, 25, 3);
    CHECK_OK(probe_file(fd, &facts, &err));
    CHECK_TEXT(facts.format, "mp4");
    CHECK_INT(facts.width, 64);
    CHECK_INT(facts.frames, INT_NONE);
    CHECK_NEAR(facts.duration_s, 3, 0.001);
    CHECK_NEAR(facts.fps, 25, 0.001);
}

TEST(expectations_are_held_against_the_video)
{
    static const struct {
        struct verify_in expect;
        const char *word;
    } rows[] = {
        { { .duration_s = 1.2 }, "lasts" },     { { .duration_s = 0.9 }, "lasts" },
        { { .width = 322 }, "322x180" },        { { .height = 182 }, "320x182" },
        { { .fps = 24 }, "frames per second" },
    };
    AUTO(fd) int fd = clip_file(320, 180, 30, 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        struct media_facts facts;
        CHECK(!verify_video(fd, &rows[i].expect, -1, &facts, &err));
        CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
        CHECK_MSG(strstr(err.text, rows[i].word), "%s", err.text);
    }
}

TEST(black_is_refused_unless_allowed)
{
    struct error err;
    struct media_facts facts;
    struct verify_in expect = anything();
    AUTO(fd) int black = even_file(16, 30);
    AUTO(fd) int grey = even_file(60, 30);
    CHECK(!verify_video(black, &expect, -1, &facts, &err));
    CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
    CHECK(strstr(err.text, "black"));
    CHECK_OK(verify_video(grey, &expect, -1, &facts, &err));
    CHECK_NEAR(facts.mean_luma, 51, 3);
    expect.allow_black = true;
    CHECK_OK(verify_video(black, &expect, -1, &facts, &err));
    CHECK_NEAR(facts.mean_luma, 0, 1);
}

TEST(a_file_cut_anywhere_is_refused)
{
    struct verify_in expect = anything();
    AUTO(fd) int whole = clip_file(320, 180, 30, 2);
    const size_t size = file_bytes(whole);
    const size_t cuts[] = { 0, 1, 7, 8, 100, 1000, size / 4, size / 2, size - 400, size - 1 };
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        struct error err;
        struct media_facts facts;
        AUTO(fd) int fd = file_start(whole, cuts[i]);
        CHECK_MSG(!verify_video(fd, &expect, -1, &facts, &err), "accepted %zu of %zu bytes", cuts[i], size);
        CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
        CHECK(err.text[0]);
    }
}

TEST(damaged_frames_are_refused)
{
    struct error err;
    struct media_facts facts;
    struct verify_in expect = anything();
    AUTO(fd) int fd = clip_file(320, 180, 30, 2);
    const size_t size = file_bytes(fd);
    uint8_t *const bytes = file_content(fd);
    for (size_t i = size - size / 3; i < size - size / 3 + 300; i++) bytes[i] ^= 0x5a;
    AUTO(fd) int damaged = file_with(bytes, size);
    free(bytes);
    CHECK(!verify_video(damaged, &expect, -1, &facts, &err));
    CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
}

TEST(what_is_no_video_is_refused)
{
    static const char text[] = "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n";
    static const char concat[] = "ffconcat version 1.0\nfile /etc/passwd\n";
    uint8_t noise[4096];
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)(i * 2654435761u >> 11);
    const struct {
        const void *bytes;
        size_t size;
    } rows[] = { { noise, sizeof noise }, { text, sizeof text }, { concat, sizeof concat } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        struct media_facts facts;
        struct verify_in expect = anything();
        AUTO(fd) int fd = file_with(rows[i].bytes, rows[i].size);
        CHECK(!verify_video(fd, &expect, -1, &facts, &err));
        CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
        CHECK(!probe_file(fd, &facts, &err));
        CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
    }
}

TEST(a_pipe_is_refused)
{
    struct error err;
    struct media_facts facts;
    int ends[2];
    CHECK(pipe(ends) == 0);
    const bool accepted = probe_file(ends[0], &facts, &err);
    close(ends[0]);
    close(ends[1]);
    CHECK(!accepted);
}

TEST(the_poster_is_a_picture_of_the_video)
{
    struct error err;
    struct media_facts facts, picture;
    struct verify_in expect = anything();
    AUTO(image) struct image image = { 0 };
    AUTO(fd) int fd = clip_file(1920, 1080, 30, 0.3);
    AUTO(fd) int poster = new_file();
    CHECK_OK(verify_video(fd, &expect, poster, &facts, &err));
    CHECK_OK(image_load(poster, 0, &image, &picture, &err));
    CHECK_TEXT(picture.format, "jpeg");
    CHECK_INT(image.width, 1280);
    CHECK_INT(image.height, 720);
    int64_t sum = 0;
    for (int i = 0; i < 1280 * 720 * 3; i++) sum += image.rgb[i];
    CHECK_NEAR((double)sum / (1280 * 720 * 3), facts.mean_luma, 60);
}

TEST(a_turned_video_is_described_and_shown_upright)
{
    struct error err;
    struct media_facts facts, picture;
    struct verify_in expect = anything();
    AUTO(image) struct image image = { 0 };
    AUTO(fd) int lying = clip_file(320, 180, 30, 0.5);
    AUTO(fd) int fd = turned(lying);
    AUTO(fd) int poster = new_file();
    CHECK_OK(verify_video(fd, &expect, poster, &facts, &err));
    CHECK_INT(facts.width, 180);
    CHECK_INT(facts.height, 320);
    CHECK_OK(image_load(poster, 0, &image, &picture, &err));
    CHECK_INT(image.width, 180);
    CHECK_INT(image.height, 320);
}

int main(int argc, char **argv)
{
    struct error err;
    if (media_open(&err)) return run_tests(argc, argv);
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
