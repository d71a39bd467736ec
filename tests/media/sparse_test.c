/* Films with a single key frame and frames that no other needs, under noise: what happens in them is found to
 * the frame although not every frame is looked at. */
#include "fixture.h"

#include "media/analysis.h"
#include "media/fdio.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>

enum { WIDTH = 320, HEIGHT = 180, FPS = 25, FRAMES = 150 };

struct sparse {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVFrame *frame;
    int fd;
};

static void must(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "sparse: %s\n", what);
    abort();
}

static void open_codec(struct sparse *film)
{
    AVCodecContext *const codec = film->codec =
        avcodec_alloc_context3(avcodec_find_encoder_by_name("libx264"));
    must(codec != NULL, "there is no encoder");
    codec->width = WIDTH;
    codec->height = HEIGHT;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->time_base = (AVRational){ 1, FPS };
    codec->framerate = (AVRational){ FPS, 1 };
    codec->gop_size = 999;
    codec->max_b_frames = 3;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(codec->priv_data, "preset", "ultrafast", 0);
    av_opt_set(codec->priv_data, "x264-params", "scenecut=0:qp=20:bframes=3:b-adapt=0:log-level=none", 0);
    must(avcodec_open2(codec, NULL, NULL) >= 0, "the encoder does not open");
}

static struct sparse open_film(void)
{
    struct error err;
    struct sparse film = { .fd = new_file(), .frame = av_frame_alloc() };
    open_codec(&film);
    avformat_alloc_output_context2(&film.format, NULL, "mp4", NULL);
    fdio_confine(film.format);
    must(fdio_open(film.fd, true, &film.format->pb, &err), "no file");
    AVStream *const stream = avformat_new_stream(film.format, NULL);
    avcodec_parameters_from_context(stream->codecpar, film.codec);
    stream->time_base = film.codec->time_base;
    must(avformat_write_header(film.format, NULL) >= 0, "no header");
    film.frame->format = AV_PIX_FMT_YUV420P;
    film.frame->width = WIDTH;
    film.frame->height = HEIGHT;
    must(av_frame_get_buffer(film.frame, 0) >= 0, "no memory");
    return film;
}

static void put(struct sparse *film, const AVFrame *frame)
{
    AVPacket *packet = av_packet_alloc();
    must(avcodec_send_frame(film->codec, frame) >= 0, "a frame is not taken");
    while (avcodec_receive_packet(film->codec, packet) >= 0) {
        packet->duration = 1;
        av_packet_rescale_ts(packet, film->codec->time_base, film->format->streams[0]->time_base);
        must(av_interleaved_write_frame(film->format, packet) >= 0, "a packet is not written");
    }
    av_packet_free(&packet);
}

/* Before and from frame `cut` on: stripes, then others; both move, both under noise. */
static uint8_t dot(int x, int y, int number, int cut)
{
    static uint32_t seed = 1;
    seed = seed * 1664525 + 1013904223;
    const int grey = number < cut ? 60 + (x + number) / 20 % 2 * 60 : 190 - (y + number) / 15 % 2 * 50;
    return (uint8_t)(grey + (int)(seed >> 24) % 40 - 20);
}

static int film_file(int cut)
{
    struct sparse film = open_film();
    for (int number = 0; number < FRAMES; number++) {
        must(av_frame_make_writable(film.frame) >= 0, "no memory");
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                film.frame->data[0][y * film.frame->linesize[0] + x] = dot(x, y, number, cut);
        for (int plane = 1; plane < 3; plane++)
            memset(film.frame->data[plane], 128, (size_t)film.frame->linesize[plane] * HEIGHT / 2);
        film.frame->pts = number;
        put(&film, film.frame);
    }
    put(&film, NULL);
    must(av_write_trailer(film.format) >= 0, "no end");
    avio_flush(film.format->pb);
    fdio_close(&film.format->pb);
    avcodec_free_context(&film.codec);
    av_frame_free(&film.frame);
    avformat_free_context(film.format);
    return film.fd;
}

static void ignore(void *with, double progress, const char *stage)
{
    (void)with, (void)progress, (void)stage;
}

static bool analyse(int fd, struct arena *mem, struct media_analysis *out, struct error *err)
{
    const struct ingest_in in = { 0 };
    return analysis_run(&(struct analysis_files){ fd, -1, -1, -1, -1 }, &in,
                        &(struct analysis_watch){ ignore, NULL }, mem, out, err);
}

TEST(a_cut_is_found_to_the_frame)
{
    for (int cut = 60; cut < 64; cut++) { /* each place among the frames that may be left out */
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int fd = film_file(cut);
        CHECK_OK(analyse(fd, &mem, &found, &err));
        CHECK_INT(found.cuts.count, 1);
        CHECK_NEAR(((const struct ingest_cut *)found.cuts.items)->at_s, cut / (double)FPS, 0.001);
        CHECK_INT(found.frames, FRAMES);
    }
}

TEST(where_nothing_happens_nothing_is_found)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = film_file(FRAMES);
    CHECK_OK(analyse(fd, &mem, &found, &err));
    CHECK_INT(found.cuts.count, 0);
    CHECK_INT(found.black.count, 0);
    CHECK_INT(found.sprite->tiles, 6);
    CHECK_TEXT(found.pixel_format, "yuv420p"); /* which the header does not say */
    CHECK_INT(found.warnings.count, 0);
}

int main(int argc, char **argv)
{
    struct error err;
    if (media_open(&err)) return run_tests(argc, argv);
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
