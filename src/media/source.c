#include "media/source.h"

#include "media/averror.h"
#include "media/fdio.h"

#include <assert.h>
#include <errno.h>
#include <libavutil/display.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTAINERS "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,mp3,wav,flac,aac,aiff,w64,caf"
#define CODECS                                                                                               \
    "h264,hevc,vp8,vp9,libdav1d,av1,mpeg1video,mpeg2video,mpeg4,h263,mjpeg,prores,dnxhd,theora,ffv1,"        \
    "flv,aac,mp3float,mp3,mp2float,mp2,ac3,eac3,opus,vorbis,flac,alac,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le," \
    "pcm_s24be,"                                                                                             \
    "pcm_s32le,pcm_s32be,pcm_f32be,pcm_f64be,pcm_f32le,pcm_f64le,pcm_mulaw,pcm_alaw"

static bool open_container(struct source *source, struct error *err)
{
    AVFormatContext *const format = source->format = avformat_alloc_context();
    if (!format) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to open the media file");
    fdio_confine(format);
    format->pb = source->io;
    format->max_streams = SOURCE_COUNTED_STREAMS;
    format->probesize = SOURCE_PROBE_BYTES;
    format->format_probesize = 1 << 20;
    format->max_analyze_duration = SOURCE_PROBE_DURATION_US;
    format->max_probe_packets = 500;
    format->error_recognition = AV_EF_CRCCHECK;
    AVDictionary *options = NULL;
    av_dict_set(&options, "format_whitelist", CONTAINERS, 0);
    av_dict_set(&options, "codec_whitelist", CODECS, 0);
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    const int got = avformat_open_input(&source->format, NULL, NULL, &options);
    av_dict_free(&options);
    if (got >= 0) return true;
    if (got == AVERROR(EINVAL) || got == AVERROR_INVALIDDATA)
        return fail(err, CAUSE_BAD_MEDIA,
                    "the file is not a video or sound file that can be read, or it is damaged");
    return averror_fail(err, got, CAUSE_BAD_MEDIA, "the file cannot be read as a video or sound file");
}

/* Who reads on may find more streams, as in MPEG-TS; those are bounded, too. */
static bool check_streams(struct source *source, struct error *err)
{
    source->format->max_streams = SOURCE_MAX_STREAMS;
    const unsigned streams = source->format->nb_streams;
    return streams <= SOURCE_MAX_STREAMS ||
           fail(err, CAUSE_TOO_LARGE, "the file has %u streams; at most %d are taken", streams,
                SOURCE_MAX_STREAMS);
}

/* The streams' own words may need a few decoded frames, so the decoders get the limits here as well. */
static bool read_stream_info(struct source *source, struct error *err)
{
    AVDictionary *per_stream[SOURCE_MAX_STREAMS] = { 0 };
    const unsigned streams = source->format->nb_streams;
    assert(streams <= SOURCE_MAX_STREAMS);
    for (unsigned i = 0; i < streams; i++)
        av_dict_set_int(&per_stream[i], "max_pixels", SOURCE_MAX_PIXELS, 0);
    const int got = avformat_find_stream_info(source->format, per_stream);
    for (unsigned i = 0; i < streams; i++) av_dict_free(&per_stream[i]);
    return got >= 0 ||
           averror_fail(err, got, CAUSE_BAD_MEDIA, "the file's video and sound cannot be understood");
}

/* An EBML file names its document type in its first bytes. */
static bool says_webm(int fd)
{
    char first[64];
    const ssize_t got = pread(fd, first, sizeof first, 0);
    return got > 4 && memcmp(first, "\x1a\x45\xdf\xa3", 4) == 0 && memmem(first, (size_t)got, "webm", 4);
}

static bool is_cover(const AVStream *stream)
{
    return stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS);
}

