#include "media/probe.h"

#include "media/source.h"

#include <libavutil/pixdesc.h>
#include <math.h>
#include <string.h>

static const struct {
    const char *family, *name, *video_mime, *audio_mime;
} containers[] = {
    { "mp4", "mp4", "video/mp4", "audio/mp4" },
    { "mov", "mov", "video/quicktime", "audio/mp4" },
    { "webm", "webm", "video/webm", "audio/webm" },
    { "matroska", "matroska", "video/x-matroska", "audio/x-matroska" },
    { "avi", "avi", "video/x-msvideo", "video/x-msvideo" },
    { "mpegts", "mpegts", "video/mp2t", "video/mp2t" },
    { "mpeg", "mpeg", "video/mpeg", "audio/mpeg" },
    { "flv", "flv", "video/x-flv", "video/x-flv" },
    { "ogg", "ogg", "video/ogg", "audio/ogg" },
    { "mp3", "mp3", "audio/mpeg", "audio/mpeg" },
    { "wav", "wav", "audio/wav", "audio/wav" },
    { "w64", "w64", "audio/x-w64", "audio/x-w64" },
    { "flac", "flac", "audio/flac", "audio/flac" },
    { "aac", "aac", "audio/aac", "audio/aac" },
    { "aiff", "aiff", "audio/aiff", "audio/aiff" },
    { "caf", "caf", "audio/x-caf", "audio/x-caf" },
};

/* libav names families; everybody else tells mov from mp4 (by the brand) and webm from matroska (by the
 * header). */
static const char *family_name(const struct source *source)
{
    const char *const family = source->format->iformat->name;
    const AVDictionaryEntry *const brand = av_dict_get(source->format->metadata, "major_brand", NULL, 0);
    if (strncmp(family, "mov,", 4) == 0) return brand && strncmp(brand->value, "qt", 2) != 0 ? "mp4" : "mov";
    if (source->is_webm) return "webm";
    return strncmp(family, "matroska,", 9) == 0 ? "matroska" : family;
}

static void name_format(const struct source *source, struct media_facts *out)
{
    const char *const family = out->format = family_name(source);
    for (size_t i = 0; i < COUNT_OF(containers); i++) {
        if (strcmp(family, containers[i].family) != 0) continue;
        out->format = containers[i].name;
        out->mime_type = source_video(source) ? containers[i].video_mime : containers[i].audio_mime;
    }
}

static void describe_video(const AVStream *stream, struct media_facts *out)
{
    const AVCodecParameters *const codec = stream->codecpar;
    const bool lying = source_rotation(stream) % 180 != 0;
    const AVRational rate = source_frame_rate(stream);
    out->video_codec = avcodec_get_name(codec->codec_id);
    out->pixel_format = av_get_pix_fmt_name((enum AVPixelFormat)codec->format);
    out->width = lying ? codec->height : codec->width;
    out->height = lying ? codec->width : codec->height;
    if (rate.num > 0) out->fps = av_q2d(rate);
}

static void describe_audio(const AVStream *stream, struct media_facts *out)
{
    out->audio_codec = avcodec_get_name(stream->codecpar->codec_id);
    out->sample_rate = stream->codecpar->sample_rate;
    out->channels = stream->codecpar->ch_layout.nb_channels;
}

void probe_source(const struct source *source, struct media_facts *out)
{
    const AVStream *const video = source_video(source), *const audio = source_audio(source);
    const double duration_s = source_duration_s(source);
    shape_init(&media_facts_shape, out);
    name_format(source, out);
    out->file_size = source->size_bytes;
    if (duration_s > 0) out->duration_s = duration_s;
    if (source->format->bit_rate > 0)
        out->bit_rate = source->format->bit_rate;
    else if (duration_s > 0)
        out->bit_rate = llround((double)source->size_bytes * 8 / duration_s);
    if (video) describe_video(video, out);
    if (audio) describe_audio(audio, out);
}

bool probe_file(int fd, struct media_facts *out, struct error *err)
{
    AUTO(source) struct source source = { 0 };
    if (!source_open(&source, fd, err)) return false;
    if (!source_video(&source) && !source_audio(&source))
        return fail(err, CAUSE_BAD_MEDIA, "the file has neither video nor sound in it");
    probe_source(&source, out);
    return true;
}
