#include "media/track.h"

#include "media/averror.h"

#include <libavutil/avstring.h>

static const AVCodec *decoder_for(const struct source *source, const AVStream *stream)
{
    const AVCodec *const with = stream ? avcodec_find_decoder(stream->codecpar->codec_id) : NULL;
    return with && av_match_name(with->name, source->format->codec_whitelist) ? with : NULL;
}

static void set_up(AVCodecContext *codec, const AVStream *stream, enum track_depth depth)
{
    const bool still = depth == TRACK_KEY || codec->codec_type == AVMEDIA_TYPE_AUDIO;
    codec->thread_count = still ? 1 : 2; /* key frames alone leave frame threads nothing to do */
    codec->max_pixels = SOURCE_MAX_PIXELS;
    codec->pkt_timebase = stream->time_base;
}

bool track_open(struct track *track, const struct source *source, AVStream *stream, enum track_depth depth,
                struct error *err)
{
    const AVCodec *const with = decoder_for(source, stream);
    *track = (struct track){ .damaged_s = -1 };
    if (!with) return true;
    AVCodecContext *const codec = track->codec = avcodec_alloc_context3(with);
    track->frame = av_frame_alloc();
    if (!codec || !track->frame) {
        track_close(track);
        return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to decode the file");
    }
    int got = avcodec_parameters_to_context(codec, stream->codecpar);
    set_up(codec, stream, depth);
    if (got >= 0) got = avcodec_open2(codec, with, NULL);
    if (got < 0) {
        track_close(track);
        return averror_fail(err, got, CAUSE_BAD_MEDIA, "the file cannot be decoded");
    }
    track->stream = stream;
    return true;
}

static void note_damage(struct track *track, const AVPacket *packet)
{
    if (track->damaged_s >= 0) return;
    track->damaged_s = 0;
    if (packet && packet->pts != AV_NOPTS_VALUE && packet->pts > 0)
        track->damaged_s = (double)packet->pts * av_q2d(track->stream->time_base);
}

void track_send(struct track *track, const AVPacket *packet)
{
    const int got = avcodec_send_packet(track->codec, packet);
    if ((got < 0 && got != AVERROR_EOF) || (packet && (packet->flags & AV_PKT_FLAG_CORRUPT)))
        note_damage(track, packet);
}

const AVFrame *track_next(struct track *track)
{
    const int got = avcodec_receive_frame(track->codec, track->frame);
    if (got < 0) {
        if (got != AVERROR(EAGAIN) && got != AVERROR_EOF) note_damage(track, NULL);
        return NULL;
    }
    track->frames++;
    return track->frame;
}

void track_flush(struct track *track) { avcodec_flush_buffers(track->codec); }

double track_time_s(const struct track *track, const AVFrame *frame)
{
    const int64_t start = track->stream->start_time == AV_NOPTS_VALUE ? 0 : track->stream->start_time;
    if (frame->best_effort_timestamp == AV_NOPTS_VALUE) return 0;
    return (double)(frame->best_effort_timestamp - start) * av_q2d(track->stream->time_base);
}

void track_close(struct track *track)
{
    avcodec_free_context(&track->codec);
    av_frame_free(&track->frame);
    track->stream = NULL;
}
