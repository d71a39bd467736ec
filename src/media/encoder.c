#include "media/encoder.h"

#include "media/averror.h"
#include "media/fdio.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <stdlib.h>

struct encoder {
    AVCodecContext *codec;
    AVFormatContext *format;
    AVIOContext *io;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
    int64_t frames;
};

static bool check_settings(const struct encode_settings *set, struct error *err)
{
    if (set->width < 16 || set->width > 8192 || set->width % 2)
        return fail_field(err, CAUSE_INVALID, "width", "the width must be even and between 16 and 8192");
    if (set->height < 16 || set->height > 8192 || set->height % 2)
        return fail_field(err, CAUSE_INVALID, "height", "the height must be even and between 16 and 8192");
    if (set->fps < 1 || set->fps > 240)
        return fail_field(err, CAUSE_INVALID, "fps", "the frame rate must be between 1 and 240");
    if (set->threads < 0 || set->threads > 16 || set->crf < 0 || set->crf > 51)
        return fail(err, CAUSE_INVALID, "the encoder takes 1 to 16 threads and a quality of 1 to 51");
    return true;
}

static void describe_picture(AVCodecContext *codec, const struct encode_settings *set)
{
    codec->width = set->width;
    codec->height = set->height;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->sample_aspect_ratio = (AVRational){ 1, 1 };
    codec->time_base = (AVRational){ 1, set->fps };
    codec->framerate = (AVRational){ set->fps, 1 };
    codec->color_primaries = AVCOL_PRI_BT709;
    codec->color_trc = AVCOL_TRC_BT709;
    codec->colorspace = AVCOL_SPC_BT709;
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->chroma_sample_location = AVCHROMA_LOC_LEFT;
}

static bool open_codec(struct encoder *encoder, const struct encode_settings *set, struct error *err)
{
    const AVCodec *const x264 = avcodec_find_encoder_by_name("libx264");
    if (!x264) return fail(err, CAUSE_UNAVAILABLE, "this installation's libavcodec has no libx264 encoder");
    AVCodecContext *const codec = encoder->codec = avcodec_alloc_context3(x264);
    if (!codec) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to encode the video");
    describe_picture(codec, set);
    codec->thread_count = set->threads ? set->threads : ENCODER_THREADS;
    codec->gop_size = 2 * set->fps;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
    av_opt_set(codec->priv_data, "preset", ENCODER_PRESET, 0);
    av_opt_set(codec->priv_data, "x264-params", ENCODER_TUNING, 0);
    av_opt_set(codec->priv_data, "profile", "high", 0);
    av_opt_set_double(codec->priv_data, "crf", set->crf ? set->crf : ENCODER_CRF, 0);
    const int got = avcodec_open2(codec, x264, NULL);
    return got >= 0 || averror_fail(err, got, CAUSE_INTERNAL, "the video encoder does not start");
}

static bool open_file(struct encoder *encoder, int fd, struct error *err)
{
    if (!fdio_open(fd, true, &encoder->io, err)) return false;
    int got = avformat_alloc_output_context2(&encoder->format, NULL, "mp4", NULL);
    if (got < 0) return averror_fail(err, got, CAUSE_INTERNAL, "the MP4 file cannot be started");
    AVFormatContext *const format = encoder->format;
    fdio_confine(format);
    format->pb = encoder->io;
    format->flags |= AVFMT_FLAG_BITEXACT;
    encoder->stream = avformat_new_stream(format, NULL);
    if (!encoder->stream) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to write the video");
    encoder->stream->time_base = encoder->codec->time_base;
    encoder->stream->avg_frame_rate = encoder->stream->r_frame_rate = encoder->codec->framerate;
    got = avcodec_parameters_from_context(encoder->stream->codecpar, encoder->codec);
    AVDictionary *options = NULL;
    if (got >= 0) got = av_dict_set(&options, "movflags", "+faststart", 0);
    if (got >= 0) got = avformat_write_header(format, &options);
    av_dict_free(&options);
    return got >= 0 || averror_fail(err, got, CAUSE_IO, "the MP4 file cannot be started");
}

