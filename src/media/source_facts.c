#include "media/source_facts.h"

#include "base/text.h"
#include "base/time.h"
#include "media/probe.h"

#include <libavutil/pixdesc.h>
#include <math.h>

/* Containers of the library by probe's names, with the usual end of the name with pictures and without. */
static const struct {
    const char *format, *video_ending, *audio_ending;
} taken[] = {
    { "mp4", "mp4", "m4a" },      { "mov", "mov", "m4a" }, { "webm", "webm", "weba" },
    { "matroska", "mkv", "mka" }, { "avi", "avi", "avi" },  { "ogg", "ogv", "ogg" },
    { "mp3", NULL, "mp3" },       { "wav", NULL, "wav" },  { "flac", NULL, "flac" },
    { "aac", NULL, "aac" },       { "aiff", NULL, "aiff" }, { "mpegts", "ts", "ts" },
    { "mpeg", "mpg", "mpg" },      { "flv", "flv", "flv" },
};

static bool name_ending(const struct media_facts *facts, bool pictures, struct media_analysis *out,
                        struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        if (!text_is(facts->format, taken[i].format)) continue;
        out->extension = pictures ? taken[i].video_ending : taken[i].audio_ending;
        if (text_is(facts->audio_codec, "opus") && text_is(out->extension, "ogg")) out->extension = "opus";
        if (out->extension) return true;
    }
    return fail(err, CAUSE_UNSUPPORTED,
                "the file is %.40s; MP4, MOV, MKV, WebM, AVI, MPEG, TS, FLV, MP3, AAC, M4A, FLAC, WAV, AIFF, "
                "Ogg and Opus are "
                "taken",
                facts->format);
}

static void take_facts(const struct media_facts *facts, bool pictures, struct media_analysis *out)
{
    out->kind = pictures ? "video" : "audio";
    out->mime_type = facts->mime_type;
    out->format = facts->format;
    out->file_size = facts->file_size;
    out->duration_s = facts->duration_s;
    out->bit_rate = facts->bit_rate;
    out->width = facts->width;
    out->height = facts->height;
    out->fps = facts->fps;
    out->video_codec = facts->video_codec;
    out->pixel_format = facts->pixel_format;
    out->audio_codec = facts->audio_codec;
    out->sample_rate = facts->sample_rate;
    out->channels = facts->channels;
}

/* ---- what the file says in words ---- */

/* Text out of a file: bounded, in one line, and always UTF-8. */
static const char *said(struct arena *mem, const char *text)
{
    if (text_empty(text) || !text_valid_utf8(text, strlen(text))) return NULL;
    return text_line(mem, text_cut(mem, text, INGEST_TAG_BYTES));
}

static const char *said_by(struct arena *mem, const AVDictionary *tags, const char *name)
{
    const AVDictionaryEntry *const entry = av_dict_get(tags, name, NULL, 0);
    return entry ? said(mem, entry->value) : NULL;
}

static void list_tags(const AVDictionary *tags, struct arena *mem, struct media_analysis *out)
{
    struct ingest_tag *const items = arena_array(mem, INGEST_TAGS_MAX, sizeof *items);
    const AVDictionaryEntry *entry = NULL;
    size_t count = 0;
    while (count < INGEST_TAGS_MAX && (entry = av_dict_get(tags, "", entry, AV_DICT_IGNORE_SUFFIX))) {
        const char *const name = said(mem, entry->key), *const value = said(mem, entry->value);
        if (name && value) items[count++] = (struct ingest_tag){ name, value };
    }
    out->tags = (struct list){ items, count };
}

/* Cameras write creation_time; 1904 is the zero of QuickTime, an unset clock. */
static void find_creation(const AVDictionary *tags, struct media_analysis *out)
{
    static const char *const names[] = { "com.apple.quicktime.creationdate", "creation_time", "date", NULL };
    static const int64_t year_1970 = 0;
    for (size_t i = 0; names[i]; i++) {
        const AVDictionaryEntry *const entry = av_dict_get(tags, names[i], NULL, 0);
        int64_t at;
        if (entry && time_parse(entry->value, &at) && at > year_1970) {
            out->created_at = at;
            return;
        }
    }
}

