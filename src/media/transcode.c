#include "media/transcode.h"

#include "base/text.h"
#include "media/averror.h"
#include "media/lane.h"
#include "media/loudness.h"
#include "media/probe.h"

#include <libavutil/opt.h>
#include <math.h>
#include <stdio.h>

enum {
    SAMPLE_RATE = FILTERS_SAMPLE_RATE,
    AAC_SAMPLES = 1024, /* of a packet */
    RUN_UP = 8,         /* packets before a piece that bring the codec to where it would be by then */
    FOLLOW_UP = 2,      /* and behind it, which it looks at to decide */
    AAC_BITS = 160000,
    OPUS_BITS = 128000,
    GAIN_MAX_DB = 30,
    LOOKS_MAX = 3,
    THREADS = 2,
};

#define NEAR_LU 0.1 /* as loud as asked for */

static const double listening = 0.1; /* share of the progress bar */

struct work {
    struct source source;
    struct lane picture, sound;
    struct sink sink;
    const struct transcode_in *in;
    const struct transcode_watch *watch;
    double from, to;       /* of the progress bar */
    bool piece;            /* only from picture `begin` to `end` */
    int undated;           /* packets of the picture without a decoding time, so far */
    int64_t first, length; /* when the first of them is shown and how long */
};

static void tell(const struct work *work, const AVPacket *packet, const char *stage)
{
    const double length_s = source_duration_s(&work->source);
    const AVRational base = work->source.format->streams[packet->stream_index]->time_base;
    if (!work->watch->tell || packet->pts == AV_NOPTS_VALUE || length_s <= 0) return;
    const double share = fmin(1, fmax(0, (double)packet->pts * av_q2d(base) / length_s));
    work->watch->tell(work->watch->with, work->from + (work->to - work->from) * share, stage);
}

/* ---- loudness ---- */

static bool hear(void *with, const AVFrame *frame, struct error *err)
{
    return loudness_add(with, (const float *)(const void *)frame->data[0], frame->nb_samples) ||
           fail(err, CAUSE_TOO_LARGE, "there is not enough memory to measure the loudness");
}

/* Whether nothing that may still come is wanted. */
static bool complete(const struct work *work)
{
    const bool picture = work->picture.track.stream, sound = work->sound.track.stream;
    return (picture || sound) && (!picture || work->picture.over) && (!sound || work->sound.over);
}

static bool read_all(struct work *work, const char *stage,
                     bool (*use)(struct work *, AVPacket *, struct error *), struct error *err)
{
    AVPacket *const packet = av_packet_alloc();
    if (!packet) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to convert the file");
    bool good = true;
    while (good && !complete(work) && av_read_frame(work->source.format, packet) >= 0) {
        tell(work, packet, stage);
        good = use(work, packet, err);
        av_packet_unref(packet);
    }
    av_packet_free((AVPacket *[]){ packet });
    return good;
}

/* The part of the sound that is wanted, in samples. */
static struct span sound_span(const struct transcode_in *in)
{
    const bool all = isnan(in->duration_max_s);
    return (struct span){ 0, all ? INT64_MAX : llround(in->duration_max_s * SAMPLE_RATE), false };
}

static bool feed_sound(struct work *work, AVPacket *packet, struct error *err)
{
    return packet->stream_index != work->sound.track.stream->index || lane_feed(&work->sound, packet, err);
}

/* Listens to it, changed by `gain_db`: its loudness and true peak. */
static bool listen(int from, const struct transcode_in *in, const struct transcode_watch *watch,
                   double gain_db, double *heard_out, double *peak_out, struct error *err)
{
    struct work work = { .in = in, .watch = watch, .from = 0, .to = listening };
    const struct span span = sound_span(in);
    double range;
    if (!source_open(&work.source, from, err)) return false;
    struct loudness *const loudness = loudness_new(2, SAMPLE_RATE);
    filters_sound(gain_db, AV_SAMPLE_FMT_FLT, &span, work.sound.filters);
    work.sound.take = hear;
    work.sound.with = loudness;
    bool good = loudness || fail(err, CAUSE_TOO_LARGE, "there is not enough memory to measure the loudness");
    good = good && lane_open(&work.sound, &work.source, source_audio(&work.source), err) &&
           read_all(&work, "listen", feed_sound, err) && lane_feed(&work.sound, NULL, err);
    if (good) loudness_find(loudness, heard_out, &range, peak_out);
    loudness_close(loudness);
    lane_close(&work.sound);
    source_close(&work.source);
    return good;
}

/* The gain that brings it to the loudness asked for. Where peaks are held back it takes another look, because
 * that makes it softer. Silence stays silent. */
