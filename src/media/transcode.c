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
    SAMPLE_RATE = 48000,
    FPS_USUAL = 30, /* of a source that does not tell */
    AAC_BITS = 160000,
    OPUS_BITS = 128000,
    GAIN_MAX_DB = 30,
    THREADS = 2,
};

static const double listening = 0.1; /* share of the progress bar */

struct work {
    struct source source;
    struct lane picture, sound;
    struct sink sink;
    const struct transcode_in *in;
    const struct transcode_watch *watch;
    double from, to; /* of the progress bar */
};

static void tell(const struct work *work, const AVPacket *packet, const char *stage)
{
    const double length_s = source_duration_s(&work->source);
    const AVRational base = work->source.format->streams[packet->stream_index]->time_base;
    if (!work->watch->tell || packet->pts == AV_NOPTS_VALUE || length_s <= 0) return;
    const double share = fmin(1, fmax(0, (double)packet->pts * av_q2d(base) / length_s));
    work->watch->tell(work->watch->with, work->from + (work->to - work->from) * share, stage);
}

/* ---- sizes and filters ---- */

struct size {
    int width, height;
};

static AVRational square(AVRational aspect)
{
    return aspect.num > 0 && aspect.den > 0 ? aspect : (AVRational){ 1, 1 };
}

/* As shown: upright, with square pixels. */
static struct size shown_size(const AVStream *stream)
{
    const struct size size = {
        (int)lrint(stream->codecpar->width * av_q2d(square(stream->codecpar->sample_aspect_ratio))),
        stream->codecpar->height
    };
    return source_rotation(stream) % 180 ? (struct size){ size.height, size.width } : size;
}

static int even(double pixels) { return (int)fmax(16, 2 * round(pixels / 2)); }

/* crop and pad fill the box; inside keeps the shape and never enlarges. */
static struct size result_size(const struct transcode_in *in, const AVStream *stream)
{
    const struct size shown = shown_size(stream);
    if (!text_is(in->fit, "inside")) return (struct size){ (int)in->width, (int)in->height };
    const double scale =
        fmin(1, fmin((double)in->width / shown.width, (double)in->height / shown.height));
    return (struct size){ even(shown.width * scale), even(shown.height * scale) };
}

static AVRational result_rate(const struct transcode_in *in, const AVStream *stream)
{
    const AVRational rate = source_frame_rate(stream), most = { (int)in->fps_max, 1 };
    const AVRational known = rate.num > 0 ? rate : (AVRational){ FPS_USUAL, 1 };
    return av_cmp_q(known, most) > 0 ? most : known;
}

static void add_picture_filters(struct lane *lane, const struct transcode_in *in, struct size size,
                                AVRational rate)
{
    static const char *const turns[] = { "", "transpose=clock,", "hflip,vflip,", "transpose=cclock," };
    const char *const how = text_is(in->fit, "crop") ? "increase" : "decrease";
    char box[96] = "", end[48] = "";
    if (text_is(in->fit, "crop")) snprintf(box, sizeof box, "crop=%d:%d,", size.width, size.height);
    if (text_is(in->fit, "pad"))
        snprintf(box, sizeof box, "pad=%d:%d:(ow-iw)/2:(oh-ih)/2,", size.width, size.height);
    if (!isnan(in->duration_max_s)) snprintf(end, sizeof end, ",trim=duration=%.3f", in->duration_max_s);
    snprintf(lane->filters, sizeof lane->filters,
             "scale=w=trunc(iw*if(sar\\,sar\\,1)/"
             "2)*2:h=ih,setsar=1,%sscale=%d:%d:flags=bicubic:force_original_aspect_ratio=%s:"
             "out_color_matrix=bt709:out_range=tv,%ssetsar=1,fps=%d/%d:start_time=0,format=yuv420p%s",
             turns[source_rotation(lane->track.stream) / 90], size.width, size.height,
             text_is(in->fit, "inside") ? "disable" : how, box, rate.num, rate.den, end);
}

/* `gain_db`: to the loudness that was asked for. Peaks that would clip are held back at -1.5 dBFS. */
static void add_sound_filters(struct lane *lane, const struct transcode_in *in, double gain_db)
{
    char gain[96] = "", end[48] = "";
    if (gain_db != 0)
        snprintf(gain, sizeof gain, ",volume=%.2fdB,alimiter=limit=0.84:attack=2:release=50:level=0",
                 gain_db);
    if (!isnan(in->duration_max_s)) snprintf(end, sizeof end, ",atrim=duration=%.3f", in->duration_max_s);
    snprintf(lane->filters, sizeof lane->filters,
             "aresample=%d:async=1:first_pts=0%s,aformat=sample_fmts=%s:channel_layouts=stereo%s",
             SAMPLE_RATE, gain, text_is(in->container, "webm") ? "flt" : "fltp", end);
}

/* ---- loudness ---- */

static bool hear(void *with, const AVFrame *frame, struct error *err)
{
    return loudness_add(with, (const float *)(const void *)frame->data[0], frame->nb_samples) ||
           fail(err, CAUSE_TOO_LARGE, "there is not enough memory to measure the loudness");
}

static bool read_all(struct work *work, const char *stage,
                     bool (*use)(struct work *, AVPacket *, struct error *), struct error *err)
{
    AVPacket *const packet = av_packet_alloc();
    if (!packet) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to convert the file");
    bool good = true;
    while (good && av_read_frame(work->source.format, packet) >= 0) {
        tell(work, packet, stage);
        good = use(work, packet, err);
        av_packet_unref(packet);
    }
    av_packet_free((AVPacket *[]){ packet });
    return good;
}

static bool feed_sound(struct work *work, AVPacket *packet, struct error *err)
{
    return packet->stream_index != work->sound.track.stream->index || lane_feed(&work->sound, packet, err);
}