static bool check_limits(const struct source *source, struct error *err)
{
    for (unsigned i = 0; i < source->format->nb_streams; i++) {
        const AVCodecParameters *const codec = source->format->streams[i]->codecpar;
        if (is_cover(source->format->streams[i])) continue; /* whoever shows it looks at its size */
        if ((int64_t)codec->width * codec->height > SOURCE_MAX_PIXELS)
            return fail(err, CAUSE_TOO_LARGE, "the picture of %dx%d is larger than 100 million pixels",
                        codec->width, codec->height);
    }
    if (source_duration_s(source) > SOURCE_MAX_DURATION_S)
        return fail(err, CAUSE_TOO_LARGE, "the file claims to be longer than 24 hours");
    return true;
}

/* A fragmented file has no samples in its header, and so no frame rate; sound alone costs nothing to read. */
static bool says_all(const AVStream *stream)
{
    const AVCodecParameters *const codec = stream->codecpar;
    const bool cover = stream->disposition & AV_DISPOSITION_ATTACHED_PIC;
    if (codec->codec_type == AVMEDIA_TYPE_VIDEO && !cover)
        return codec->codec_id != AV_CODEC_ID_NONE && codec->width > 0 && codec->height > 0 &&
               stream->nb_frames > 0 && stream->duration > 0 && stream->avg_frame_rate.num > 0;
    if (codec->codec_type == AVMEDIA_TYPE_AUDIO)
        return codec->codec_id != AV_CODEC_ID_NONE && codec->sample_rate > 0 &&
               codec->ch_layout.nb_channels > 0 && stream->duration > 0;
    return true;
}

static bool header_says_all(const struct source *source)
{
    const AVFormatContext *const format = source->format;
    if (strncmp(format->iformat->name, "mov,", 4) != 0 || format->duration <= 0 || !source_video(source))
        return false;
    for (unsigned i = 0; i < format->nb_streams; i++)
        if (!says_all(format->streams[i])) return false;
    return true;
}

static bool open_source(struct source *source, int fd, bool skim, struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0) return fail_errno(err, errno, "the media file cannot be read");
    if (info.st_size == 0) return fail(err, CAUSE_BAD_MEDIA, "the media file is empty");
    *source = (struct source){ .size_bytes = info.st_size, .is_webm = says_webm(fd) };
    if (fdio_open(fd, false, &source->io, err) && open_container(source, err) && check_streams(source, err) &&
        ((skim && header_says_all(source)) || read_stream_info(source, err)) && check_limits(source, err))
        return true;
    source_close(source);
    return false;
}

bool source_open(struct source *source, int fd, struct error *err)
{
    return open_source(source, fd, false, err);
}

bool source_skim(struct source *source, int fd, struct error *err)
{
    return open_source(source, fd, true, err);
}

bool source_learn(AVStream *stream, const AVCodecContext *codec, struct error *err)
{
    return avcodec_parameters_from_context(stream->codecpar, codec) >= 0 ||
           fail(err, CAUSE_TOO_LARGE, "there is not enough memory to describe the file");
}

AVStream *source_video(const struct source *source)
{
    for (unsigned i = 0; i < source->format->nb_streams; i++) {
        AVStream *const stream = source->format->streams[i];
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_cover(stream)) return stream;
    }
    return NULL;
}

AVStream *source_audio(const struct source *source)
{
    const int best = av_find_best_stream(source->format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    return best < 0 ? NULL : source->format->streams[best];
}

/* The display matrix turns anticlockwise by its angle. */
int source_rotation(const AVStream *stream)
{
    const uint8_t *const matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
    const double angle = matrix ? av_display_rotation_get((const int32_t *)(const void *)matrix) : 0;
    if (isnan(angle)) return 0;
    return ((int)lround(-angle / 90) % 4 + 4) % 4 * 90;
}

AVRational source_frame_rate(const AVStream *stream)
{
    const AVRational mean = stream->avg_frame_rate, guess = stream->r_frame_rate;
    if (mean.num > 0 && mean.den > 0) return mean;
    return guess.num > 0 && guess.den > 0 ? guess : (AVRational){ 0, 1 };
}

double source_duration_s(const struct source *source)
{
    const int64_t duration = source->format->duration;
    return duration == AV_NOPTS_VALUE || duration < 0 ? 0 : (double)duration / AV_TIME_BASE;
}

void source_close(struct source *source)
{
    avformat_close_input(&source->format);
    fdio_close(&source->io);
}