static void list_chapters(const AVFormatContext *format, struct arena *mem, struct media_analysis *out)
{
    const size_t count =
        format->nb_chapters < INGEST_CHAPTERS_MAX ? format->nb_chapters : INGEST_CHAPTERS_MAX;
    struct ingest_span *const items = arena_array(mem, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        const AVChapter *const from = format->chapters[i];
        const double unit_s = av_q2d(from->time_base);
        items[i] = (struct ingest_span){ (double)from->start * unit_s, (double)from->end * unit_s,
                                         said_by(mem, from->metadata, "title") };
    }
    out->chapters = (struct list){ items, count };
}

/* ---- streams ---- */

static const char *kind_of(const AVStream *stream)
{
    const AVCodecParameters *const codec = stream->codecpar;
    if (stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) return "cover";
    if (codec->codec_type == AVMEDIA_TYPE_VIDEO) return "video";
    if (codec->codec_type == AVMEDIA_TYPE_AUDIO) return "audio";
    return codec->codec_type == AVMEDIA_TYPE_SUBTITLE ? "subtitle" : "data";
}

static int64_t positive(int64_t value) { return value > 0 ? value : INT_NONE; }

static const char *layout_of(const AVCodecParameters *codec, struct arena *mem)
{
    char name[64];
    if (codec->ch_layout.nb_channels < 1 || codec->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) return NULL;
    return av_channel_layout_describe(&codec->ch_layout, name, sizeof name) < 0 ? NULL
                                                                                : arena_text(mem, name);
}

static void describe_stream(const AVStream *stream, struct arena *mem, struct ingest_stream *out)
{
    const AVCodecParameters *const codec = stream->codecpar;
    const AVRational rate = source_frame_rate(stream);
    *out = (struct ingest_stream){
        .number = stream->index,
        .kind = kind_of(stream),
        .codec = codec->codec_id == AV_CODEC_ID_NONE ? NULL : avcodec_get_name(codec->codec_id),
        .language = said_by(mem, stream->metadata, "language"),
        .title = said_by(mem, stream->metadata, "title"),
        .width = positive(codec->width),
        .height = positive(codec->height),
        .fps = codec->codec_type == AVMEDIA_TYPE_VIDEO && rate.num > 0 ? av_q2d(rate) : NAN,
        .sample_rate = positive(codec->sample_rate),
        .channels = positive(codec->ch_layout.nb_channels),
        .layout = layout_of(codec, mem),
        .bit_rate = positive(codec->bit_rate),
        .standard = stream->disposition & AV_DISPOSITION_DEFAULT,
    };
}

static void list_streams(const AVFormatContext *format, struct arena *mem, struct media_analysis *out)
{
    struct ingest_stream *const items = arena_array(mem, format->nb_streams + 1, sizeof *items);
    for (unsigned i = 0; i < format->nb_streams; i++) {
        describe_stream(format->streams[i], mem, &items[i]);
        if (text_is(items[i].kind, "subtitle")) out->has_captions = true;
    }
    out->streams = (struct list){ items, format->nb_streams };
}

static void describe_color(const AVCodecParameters *codec, struct arena *mem, struct media_analysis *out)
{
    struct ingest_color *const color = arena_new(mem, struct ingest_color);
    if (codec->color_primaries != AVCOL_PRI_UNSPECIFIED)
        color->primaries = av_color_primaries_name(codec->color_primaries);
    if (codec->color_trc != AVCOL_TRC_UNSPECIFIED) color->transfer = av_color_transfer_name(codec->color_trc);
    if (codec->color_space != AVCOL_SPC_UNSPECIFIED) color->matrix = av_color_space_name(codec->color_space);
    if (codec->color_range != AVCOL_RANGE_UNSPECIFIED) color->range = av_color_range_name(codec->color_range);
    color->hdr = codec->color_trc == AVCOL_TRC_SMPTE2084 || codec->color_trc == AVCOL_TRC_ARIB_STD_B67;
    out->color = color;
}

bool source_describe(const struct source *source, struct arena *mem, struct media_analysis *out,
                     struct error *err)
{
    const AVStream *const video = source_video(source);
    struct media_facts facts;
    probe_source(source, &facts);
    if (!name_ending(&facts, video != NULL, out, err)) return false;
    take_facts(&facts, video != NULL, out);
    list_streams(source->format, mem, out);
    list_chapters(source->format, mem, out);
    list_tags(source->format->metadata, mem, out);
    find_creation(source->format->metadata, out);
    if (!video) return true;
    out->rotation = source_rotation(video);
    describe_color(video->codecpar, mem, out);
    return true;
}
