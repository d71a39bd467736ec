#include "media/verify.h"

#include "media/decoder.h"
#include "media/poster.h"
#include "media/probe.h"

#include <math.h>

/* What is learnt while the frames pass by. */
struct viewing {
    int64_t frames;
    double first_s, end_s, last_s;
    double luma_sum;
    int luma_peak;
    int width, height;
};

static double usual_frame_s(const AVStream *stream)
{
    const AVRational rate = source_frame_rate(stream);
    return rate.num ? 1 / av_q2d(rate) : 0.04;
}

static void note_time(struct viewing *seen, const struct decoder *decoder, const AVFrame *frame)
{
    const double unit_s = av_q2d(decoder->stream->time_base), usual_s = usual_frame_s(decoder->stream);
    const bool timed = frame->best_effort_timestamp != AV_NOPTS_VALUE;
    const double at_s = timed          ? (double)frame->best_effort_timestamp * unit_s
                        : seen->frames ? seen->end_s
                                       : 0;
    const double lasts_s = frame->pkt_duration > 0 ? (double)frame->pkt_duration * unit_s : usual_s;
    if (seen->frames == 0) seen->first_s = at_s;
    seen->last_s = at_s;
    seen->end_s = fmax(seen->end_s, at_s + lasts_s);
}

static bool note_size(struct viewing *seen, const AVFrame *frame, struct error *err)
{
    if (seen->frames == 0) {
        seen->width = frame->width;
        seen->height = frame->height;
    }
    if (seen->width == frame->width && seen->height == frame->height) return true;
    return fail(err, CAUSE_BAD_MEDIA, "the video changes its size from %dx%d to %dx%d", seen->width,
                seen->height, frame->width, frame->height);
}

static bool watch(struct decoder *decoder, struct viewing *seen, struct poster *poster, struct error *err)
{
    AUTO(luma_meter) struct luma_meter meter = { 0 };
    const double duration_s = source_duration_s(decoder->source);
    const AVFrame *frame;
    struct luma luma;
    for (;;) {
        if (!decoder_next(decoder, &frame, err)) return false;
        if (!frame) return true;
        if (!note_size(seen, frame, err) || !luma_measure(&meter, frame, &luma, err)) return false;
        note_time(seen, decoder, frame);
        const double progress = duration_s > 0 ? fmin(1, (seen->last_s - seen->first_s) / duration_s) : 0.5;
        if (!poster_consider(poster, frame, &luma, progress, err)) return false;
        seen->frames++;
        seen->luma_sum += luma.mean;
        if (luma.peak > seen->luma_peak) seen->luma_peak = luma.peak;
    }
}

/* The container tells where its last sample should end and how long it all should last. */
static bool check_complete(const struct decoder *decoder, const struct viewing *seen, struct error *err)
{
    const int entries = avformat_index_get_entries_count(decoder->stream);
    for (int i = 0; i < entries; i++) {
        const AVIndexEntry *const entry = avformat_index_get_entry(decoder->stream, i);
        if (entry && entry->pos + entry->size > decoder->source->size_bytes)
            return fail(err, CAUSE_BAD_MEDIA, "the video file is cut off: it ends before its last frame");
    }
    if (seen->frames == 0) return fail(err, CAUSE_BAD_MEDIA, "the video has no frames");
    const double start_s = decoder->source->format->start_time > 0
                               ? (double)decoder->source->format->start_time / AV_TIME_BASE
                               : 0;
    const double claimed_s = source_duration_s(decoder->source), found_s = decoder->read_until_s - start_s;
    if (found_s < claimed_s - 0.5 - claimed_s * 0.02)
        return fail(err, CAUSE_BAD_MEDIA, "the video file is cut off: it claims %.1f seconds and holds %.1f",
                    claimed_s, found_s);
    return true;
}

static bool check_expectations(const struct media_facts *facts, const struct verify_in *expect,
                               struct error *err)
{
    const int64_t width = expect->width > 0 ? expect->width : facts->width;
    const int64_t height = expect->height > 0 ? expect->height : facts->height;
    if (width != facts->width || height != facts->height)
        return fail(err, CAUSE_BAD_MEDIA, "the video is %dx%d and should be %dx%d", (int)facts->width,
                    (int)facts->height, (int)width, (int)height);
    if (expect->duration_s > 0 && fabs(expect->duration_s - facts->duration_s) > 1 / facts->fps + 0.001)
        return fail(err, CAUSE_BAD_MEDIA, "the video lasts %.2f seconds and should last %.2f",
                    facts->duration_s, expect->duration_s);
    if (expect->fps > 0 && fabs((double)expect->fps - facts->fps) > (double)expect->fps * 0.005)
        return fail(err, CAUSE_BAD_MEDIA, "the video has %.2f frames per second and should have %d",
                    facts->fps, (int)expect->fps);
    return true;
}

static void sum_up(const struct decoder *decoder, const struct viewing *seen, struct media_facts *out)
{
    const bool lying = source_rotation(decoder->stream) % 180 != 0;
    probe_source(decoder->source, out);
    out->width = lying ? seen->height : seen->width;
    out->height = lying ? seen->width : seen->height;
    out->frames = seen->frames;
    out->duration_s = seen->end_s - seen->first_s;
    out->fps = round((double)seen->frames / fmax(out->duration_s, 0.001) * 1000) /
               1000; /* 24, not 24.000000000000004 */
    out->mean_luma = seen->luma_sum / (double)seen->frames;
}

bool verify_video(int fd, const struct verify_in *expect, int poster_fd, struct media_facts *out,
                  struct error *err)
{
    AUTO(source) struct source source = { 0 };
    AUTO(decoder) struct decoder decoder = { 0 };
    AUTO(poster) struct poster poster = { 0 };
    struct viewing seen = { 0 };
    struct media_facts facts;
    if (!source_open(&source, fd, err) || !decoder_open(&decoder, &source, err) ||
        !watch(&decoder, &seen, &poster, err) || !check_complete(&decoder, &seen, err))
        return false;
    if (seen.luma_peak <= LUMA_BLACK_PEAK && !expect->allow_black)
        return fail(err, CAUSE_BAD_MEDIA, "the video is black from beginning to end");
    sum_up(&decoder, &seen, &facts);
    if (!check_expectations(&facts, expect, err)) return false;
    if (poster_fd >= 0 && !poster_write(&poster, source_rotation(decoder.stream), poster_fd, err))
        return false;
    *out = facts;
    return true;
}