static bool open_frame(struct encoder *encoder, struct error *err)
{
    encoder->packet = av_packet_alloc();
    encoder->frame = av_frame_alloc();
    if (!encoder->packet || !encoder->frame)
        return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to encode the video");
    return true;
}

bool encoder_open(const struct encode_settings *settings, int fd, struct encoder **encoder_out,
                  struct error *err)
{
    if (!check_settings(settings, err)) return false;
    struct encoder *const encoder = calloc(1, sizeof *encoder);
    if (!encoder) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to encode the video");
    if (!open_codec(encoder, settings, err) || !open_file(encoder, fd, err) || !open_frame(encoder, err)) {
        encoder_close(encoder);
        return false;
    }
    *encoder_out = encoder;
    return true;
}

/* The same buffers serve every frame unless the encoder still holds them. */
static int make_frame(AVFrame *frame, const AVCodecContext *codec)
{
    if (frame->buf[0] && av_frame_is_writable(frame)) return 0;
    av_frame_unref(frame);
    frame->format = codec->pix_fmt;
    frame->width = codec->width;
    frame->height = codec->height;
    frame->color_primaries = codec->color_primaries;
    frame->color_trc = codec->color_trc;
    frame->colorspace = codec->colorspace;
    frame->color_range = codec->color_range;
    frame->chroma_location = codec->chroma_sample_location;
    return av_frame_get_buffer(frame, 0);
}

bool encoder_frame(struct encoder *encoder, struct encoder_planes *planes_out, struct error *err)
{
    AVFrame *const frame = encoder->frame;
    const int got = make_frame(frame, encoder->codec);
    if (got < 0) return averror_fail(err, got, CAUSE_INTERNAL, "there is no room for the next frame");
    *planes_out = (struct encoder_planes){ frame->data[0], frame->data[1], frame->data[2], frame->linesize[0],
                                           frame->linesize[1] };
    return true;
}

/* Moves finished packets into the file until the encoder wants more input or has ended. */
static int write_packets(struct encoder *encoder)
{
    AVPacket *const packet = encoder->packet;
    int got;
    while ((got = avcodec_receive_packet(encoder->codec, packet)) >= 0) {
        packet->stream_index = encoder->stream->index;
        packet->duration = 1;
        av_packet_rescale_ts(packet, encoder->codec->time_base, encoder->stream->time_base);
        got = av_interleaved_write_frame(encoder->format, packet);
        if (got < 0) return got;
    }
    return got == AVERROR(EAGAIN) || got == AVERROR_EOF ? 0 : got;
}

bool encoder_push(struct encoder *encoder, struct error *err)
{
    encoder->frame->pts = encoder->frames++;
    int got = avcodec_send_frame(encoder->codec, encoder->frame);
    if (got >= 0) got = write_packets(encoder);
    return got >= 0 || averror_fail(err, got, CAUSE_IO, "the video cannot be written");
}

bool encoder_finish(struct encoder *encoder, struct error *err)
{
    if (encoder->frames == 0) return fail(err, CAUSE_INVALID, "a video needs at least one frame");
    int got = avcodec_send_frame(encoder->codec, NULL);
    if (got >= 0) got = write_packets(encoder);
    if (got >= 0) got = av_write_trailer(encoder->format);
    avio_flush(encoder->io);
    if (got >= 0) got = encoder->io->error;
    return got >= 0 || averror_fail(err, got, CAUSE_IO, "the video cannot be written");
}

void encoder_close(struct encoder *encoder)
{
    if (!encoder) return;
    av_packet_free(&encoder->packet);
    av_frame_free(&encoder->frame);
    avformat_free_context(encoder->format);
    fdio_close(&encoder->io);
    avcodec_free_context(&encoder->codec);
    free(encoder);
}