static bool find_gain(int from, const struct transcode_in *in, const struct transcode_watch *watch,
                      double *gain_out, struct error *err)
{
    double gain = 0, heard = NAN, peak = NAN;
    for (int look = 0; look < LOOKS_MAX; look++) {
        if (!listen(from, in, watch, gain, &heard, &peak, err)) return false;
        if (!isfinite(heard)) break;
        const double more = in->loudness - heard;
        gain = fmin(GAIN_MAX_DB, fmax(-GAIN_MAX_DB, gain + more));
        if (fabs(more) < NEAR_LU || (look == 0 && !(peak + gain > FILTERS_PEAK_DB))) break;
    }
    *gain_out = gain;
    return true;
}

/* ---- codecs ---- */

static AVCodecContext *new_encoder(const char *name, struct error *err)
{
    const AVCodec *const codec = avcodec_find_encoder_by_name(name);
    AVCodecContext *const encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!encoder) fail(err, CAUSE_UNAVAILABLE, "this installation's libavcodec has no %s encoder", name);
    if (encoder) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
    return encoder;
}

static void tune_x264(AVCodecContext *encoder, const struct transcode_in *in)
{
    av_opt_set(encoder->priv_data, "preset", "veryfast", 0);
    av_opt_set(encoder->priv_data, "profile", "high", 0);
    av_opt_set_double(encoder->priv_data, "crf", 21, 0);
    av_opt_set(encoder->priv_data, "x264-params", "scenecut=0", 0); /* segments of one length */
    encoder->rc_max_rate = in->bit_rate;
    encoder->rc_buffer_size = (int)fmin(INT32_MAX, 2.0 * (double)in->bit_rate);
    if (in->level != INT_NONE) encoder->level = (int)in->level;
}

/* Pictures leave in the order they are shown, so that pieces meet in decoding time too; what flows in a
 * second bounds what a piece can be larger than its share. */
static void tune_piece(AVCodecContext *encoder, const struct transcode_in *in)
{
    tune_x264(encoder, in);
    encoder->max_b_frames = 0;
    encoder->rc_buffer_size = (int)in->bit_rate;
}

static void tune_vp9(AVCodecContext *encoder, const struct transcode_in *in)
{
    av_opt_set(encoder->priv_data, "deadline", "realtime", 0);
    av_opt_set_int(encoder->priv_data, "cpu-used", 6, 0);
    av_opt_set_int(encoder->priv_data, "row-mt", 1, 0);
    encoder->bit_rate = in->bit_rate;
}

static bool start_encoder(struct lane *lane, struct work *work, struct error *err)
{
    AVCodecParameters *const parameters = avcodec_parameters_alloc();
    int got = parameters ? avcodec_open2(lane->encoder, lane->encoder->codec, NULL) : AVERROR(ENOMEM);
    if (got >= 0) got = avcodec_parameters_from_context(parameters, lane->encoder);
    const bool good = got >= 0
                          ? sink_add(&work->sink, parameters, lane->encoder->time_base, &lane->number, err)
                          : averror_fail(err, got, CAUSE_INTERNAL, "the encoder does not start");
    avcodec_parameters_free((AVCodecParameters *[]){ parameters });
    lane->sink = &work->sink;
    return good;
}

static struct span picture_span(const struct work *work, AVRational rate)
{
    const struct transcode_in *const in = work->in;
    if (work->piece) return (struct span){ in->begin, in->end, true };
    const bool all = isnan(in->duration_max_s);
    return (struct span){ 0, all ? INT64_MAX : llround(in->duration_max_s * av_q2d(rate)), false };
}

static bool open_picture(struct work *work, AVStream *stream, struct error *err)
{
    struct lane *const lane = &work->picture;
    const bool webm = text_is(work->in->container, "webm");
    if (!stream) return true;
    if (!lane_open(lane, &work->source, stream, err)) return false;
    const struct size size = filters_size(work->in, stream);
    const AVRational rate = work->piece ? (AVRational){ (int)work->in->rate_num, (int)work->in->rate_den }
                                        : filters_rate(stream, work->in->fps_max);
    lane->span = picture_span(work, rate);
    filters_picture(work->in, stream, rate, &lane->span, lane->filters);
    AVCodecContext *const encoder = lane->encoder = new_encoder(webm ? "libvpx-vp9" : "libx264", err);
    if (!encoder) return false;
    encoder->width = size.width;
    encoder->height = size.height;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->sample_aspect_ratio = (AVRational){ 1, 1 };
    encoder->time_base = av_inv_q(rate);
    encoder->framerate = rate;
    encoder->thread_count = THREADS;
    encoder->gop_size = (int)lrint(2 * av_q2d(rate)); /* a third of a segment */
    encoder->color_primaries = AVCOL_PRI_BT709;
    encoder->color_trc = AVCOL_TRC_BT709;
    encoder->colorspace = AVCOL_SPC_BT709;
    encoder->color_range = AVCOL_RANGE_MPEG;
    (webm ? tune_vp9 : work->piece ? tune_piece : tune_x264)(encoder, work->in);
    return start_encoder(lane, work, err);
}

