#include "media/lane.h"

#include "media/averror.h"

#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/samplefmt.h>
#include <stdio.h>
#include <string.h>

bool lane_open(struct lane *lane, const struct source *source, AVStream *stream, struct error *err)
{
    lane->source = source;
    lane->frame = av_frame_alloc();
    lane->packet = av_packet_alloc();
    if (!lane->frame || !lane->packet)
        return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to convert the file");
    if (!track_open(&lane->track, source, stream, TRACK_ALL, err)) return false;
    return lane->track.stream ||
           fail(err, CAUSE_BAD_MEDIA, "a stream is coded as %s, which cannot be decoded here",
                avcodec_get_name(stream->codecpar->codec_id));
}

/* ---- the filters ---- */

static void describe(const struct lane *lane, const AVFrame *frame, char *out, size_t size_bytes)
{
    const AVRational base = lane->track.stream->time_base, aspect = frame->sample_aspect_ratio;
    char layout[64];
    AVChannelLayout channels = frame->ch_layout;
    if (frame->width) {
        snprintf(out, size_bytes, "video_size=%dx%d:pix_fmt=%d:time_base=%d/%d:pixel_aspect=%d/%d",
                 frame->width, frame->height, frame->format, base.num, base.den, aspect.num,
                 aspect.den ? aspect.den : 1);
        return;
    }
    if (channels.order == AV_CHANNEL_ORDER_UNSPEC) av_channel_layout_default(&channels, channels.nb_channels);
    av_channel_layout_describe(&channels, layout, sizeof layout);
    snprintf(out, size_bytes, "time_base=%d/%d:sample_rate=%d:sample_fmt=%d:channel_layout=%s", base.num,
             base.den, frame->sample_rate, frame->format, layout);
}

static int link_filters(struct lane *lane, const char *from, const char *to, const char *what)
{
    AVFilterInOut *outputs = avfilter_inout_alloc(), *inputs = avfilter_inout_alloc();
    int got = outputs && inputs ? 0 : AVERROR(ENOMEM);
    if (got >= 0)
        got = avfilter_graph_create_filter(&lane->from, avfilter_get_by_name(from), "in", what, NULL,
                                           lane->graph);
    if (got >= 0)
        got =
            avfilter_graph_create_filter(&lane->to, avfilter_get_by_name(to), "out", NULL, NULL, lane->graph);
    if (got >= 0) {
        *outputs = (AVFilterInOut){ .name = av_strdup("in"), .filter_ctx = lane->from };
        *inputs = (AVFilterInOut){ .name = av_strdup("out"), .filter_ctx = lane->to };
        got = avfilter_graph_parse_ptr(lane->graph, lane->filters, &inputs, &outputs, NULL);
    }
    avfilter_inout_free(&outputs);
    avfilter_inout_free(&inputs);
    return got >= 0 ? avfilter_graph_config(lane->graph, NULL) : got;
}

static bool build(struct lane *lane, const AVFrame *frame, struct error *err)
{
    char what[256];
    const bool picture = frame->width > 0;
    avfilter_graph_free(&lane->graph);
    lane->graph = avfilter_graph_alloc();
    if (!lane->graph) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to convert the file");
    lane->graph->nb_threads = 1;
    describe(lane, frame, what, sizeof what);
    const int got =
        link_filters(lane, picture ? "buffer" : "abuffer", picture ? "buffersink" : "abuffersink", what);
    if (got < 0) return averror_fail(err, got, CAUSE_BAD_MEDIA, "the stream cannot be converted");
    if (!picture && lane->encoder && lane->encoder->frame_size)
        av_buffersink_set_frame_size(lane->to, (unsigned)lane->encoder->frame_size);
    return true;
}

/* Whether the filters were made for frames like this one. */
static bool fits(const struct lane *lane, const AVFrame *frame)
{
    const AVFilterLink *const link = lane->graph ? lane->from->outputs[0] : NULL;
    return link && link->format == frame->format && link->w == frame->width && link->h == frame->height &&
           link->sample_rate == frame->sample_rate &&
           (frame->width || link->ch_layout.nb_channels == frame->ch_layout.nb_channels);
}

/* ---- what comes out ---- */

static bool write_packets(struct lane *lane, struct error *err)
{
    int got;
    while ((got = avcodec_receive_packet(lane->encoder, lane->packet)) >= 0) {
        if (lane->encoder->codec_type == AVMEDIA_TYPE_VIDEO && !lane->packet->duration)
            lane->packet->duration = 1;
        if (lane->packet->pts < lane->span.begin || lane->packet->pts >= lane->span.end)
            av_packet_unref(lane->packet);
        else if (!sink_put(lane->sink, lane->packet, lane->number, lane->encoder->time_base, err))
            return false;
    }
    return got == AVERROR(EAGAIN) || got == AVERROR_EOF ||
           averror_fail(err, got, CAUSE_INTERNAL, "the encoder failed");
}

/* NULL ends the stream. */
static bool encode(struct lane *lane, AVFrame *frame, struct error *err)
{
    if (frame) {
        frame->pts =
            av_rescale_q(frame->pts, av_buffersink_get_time_base(lane->to), lane->encoder->time_base);
        frame->pict_type = AV_PICTURE_TYPE_NONE;
    }
    const int got = avcodec_send_frame(lane->encoder, frame);
    if (got < 0) return averror_fail(err, got, CAUSE_INTERNAL, "the encoder failed");
    return write_packets(lane, err);
}

