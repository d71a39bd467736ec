#include "media/decoder.h"

#include "media/averror.h"

#include <libavutil/avstring.h>

/* libavcodec 59 aborts on a damaged frame of these two when it decodes them with frame threads and strictly.
 */
static int thread_count(enum AVCodecID id)
{
    return id == AV_CODEC_ID_MPEG4 || id == AV_CODEC_ID_H263 ? 1 : 2;
}

static bool open_codec(struct decoder *decoder, const AVCodec *with, struct error *err)
{
    AVCodecContext *const codec = decoder->codec = avcodec_alloc_context3(with);
    decoder->packet = av_packet_alloc();
    decoder->frame = av_frame_alloc();
    if (!codec || !decoder->packet || !decoder->frame)
        return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to decode the video");
    int got = avcodec_parameters_to_context(codec, decoder->stream->codecpar);
    codec->thread_count = thread_count(with->id);
    codec->max_pixels = SOURCE_MAX_PIXELS;
    codec->pkt_timebase = decoder->stream->time_base;
    codec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_EXPLODE;
    if (got >= 0) got = avcodec_open2(codec, with, NULL);
    return got >= 0 || averror_fail(err, got, CAUSE_BAD_MEDIA, "the video cannot be decoded");
}

bool decoder_open(struct decoder *decoder, const struct source *source, struct error *err)
{
    AVStream *const stream = source_video(source);
    if (!stream) return fail(err, CAUSE_BAD_MEDIA, "the file has no video in it");
    const AVCodec *const with = avcodec_find_decoder(stream->codecpar->codec_id);
    if (!with || !av_match_name(with->name, source->format->codec_whitelist))
        return fail(err, CAUSE_BAD_MEDIA, "the video is coded as %s, which cannot be decoded here",
                    avcodec_get_name(stream->codecpar->codec_id));
    *decoder = (struct decoder){ .source = source, .stream = stream };
    if (open_codec(decoder, with, err)) return true;
    decoder_close(decoder);
    return false;
}

static bool damaged(const struct decoder *decoder, int code, struct error *err)
{
    return averror_fail(err, code, CAUSE_BAD_MEDIA, "the video is damaged after %.1f seconds",
                        decoder->reached_s);
}

static void note_end(struct decoder *decoder, const AVPacket *packet)
{
    const AVStream *const stream = decoder->source->format->streams[packet->stream_index];
    if (packet->pts == AV_NOPTS_VALUE) return;
    const double end_s = (double)(packet->pts + packet->duration) * av_q2d(stream->time_base);
    if (end_s > decoder->read_until_s) decoder->read_until_s = end_s;
}

/* Reads one packet of the video and gives it to the codec; at the end of the file the codec is told to
 * finish. */
static bool feed(struct decoder *decoder, struct error *err)
{
    AVPacket *const packet = decoder->packet;
    int got;
    while ((got = av_read_frame(decoder->source->format, packet)) >= 0) {
        note_end(decoder, packet);
        if (packet->stream_index == decoder->stream->index) break;
        av_packet_unref(packet);
    }
    if (got < 0 && got != AVERROR_EOF) return damaged(decoder, got, err);
    decoder->draining = got == AVERROR_EOF;
    if (!decoder->draining && (packet->flags & AV_PKT_FLAG_CORRUPT))
        return damaged(decoder, AVERROR_INVALIDDATA, err);
    got = avcodec_send_packet(decoder->codec, decoder->draining ? NULL : packet);
    av_packet_unref(packet);
    return got >= 0 || damaged(decoder, got, err);
}

bool decoder_next(struct decoder *decoder, const AVFrame **frame_out, struct error *err)
{
    int got;
    while ((got = avcodec_receive_frame(decoder->codec, decoder->frame)) == AVERROR(EAGAIN) &&
           !decoder->draining)
        if (!feed(decoder, err)) return false;
    *frame_out = NULL;
    if (got == AVERROR_EOF) return true;
    if (got < 0) return damaged(decoder, got, err);
    AVFrame *const frame = decoder->frame;
    if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT))
        return damaged(decoder, AVERROR_INVALIDDATA, err);
    if (frame->best_effort_timestamp != AV_NOPTS_VALUE)
        decoder->reached_s = (double)frame->best_effort_timestamp * av_q2d(decoder->stream->time_base);
    *frame_out = frame;
    return true;
}

void decoder_close(struct decoder *decoder)
{
    avcodec_free_context(&decoder->codec);
    av_packet_free(&decoder->packet);
    av_frame_free(&decoder->frame);
}