/* The packets of a piece are those that begin in it. */
static struct span piece_sound_span(const struct transcode_in *in)
{
    const int64_t up = in->rate_den * SAMPLE_RATE, down = in->rate_num * AAC_SAMPLES;
    return (struct span){ AAC_SAMPLES * av_rescale_rnd(in->begin, up, down, AV_ROUND_UP),
                          AAC_SAMPLES * av_rescale_rnd(in->end, up, down, AV_ROUND_UP), true };
}

/* What the codec hears of a piece is more than what is kept, so that its overlapping windows meet. */
static void set_sound_spans(struct work *work, double gain_db)
{
    struct lane *const lane = &work->sound;
    const bool webm = text_is(work->in->container, "webm");
    struct span heard = sound_span(work->in);
    lane->span = (struct span){ INT64_MIN, INT64_MAX, false };
    if (work->piece) {
        lane->span = piece_sound_span(work->in);
        heard.begin = FFMAX(0, lane->span.begin - RUN_UP * AAC_SAMPLES);
        heard.end = lane->span.end + FOLLOW_UP * AAC_SAMPLES;
        heard.full = true;
    }
    filters_sound(gain_db, webm ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP, &heard, lane->filters);
}

static bool open_sound(struct work *work, AVStream *stream, double gain_db, struct error *err)
{
    struct lane *const lane = &work->sound;
    const bool webm = text_is(work->in->container, "webm");
    if (!stream) return true;
    if (!lane_open(lane, &work->source, stream, err)) return false;
    set_sound_spans(work, gain_db);
    AVCodecContext *const encoder = lane->encoder = new_encoder(webm ? "libopus" : "aac", err);
    if (!encoder) return false;
    encoder->sample_rate = SAMPLE_RATE;
    encoder->sample_fmt = webm ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP;
    av_channel_layout_default(&encoder->ch_layout, 2);
    encoder->time_base = (AVRational){ 1, SAMPLE_RATE };
    encoder->bit_rate = webm ? OPUS_BITS : AAC_BITS;
    return start_encoder(lane, work, err);
}

/* ---- the ways ---- */

static bool convert_packet(struct work *work, AVPacket *packet, struct error *err)
{
    struct lane *const lanes[] = { &work->picture, &work->sound };
    for (size_t i = 0; i < COUNT_OF(lanes); i++)
        if (lanes[i]->track.stream && packet->stream_index == lanes[i]->track.stream->index)
            return lane_feed(lanes[i], packet, err);
    return true;
}

static bool open_lanes(struct work *work, double gain_db, struct error *err)
{
    AVStream *const video = source_video(&work->source), *const audio = source_audio(&work->source);
    if (!video && !audio) return fail(err, CAUSE_BAD_MEDIA, "the file has neither video nor sound in it");
    return open_picture(work, video, err) && open_sound(work, audio, gain_db, err) &&
           sink_start(&work->sink, err);
}

static bool run_lanes(struct work *work, struct error *err)
{
    return read_all(work, "convert", convert_packet, err) &&
           (!work->picture.track.stream || lane_feed(&work->picture, NULL, err)) &&
           (!work->sound.track.stream || lane_feed(&work->sound, NULL, err));
}

static bool convert(struct work *work, double gain_db, struct error *err)
{
    if (!open_lanes(work, gain_db, err) || !run_lanes(work, err)) return false;
    return !work->picture.track.stream || work->picture.frames ||
           fail(err, CAUSE_BAD_MEDIA, "the video is damaged: not one picture of it can be decoded");
}

/* Matroska has no decoding times, and libav finds none for the packets before the first picture is due: they
 * are due that many pictures earlier. False: it stays without. */
static bool date(struct work *work, const AVStream *stream, AVPacket *packet)
{
    if (packet->pts == AV_NOPTS_VALUE || packet->dts != AV_NOPTS_VALUE) return packet->pts != AV_NOPTS_VALUE;
    const int early = stream->codecpar->video_delay - work->undated;
    if (work->undated++ == 0) {
        work->first = packet->pts;
        work->length = FFMAX(1, packet->duration);
    }
    packet->dts = work->first - early * work->length;
    return early > 0;
}

