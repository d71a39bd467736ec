#include "samples.h"

#include "media/fdio.h"
#include "media/image.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vips/vips.h>

enum { WIDTH = 96, HEIGHT = 64, FPS = 25, FRAMES = 20, RATE = 48000 };

static const struct film {
    const char *name, *kind, *muxer, *video, *audio;
} films[] = {
    { "mp4", "video", "mp4", "libx264", "aac" },       { "mov", "video", "mov", "mjpeg", "pcm_s16le" },
    { "mkv", "video", "matroska", "libx264", "flac" }, { "webm", "video", "webm", "libvpx-vp9", "libopus" },
    { "avi", "video", "avi", "mpeg4", "libmp3lame" },  { "ogv", "video", "ogg", "libtheora", "libvorbis" },
    { "m4a", "audio", "mp4", NULL, "aac" },            { "mp3", "audio", "mp3", NULL, "libmp3lame" },
    { "aac", "audio", "adts", NULL, "aac" },           { "flac", "audio", "flac", NULL, "flac" },
    { "wav", "audio", "wav", NULL, "pcm_s16le" },      { "ogg", "audio", "ogg", NULL, "libvorbis" },
    { "ts", "video", "mpegts", "libx264", "aac" },     { "mpg", "video", "mpeg", "mpeg2video", "mp2" },
    { "flv", "video", "flv", "flv", "aac" },           { "aiff", "audio", "aiff", NULL, "pcm_s16be" },
    { "opus", "audio", "ogg", NULL, "libopus" },       { "mka", "audio", "matroska", NULL, "libopus" },
};

static void must(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "samples: %s\n", what);
    abort();
}

static AVCodecContext *open_codec(AVFormatContext *format, const char *name)
{
    const AVCodec *const with = avcodec_find_encoder_by_name(name);
    must(with != NULL, name);
    AVCodecContext *const codec = avcodec_alloc_context3(with);
    if (with->type == AVMEDIA_TYPE_VIDEO) {
        codec->width = WIDTH;
        codec->height = HEIGHT;
        codec->pix_fmt = with->pix_fmts ? with->pix_fmts[0] : AV_PIX_FMT_YUV420P;
        codec->time_base = (AVRational){ 1, FPS };
        codec->gop_size = 8;
    } else {
        codec->sample_rate = RATE;
        codec->sample_fmt = with->sample_fmts[0];
        av_channel_layout_default(&codec->ch_layout, 2);
        codec->time_base = (AVRational){ 1, RATE };
    }
    codec->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    if (format->oformat->flags & AVFMT_GLOBALHEADER) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    must(avcodec_open2(codec, with, NULL) >= 0, name);
    AVStream *const stream = avformat_new_stream(format, NULL);
    avcodec_parameters_from_context(stream->codecpar, codec);
    stream->time_base = codec->time_base;
    return codec;
}

static void draw(AVFrame *frame, int number)
{
    for (int plane = 0; plane < 3; plane++)
        for (int y = 0; y < (plane ? HEIGHT / 2 : HEIGHT); y++)
            for (int x = 0; x < (plane ? WIDTH / 2 : WIDTH); x++)
                frame->data[plane][y * frame->linesize[plane] + x] =
                    (uint8_t)(plane ? 100 + x : x * 2 + y + number * 5);
}

static void sing(AVFrame *frame, int channels, int64_t from)
{
    const enum AVSampleFormat kind = frame->format;
    for (int i = 0; i < frame->nb_samples; i++)
        for (int c = 0; c < channels; c++) {
            const double value = 0.4 * sin((double)(from + i) * 2 * M_PI * (440 + 110 * c) / RATE);
            const int at = av_sample_fmt_is_planar(kind) ? i : i * channels + c;
            uint8_t *const plane = frame->data[av_sample_fmt_is_planar(kind) ? c : 0];
            if (av_get_packed_sample_fmt(kind) == AV_SAMPLE_FMT_FLT)
                ((float *)(void *)plane)[at] = (float)value;
            else if (av_get_packed_sample_fmt(kind) == AV_SAMPLE_FMT_S32)
                ((int32_t *)(void *)plane)[at] = (int32_t)(value * INT32_MAX);
            else
                ((int16_t *)(void *)plane)[at] = (int16_t)(value * INT16_MAX);
        }
}

static void write_frame(AVFormatContext *format, AVCodecContext *codec, int stream, const AVFrame *frame)
{
    AVPacket *packet = av_packet_alloc();
    must(avcodec_send_frame(codec, frame) >= 0, "a frame is not taken");
    while (avcodec_receive_packet(codec, packet) >= 0) {
        packet->stream_index = stream;
        av_packet_rescale_ts(packet, codec->time_base, format->streams[stream]->time_base);
        must(av_interleaved_write_frame(format, packet) >= 0, "a packet is not written");
    }
    av_packet_free(&packet);
}

static void write_pictures(AVFormatContext *format, AVCodecContext *codec, int stream)
{
    AVFrame *frame = av_frame_alloc();
    frame->format = codec->pix_fmt;
    frame->width = WIDTH;
    frame->height = HEIGHT;
    must(av_frame_get_buffer(frame, 0) >= 0, "no memory");
    for (int i = 0; i < FRAMES; i++) {
        must(av_frame_make_writable(frame) >= 0, "no memory");
        draw(frame, i);
        frame->pts = i;
        write_frame(format, codec, stream, frame);
    }
    write_frame(format, codec, stream, NULL);
    av_frame_free(&frame);
}