static bool pull(struct lane *lane, struct error *err)
{
    bool good = true;
    int got = 0;
    while (good && (got = av_buffersink_get_frame(lane->to, lane->frame)) >= 0) {
        lane->frames++;
        good = lane->encoder ? encode(lane, lane->frame, err) : lane->take(lane->with, lane->frame, err);
        av_frame_unref(lane->frame);
    }
    lane->over = got == AVERROR_EOF;
    return good && (got == AVERROR(EAGAIN) || got == AVERROR_EOF ||
                    averror_fail(err, got, CAUSE_BAD_MEDIA, "the stream cannot be converted"));
}

/* In the stream's time base. Without it the filters take the last picture for one of no length. */
static int64_t frame_length(const struct lane *lane, const AVFrame *frame)
{
    const AVRational rate = source_frame_rate(lane->track.stream);
    if (frame->pkt_duration > 0) return frame->pkt_duration;
    return frame->width && rate.num > 0 ? av_rescale_q(1, av_inv_q(rate), lane->track.stream->time_base) : 0;
}

static bool push(struct lane *lane, const AVFrame *decoded, struct error *err)
{
    const AVRational base = lane->track.stream->time_base;
    const int64_t start = lane->source->format->start_time;
    if (decoded->best_effort_timestamp == AV_NOPTS_VALUE || lane->over) return true;
    if (!fits(lane, decoded) && !build(lane, decoded, err)) return false;
    AVFrame *const frame = av_frame_clone(decoded);
    if (!frame) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to convert the file");
    frame->pts = decoded->best_effort_timestamp -
                 (start == AV_NOPTS_VALUE ? 0 : av_rescale_q(start, AV_TIME_BASE_Q, base));
    if (lane->encoder && frame->width && !lane->received++)
        frame->pts = FFMIN(frame->pts, av_rescale_q(lane->span.begin, lane->encoder->time_base, base));
    lane->end = frame->pts + frame_length(lane, frame);
    const int got = av_buffersrc_add_frame(lane->from, frame);
    av_frame_free((AVFrame *[]){ frame });
    if (got < 0) return averror_fail(err, got, CAUSE_BAD_MEDIA, "the stream cannot be converted");
    return pull(lane, err);
}

static void make_black(AVFrame *frame)
{
    for (int plane = 0; plane < 3; plane++)
        memset(frame->data[plane], plane ? 128 : 16,
               (size_t)frame->linesize[plane] * (size_t)(plane ? (frame->height + 1) / 2 : frame->height));
}

/* A black picture, or a moment of silence, where the span begins. */
static bool push_nothing(struct lane *lane, struct error *err)
{
    const AVCodecParameters *const codec = lane->track.stream->codecpar;
    const int64_t start = lane->source->format->start_time;
    const AVRational base = lane->track.stream->time_base;
    const bool picture = codec->codec_type == AVMEDIA_TYPE_VIDEO;
    AVFrame *const frame = av_frame_alloc();
    if (!frame) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to convert the file");
    frame->width = picture ? codec->width : 0;
    frame->height = picture ? codec->height : 0;
    frame->format = picture ? (int)AV_PIX_FMT_YUV420P : (int)AV_SAMPLE_FMT_FLTP;
    if (!picture) av_channel_layout_default(&frame->ch_layout, 2);
    frame->sample_rate = picture ? 0 : lane->encoder->sample_rate;
    frame->nb_samples = picture ? 0 : 1024;
    const int got = av_frame_get_buffer(frame, 0);
    if (got >= 0 && picture) make_black(frame);
    if (got >= 0 && !picture) av_samples_set_silence(frame->data, 0, 1024, 2, AV_SAMPLE_FMT_FLTP);
    frame->best_effort_timestamp = av_rescale_q(lane->span.begin, lane->encoder->time_base, base) +
                                   (start == AV_NOPTS_VALUE ? 0 : av_rescale_q(start, AV_TIME_BASE_Q, base));
    const bool good = got >= 0 ? push(lane, frame, err)
                               : averror_fail(err, got, CAUSE_TOO_LARGE, "the stream cannot be converted");
    av_frame_free((AVFrame *[]){ frame });
    return good;
}

bool lane_feed(struct lane *lane, const AVPacket *packet, struct error *err)
{
    const AVFrame *decoded;
    if (lane->over && packet) return true;
    track_send(&lane->track, packet);
    while ((decoded = track_next(&lane->track)))
        if (!push(lane, decoded, err)) return false;
    if (packet) return true;
    if (!lane->graph && lane->span.full && !push_nothing(lane, err)) return false;
    if (lane->graph && !lane->over && av_buffersrc_close(lane->from, lane->end, 0) >= 0 && !pull(lane, err))
        return false;
    return !lane->encoder || encode(lane, NULL, err);
}

void lane_close(struct lane *lane)
{
    avcodec_free_context(&lane->encoder);
    avfilter_graph_free(&lane->graph);
    av_frame_free(&lane->frame);
    av_packet_free(&lane->packet);
    track_close(&lane->track);
}