static bool copy_packet(struct work *work, AVPacket *packet, struct error *err)
{
    AVStream *const chosen[] = { source_video(&work->source), source_audio(&work->source) };
    int number = 0;
    for (size_t i = 0; i < COUNT_OF(chosen); i++) {
        if (!chosen[i]) continue;
        if (packet->stream_index == chosen[i]->index) {
            return !date(work, chosen[i], packet) ||
                   sink_put(&work->sink, packet, number, chosen[i]->time_base, err);
        }
        number++;
    }
    return true;
}

/* The streams as they are in another container. */
static bool copy(struct work *work, struct error *err)
{
    const AVStream *const chosen[] = { source_video(&work->source), source_audio(&work->source) };
    int number;
    for (size_t i = 0; i < COUNT_OF(chosen); i++)
        if (chosen[i] && !sink_add(&work->sink, chosen[i]->codecpar, chosen[i]->time_base, &number, err))
            return false;
    return sink_start(&work->sink, err) && read_all(work, "copy", copy_packet, err);
}

bool transcode_file(int from, const struct transcode_in *in, int to, int index,
                    const struct transcode_watch *watch, struct media_facts *facts_out, struct error *err)
{
    struct work work = { .in = in, .watch = watch, .from = isnan(in->loudness) ? 0 : listening, .to = 1 };
    double gain_db = 0;
    if (!source_open(&work.source, from, err)) return false;
    bool good =
        isnan(in->loudness) || !source_audio(&work.source) || find_gain(from, in, watch, &gain_db, err);
    good = good && sink_open(&work.sink, in->container, to, index, err) &&
           (in->copy ? copy(&work, err) : convert(&work, gain_db, err)) && sink_finish(&work.sink, err);
    lane_close(&work.picture);
    lane_close(&work.sound);
    sink_close(&work.sink);
    source_close(&work.source);
    return good && probe_file(to, facts_out, err);
}

/* ---- a piece of it ---- */

/* Whether reading goes on at or before this time, with the picture at a key frame. Reads a little. */
static bool begins_by(struct source *source, double at_s)
{
    const AVStream *const video = source_video(source), *const leader = video ? video : source_audio(source);
    AVPacket *const packet = av_packet_alloc();
    bool good = false, found = false;
    while (packet && !found && av_read_frame(source->format, packet) >= 0) {
        found = packet->stream_index == leader->index;
        if (found)
            good = packet->flags & AV_PKT_FLAG_KEY && packet->pts != AV_NOPTS_VALUE &&
                   (double)packet->pts * av_q2d(leader->time_base) <= at_s;
        av_packet_unref(packet);
    }
    av_packet_free((AVPacket *[]){ packet });
    return good;
}

/* Goes to a key frame some time before, further back where the container's seeking is not exact; at last to
 * the beginning. */
static bool go(struct source *source, int from, double at_s, struct error *err)
{
    static const double back_s[] = { 0.5, 4, 16, 64 };
    const int64_t start = source->format->start_time == AV_NOPTS_VALUE ? 0 : source->format->start_time;
    for (size_t i = 0; i < COUNT_OF(back_s) && at_s > back_s[i]; i++) {
        const int64_t at = start + llround((at_s - back_s[i]) * AV_TIME_BASE);
        if (av_seek_frame(source->format, -1, at, AVSEEK_FLAG_BACKWARD) >= 0 &&
            begins_by(source, (double)at / AV_TIME_BASE) &&
            av_seek_frame(source->format, -1, at, AVSEEK_FLAG_BACKWARD) >= 0)
            return true;
    }
    source_close(source);
    return source_open(source, from, err);
}

bool transcode_segment(int from, const struct transcode_in *in, int to, struct media_facts *facts_out,
                       struct error *err)
{
    static const struct transcode_watch nobody = { NULL, NULL };
    struct work work = { .in = in, .watch = &nobody, .piece = true };
    const double at_s = (double)in->begin * (double)in->rate_den / (double)in->rate_num;
    if (!source_open(&work.source, from, err)) return false;
    bool good = (in->end == 0 || go(&work.source, from, at_s, err)) &&
                sink_open(&work.sink, in->end ? "piece" : "head", to, -1, err) && open_lanes(&work, 0, err) &&
                (in->end == 0 || run_lanes(&work, err)) && sink_finish(&work.sink, err);
    shape_init(&media_facts_shape, facts_out);
    facts_out->format = "mp4";
    facts_out->frames = work.picture.frames;
    lane_close(&work.picture);
    lane_close(&work.sound);
    sink_close(&work.sink);
    source_close(&work.source);
    return good;
}