static void write_sound(AVFormatContext *format, AVCodecContext *codec, int stream)
{
    AVFrame *frame = av_frame_alloc();
    frame->format = codec->sample_fmt;
    frame->nb_samples = codec->frame_size ? codec->frame_size : 1024;
    frame->sample_rate = RATE;
    av_channel_layout_copy(&frame->ch_layout, &codec->ch_layout);
    must(av_frame_get_buffer(frame, 0) >= 0, "no memory");
    for (int64_t at = 0; at < RATE * FRAMES / FPS; at += frame->nb_samples) {
        must(av_frame_make_writable(frame) >= 0, "no memory");
        sing(frame, 2, at);
        frame->pts = at;
        write_frame(format, codec, stream, frame);
    }
    write_frame(format, codec, stream, NULL);
    av_frame_free(&frame);
}

static int film_file(const struct film *film)
{
    struct error err;
    AVFormatContext *format = NULL;
    const int fd = memfd_create(film->name, MFD_CLOEXEC);
    must(avformat_alloc_output_context2(&format, NULL, film->muxer, NULL) >= 0, film->muxer);
    fdio_confine(format);
    must(fdio_open(fd, true, &format->pb, &err), "no file");
    AVCodecContext *video = film->video ? open_codec(format, film->video) : NULL;
    AVCodecContext *audio = film->audio ? open_codec(format, film->audio) : NULL;
    av_dict_set(&format->metadata, "title", "a sample", 0);
    must(avformat_write_header(format, NULL) >= 0, film->name);
    if (video) write_pictures(format, video, 0);
    if (audio) write_sound(format, audio, video ? 1 : 0);
    must(av_write_trailer(format) >= 0, film->name);
    avio_flush(format->pb);
    fdio_close(&format->pb);
    avcodec_free_context(&video);
    avcodec_free_context(&audio);
    avformat_free_context(format);
    return fd;
}

/* ---- the rest ---- */

static int bytes_file(const void *bytes, size_t size)
{
    const int fd = memfd_create("sample", MFD_CLOEXEC);
    must(pwrite(fd, bytes, size, 0) == (ssize_t)size, "no memory");
    return fd;
}

static int picture_file(const char *suffix)
{
    VipsImage *image = NULL;
    void *bytes;
    size_t size;
    uint8_t pixels[WIDTH * HEIGHT * 3];
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
        pixels[i] = (uint8_t)(i % 3 * 60 + i / 3 % WIDTH + i / 3 / WIDTH);
    image = vips_image_new_from_memory(pixels, sizeof pixels, WIDTH, HEIGHT, 3, VIPS_FORMAT_UCHAR);
    must(image && vips_image_write_to_buffer(image, suffix, &bytes, &size, NULL) == 0, suffix);
    const int fd = bytes_file(bytes, size);
    g_free(bytes);
    g_object_unref(image);
    return fd;
}

#define TRIANGLE(buffer)                                                                                     \
    "{\"asset\":{\"version\":\"2.0\"},\"scenes\":[{\"nodes\":[0]}],\"nodes\":[{\"mesh\":0}],"                \
    "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0}}]}],\"accessors\":[{\"bufferView\":0,"    \
    "\"componentType\":5126,\"count\":3,\"type\":\"VEC3\",\"min\":[0,0,0],\"max\":[1,1,0]}],"                \
    "\"bufferViews\":[{\"buffer\":0,\"byteLength\":36}],\"buffers\":[{" buffer "\"byteLength\":36}]}"

static int glb_file(void)
{
    static const char json[] = TRIANGLE("");
    uint8_t file[1024] = { 0 };
    const uint32_t padded = (uint32_t)(sizeof json + 2) / 4 * 4, total = 20 + padded + 8 + 36;
    const uint32_t head[] = { 0x46546c67, 2, total, padded, 0x4e4f534a }, tail[] = { 36, 0x004e4942 };
    memset(file + 20, ' ', padded);
    memcpy(file, head, sizeof head);
    memcpy(file + 20, json, sizeof json - 1);
    memcpy(file + 20 + padded, tail, sizeof tail);
    return bytes_file(file, total);
}

static void add(struct sample samples[SAMPLES_MAX], size_t *count, const char *name, const char *kind, int fd)
{
    samples[(*count)++] = (struct sample){ name, kind, fd };
}

static void add_text(struct sample samples[SAMPLES_MAX], size_t *count, const char *name, const char *kind,
                     const char *text)
{
    add(samples, count, name, kind, bytes_file(text, strlen(text)));
}

size_t samples_make(struct sample samples[SAMPLES_MAX])
{
    static const char *const pictures[] = { "jpg", "png", "webp", "gif" };
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(films); i++)
        add(samples, &count, films[i].name, films[i].kind, film_file(&films[i]));
    for (size_t i = 0; i < COUNT_OF(pictures); i++) {
        char suffix[8];
        snprintf(suffix, sizeof suffix, ".%s", pictures[i]);
        add(samples, &count, pictures[i], "image", picture_file(suffix));
    }
    add(samples, &count, "glb", "model", glb_file());
    add_text(samples, &count, "gltf", "model", TRIANGLE("\"uri\":\"data:,\","));
    add_text(samples, &count, "srt", "text",
             "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nBye\n");
    add_text(samples, &count, "vtt", "text",
             "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n\n00:03.000 --> 00:04.000\nBye\n");
    add_text(samples, &count, "txt", "text", "It was a dark and stormy night; the rain fell in torrents.\n");
    add_text(samples, &count, "md", "text",
             "# A title\n\nSome **words** and [a link](https://example.org)\n\n- one\n- two\n");
    return count;
}