/* Listens to all of it; the gain that brings it to the loudness asked for. Silence stays silent. */
static bool find_gain(int from, const struct transcode_in *in, const struct transcode_watch *watch,
                      double *gain_out, struct error *err)
{
    struct work work = { .in = in, .watch = watch, .from = 0, .to = listening };
    double heard = NAN, range, peak;
    if (!source_open(&work.source, from, err)) return false;
    struct loudness *const loudness = loudness_new(2, SAMPLE_RATE);
    snprintf(work.sound.filters, sizeof work.sound.filters,
             "aresample=%d,aformat=sample_fmts=flt:channel_layouts=stereo", SAMPLE_RATE);
    work.sound.take = hear;
    work.sound.with = loudness;
    bool good = loudness || fail(err, CAUSE_TOO_LARGE, "there is not enough memory to measure the loudness");
    good = good && lane_open(&work.sound, &work.source, source_audio(&work.source), err) &&
           read_all(&work, "listen", feed_sound, err) && lane_feed(&work.sound, NULL, err);
    if (good) loudness_find(loudness, &heard, &range, &peak);
    const double gain = in->loudness - heard;
    *gain_out = isnan(gain) ? 0 : fmin(GAIN_MAX_DB, fmax(-GAIN_MAX_DB, gain));
    loudness_close(loudness);
    lane_close(&work.sound);
    source_close(&work.source);
    return good;
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

static bool open_picture(struct work *work, AVStream *stream, struct error *err)
{
    struct lane *const lane = &work->picture;
    const bool webm = text_is(work->in->container, "webm");
    if (!stream) return true;
    if (!lane_open(lane, &work->source, stream, err)) return false;
    const struct size size = result_size(work->in, stream);
    const AVRational rate = result_rate(work->in, stream);
    add_picture_filters(lane, work->in, size, rate);
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
    (webm ? tune_vp9 : tune_x264)(encoder, work->in);
    return start_encoder(lane, work, err);
}

static bool open_sound(struct work *work, AVStream *stream, double gain_db, struct error *err)
{
    struct lane *const lane = &work->sound;
    const bool webm = text_is(work->in->container, "webm");
    if (!stream) return true;
    if (!lane_open(lane, &work->source, stream, err)) return false;
    add_sound_filters(lane, work->in, gain_db);
    AVCodecContext *const encoder = lane->encoder = new_encoder(webm ? "libopus" : "aac", err);
    if (!encoder) return false;
    encoder->sample_rate = SAMPLE_RATE;
    encoder->sample_fmt = webm ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP;
    av_channel_layout_default(&encoder->ch_layout, 2);
    encoder->time_base = (AVRational){ 1, SAMPLE_RATE };
    encoder->bit_rate = webm ? OPUS_BITS : AAC_BITS;
    return start_encoder(lane, work, err);
}

/* ---- the two ways ---- */

static bool convert_packet(struct work *work, AVPacket *packet, struct error *err)
{
    struct lane *const lanes[] = { &work->picture, &work->sound };
    for (size_t i = 0; i < COUNT_OF(lanes); i++)
        if (lanes[i]->track.stream && packet->stream_index == lanes[i]->track.stream->index)
            return lane_feed(lanes[i], packet, err);
    return true;
}

static bool convert(struct work *work, double gain_db, struct error *err)
{
    AVStream *const video = source_video(&work->source), *const audio = source_audio(&work->source);
    if (!video && !audio) return fail(err, CAUSE_BAD_MEDIA, "the file has neither video nor sound in it");
    if (!open_picture(work, video, err) || !open_sound(work, audio, gain_db, err) ||
        !sink_start(&work->sink, err) || !read_all(work, "convert", convert_packet, err) ||
        (video && !lane_feed(&work->picture, NULL, err)) || (audio && !lane_feed(&work->sound, NULL, err)))
        return false;
    return !video || work->picture.frames ||
           fail(err, CAUSE_BAD_MEDIA, "the video is damaged: not one picture of it can be decoded");
}

static bool copy_packet(struct work *work, AVPacket *packet, struct error *err)
{
    AVStream *const chosen[] = { source_video(&work->source), source_audio(&work->source) };
    int number = 0;
    for (size_t i = 0; i < COUNT_OF(chosen); i++) {
        if (!chosen[i]) continue;
        if (packet->stream_index == chosen[i]->index) {
            if (packet->dts == AV_NOPTS_VALUE || packet->pts == AV_NOPTS_VALUE) return true;
            return sink_put(&work->sink, packet, number, chosen[i]->time_base, err);
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

/* ---- what a player gets ---- */

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

bool playback_find(int from, struct arena *mem, struct playback *out, struct error *err)
{
    AUTO(source) struct source source = { 0 };
    if (!source_open(&source, from, err)) return false;
    const AVStream *const video = source_video(&source), *const audio = source_audio(&source);
    if (!video && !audio) return fail(err, CAUSE_BAD_MEDIA, "the file has neither video nor sound in it");
    const char *const v = video ? direct_video(video, mem) : NULL, *const a =
                                                                       audio ? direct_audio(audio) : NULL;
    const char *const family = source.format->iformat->name;
    const bool timed = text_starts(family, "mov,") || text_starts(family, "matroska,");
    struct media_facts facts;
    probe_source(&source, &facts);
    *out = (struct playback){ .video = video,
                              .audio = audio,
                              .direct = timed && (v || !video) && (a || !audio),
                              .codecs = v && a ? arena_printf(mem, "%s,%s", v, a) : v ? v : a,
                              .width = video ? shown_size(video).width : 0,
                              .height = video ? shown_size(video).height : 0,
                              .bit_rate = facts.bit_rate == INT_NONE ? 0 : facts.bit_rate };
    return true;
}
