#include "media/playback.h"

#include "media/filters.h"
#include "media/probe.h"

#include <math.h>

enum { END_S = 10, PEAK_S = 5 /* over so many seconds the peak is taken */ };

/* The names of RFC 6381 for H.264 (from its decoder configuration, ISO 14496-15) and AAC; NULL for what
 * players do not take as it is: other codecs, 10 bits, turned pictures, streams without a description of
 * their own. */
static const char *direct_video(const AVStream *stream, struct arena *mem)
{
    const AVCodecParameters *const codec = stream->codecpar;
    const bool plain = codec->format == AV_PIX_FMT_YUV420P || codec->format == AV_PIX_FMT_YUVJ420P;
    const uint8_t *const config = codec->extradata;
    if (codec->codec_id != AV_CODEC_ID_H264 || !plain || source_rotation(stream) != 0) return NULL;
    if (codec->extradata_size < 7 || config[0] != 1) return NULL;
    return arena_printf(mem, "avc1.%02x%02x%02x", config[1], config[2], config[3]);
}

static const char *direct_audio(const AVStream *stream)
{
    const AVCodecParameters *const codec = stream->codecpar;
    if (codec->codec_id != AV_CODEC_ID_AAC || codec->extradata_size < 2) return NULL;
    return codec->profile == FF_PROFILE_AAC_HE ? "mp4a.40.5" : "mp4a.40.2";
}

static double packet_end_s(const AVPacket *packet, const AVStream *stream)
{
    const int64_t at = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    return at == AV_NOPTS_VALUE ? 0 : (double)(at + packet->duration) * av_q2d(stream->time_base);
}

/* Where the latest packet of a stream that is played ends, from here on, in seconds; 0 when none comes. */
static double read_end(const struct source *source)
{
    const AVStream *const played[] = { source_video(source), source_audio(source) };
    const int64_t start = source->format->start_time;
    AVPacket *const packet = av_packet_alloc();
    double end_s = 0;
    while (packet && av_read_frame(source->format, packet) >= 0) {
        for (size_t i = 0; i < COUNT_OF(played); i++)
            if (played[i] && packet->stream_index == played[i]->index)
                end_s = fmax(end_s, packet_end_s(packet, played[i]));
        av_packet_unref(packet);
    }
    av_packet_free((AVPacket *[]){ packet });
    return fmax(0, end_s - (start == AV_NOPTS_VALUE ? 0 : (double)start / AV_TIME_BASE));
}

static bool go(const struct source *source, double at_s)
{
    const int64_t start = source->format->start_time;
    const int64_t at = llround(at_s * AV_TIME_BASE) + (start == AV_NOPTS_VALUE ? 0 : start);
    return av_seek_frame(source->format, -1, at, AVSEEK_FLAG_BACKWARD) >= 0;
}

/* 0: there is nothing in it, whatever the container says. */
static double real_duration_s(const struct source *source)
{
    const double claimed_s = source_duration_s(source);
    if (claimed_s > END_S && go(source, claimed_s - END_S)) {
        const double end_s = read_end(source);
        if (end_s > 0 || !go(source, 0)) return end_s;
    }
    return read_end(source);
}

/* From the places of the key frames in the file, which many containers list. */
static int64_t peak_rate(AVStream *stream, int64_t mean)
{
    int64_t peak = mean;
    const AVIndexEntry *begun = NULL;
    for (int i = 0; stream && i < avformat_index_get_entries_count(stream); i++) {
        const AVIndexEntry *const entry = avformat_index_get_entry(stream, i);
        if (!entry || !(entry->flags & AVINDEX_KEYFRAME)) continue;
        const double passed_s =
            begun ? (double)(entry->timestamp - begun->timestamp) * av_q2d(stream->time_base) : 0;
        if (begun && passed_s < PEAK_S) continue;
        if (begun) peak = llround(fmax((double)peak, (double)(entry->pos - begun->pos) * 8 / passed_s));
        begun = entry;
    }
    return peak;
}

bool playback_find(int from, struct arena *mem, struct playback *out, struct error *err)
{
    AUTO(source) struct source source = { 0 };
    if (!source_open(&source, from, err)) return false;
    AVStream *const video = source_video(&source), *const audio = source_audio(&source);
    if (!video && !audio) return fail(err, CAUSE_BAD_MEDIA, "the file has neither video nor sound in it");
    const char *const v = video ? direct_video(video, mem) : NULL, *const a =
                                                                       audio ? direct_audio(audio) : NULL;
    const char *const family = source.format->iformat->name;
    const bool timed = text_starts(family, "mov,") || text_starts(family, "matroska,");
    const AVRational rate =
        video ? filters_rate(video, PLAYBACK_FPS_MAX) : (AVRational){ FILTERS_SAMPLE_RATE / 128, 1024 / 128 };
    struct media_facts facts;
    probe_source(&source, &facts);
    *out = (struct playback){ .video = video,
                              .audio = audio,
                              .direct = timed && (v || !video) && (a || !audio),
                              .codecs = v && a ? arena_printf(mem, "%s,%s", v, a)
                                        : v    ? v
                                               : a,
                              .width = video ? filters_shown_size(video).width : 0,
                              .height = video ? filters_shown_size(video).height : 0,
                              .bit_rate = facts.bit_rate == INT_NONE ? 0 : facts.bit_rate,
                              .rate_num = rate.num,
                              .rate_den = rate.den };
    out->peak_bit_rate = peak_rate(video ? video : audio, out->bit_rate);
    out->duration_s = real_duration_s(&source);
    return out->duration_s > 0 || fail(err, CAUSE_BAD_MEDIA, "the file has nothing in it that can be played");
}
