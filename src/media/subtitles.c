#include "media/subtitles.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "media/captions.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_BYTES = 48, ESCAPED_BYTES = 5, ASS_FIELDS = 8 };
static const double untimed_s = 3; /* how long a cue without a length stands */

static const enum AVCodecID kinds[] = { AV_CODEC_ID_SUBRIP, AV_CODEC_ID_ASS, AV_CODEC_ID_WEBVTT,
                                        AV_CODEC_ID_MOV_TEXT, AV_CODEC_ID_TEXT };

struct subtitles {
    struct arena *mem;
    const AVStream *stream; /* NULL: there is none */
    AVCodecContext *codec;
    double begin_s; /* of the film */
    struct ingest_span *cues;
    size_t count, room, bytes;
    bool cut;
};

/* ---- the stream ---- */

static bool is_of_text(const AVStream *stream)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (stream->codecpar->codec_id == kinds[i]) return true;
    return false;
}

static const AVStream *choose(const AVFormatContext *format)
{
    const AVStream *first = NULL;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *const stream = format->streams[i];
        if (!is_of_text(stream)) continue;
        const int marks = stream->disposition & (AV_DISPOSITION_DEFAULT | AV_DISPOSITION_FORCED);
        if (marks == AV_DISPOSITION_DEFAULT) return stream;
        if (!first) first = stream;
    }
    return first;
}

/* One that cannot be opened is damaged, which is no reason to refuse the film. */
static bool open_codec(struct subtitles *subtitles, const AVStream *stream, struct error *err)
{
    const AVCodec *const with = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *const codec = subtitles->codec = with ? avcodec_alloc_context3(with) : NULL;
    if (with && !codec) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to read the captions");
    if (!codec || avcodec_parameters_to_context(codec, stream->codecpar) < 0) return true;
    codec->pkt_timebase = stream->time_base;
    if (avcodec_open2(codec, with, NULL) >= 0) subtitles->stream = stream;
    return true;
}

struct subtitles *subtitles_new(const struct source *source, struct arena *mem, struct error *err)
{
    struct subtitles *const subtitles = arena_new(mem, struct subtitles);
    const AVStream *const stream = choose(source->format);
    const int64_t begin = source->format->start_time;
    subtitles->mem = mem;
    subtitles->begin_s = begin == AV_NOPTS_VALUE ? 0 : fmax(0, (double)begin / AV_TIME_BASE);
    if (!stream || open_codec(subtitles, stream, err)) return subtitles;
    return NULL;
}

/* ---- words: decoders give the text of an SSA event ---- */

/* The text stands behind eight fields. */
static const char *text_of(const char *event)
{
    for (int i = 0; event && i < ASS_FIELDS; i++) {
        event = strchr(event, ',');
        if (event) event++;
    }
    return event ? event : "";
}

/* The end of a block of overrides. \p1 begins a drawing, whose lines are no words; \p0 ends it. */
static const char *skip_overrides(const char *at, const char *end, bool *drawing)
{
    for (; at < end; at++)
        if (at[0] == '\\' && at[1] == 'p' && isdigit((unsigned char)at[2])) *drawing = at[2] != '0';
    return end;
}

/* An empty line would end the cue in a WebVTT file. */
static void put_break(struct buf *words)
{
    if (words->size && words->at[words->size - 1] != '\n') buf_char(words, '\n');
}

/* What stands behind a backslash. */
static void put_escape(struct buf *words, char what)
{
    if (what == 'N' || what == 'n')
        put_break(words);
    else
        buf_char(words, what == 'h' ? ' ' : what);
}

static const char *words_of(const char *event, struct arena *mem)
{
    AUTO(buf) struct buf words = BUF(2 * SUBTITLES_WORDS_BYTES);
    const char *const last = strrchr(event, '}');
    bool drawing = false;
    if (!text_valid_utf8(event, strlen(event))) return "";
    for (const char *at = text_of(event), *end; *at; at++) {
        if (*at == '{' && last && at < last && (end = strchr(at, '}')))
            at = skip_overrides(at, end, &drawing);
        else if (*at == '\\' && at[1] && strchr("Nnh{}\\", at[1]))
            put_escape(&words, *++at);
        else if (*at == '\n' || *at == '\r')
            put_break(&words);
        else if (!drawing)
            buf_char(&words, (unsigned char)*at < ' ' ? ' ' : *at);
    }
    return text_trim(mem, text_cut(mem, buf_str(&words), SUBTITLES_WORDS_BYTES));
}

/* ---- cues ---- */

static size_t cost_of(const char *words)
{
    size_t cost = FRAME_BYTES;
    for (; *words; words++) cost += strchr("&<>", *words) ? ESCAPED_BYTES : 1;
    return cost;
}

static void grow(struct subtitles *subtitles)
{
    if (subtitles->count < subtitles->room) return;
    subtitles->room = subtitles->room * 2 + 64;
    struct ingest_span *const more = arena_array(subtitles->mem, subtitles->room, sizeof *more);
    if (subtitles->count) memcpy(more, subtitles->cues, subtitles->count * sizeof *more);
    subtitles->cues = more;
}

static void keep(struct subtitles *subtitles, const AVPacket *packet, const char *words)
{
    const double unit_s = av_q2d(subtitles->stream->time_base);
    const double start_s = fmax(0, (double)packet->pts * unit_s - subtitles->begin_s);
    const double length_s = packet->duration > 0 ? (double)packet->duration * unit_s : untimed_s;
    const size_t cost = cost_of(words);
    if (text_empty(words) || !(start_s + length_s <= SOURCE_MAX_DURATION_S)) return;
    if (subtitles->count == SUBTITLES_MAX || subtitles->bytes + cost > SUBTITLES_MAX_BYTES) {
        subtitles->cut = true;
        return;
    }
    grow(subtitles);
    subtitles->cues[subtitles->count++] = (struct ingest_span){ start_s, start_s + length_s, words };
    subtitles->bytes += cost;
}

void subtitles_read(struct subtitles *subtitles, AVPacket *packet)
{
    AVSubtitle found = { 0 };
    int got = 0;
    if (!subtitles->stream || packet->stream_index != subtitles->stream->index || subtitles->cut ||
        packet->pts == AV_NOPTS_VALUE || avcodec_decode_subtitle2(subtitles->codec, &found, &got, packet) < 0)
        return;
    for (unsigned i = 0; got && i < found.num_rects; i++)
        if (found.rects[i]->ass) keep(subtitles, packet, words_of(found.rects[i]->ass, subtitles->mem));
    avsubtitle_free(&found);
}

/* ---- the end ---- */

static int earlier(const void *a, const void *b)
{
    const struct ingest_span *const x = a, *const y = b;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    return (x->end_s > y->end_s) - (x->end_s < y->end_s);
}

static void put_escaped(struct buf *out, const char *words)
{
    for (; *words; words++) {
        if (*words == '&')
            buf_text(out, "&amp;");
        else if (*words == '<' || *words == '>')
            buf_text(out, *words == '<' ? "&lt;" : "&gt;");
        else
            buf_char(out, *words);
    }
}

static bool write_vtt(const struct subtitles *subtitles, int fd, struct error *err)
{
    AUTO(buf) struct buf out = BUF(SUBTITLES_MAX_BYTES + FRAME_BYTES);
    buf_text(&out, "WEBVTT\n");
    for (size_t i = 0; i < subtitles->count; i++) {
        const struct ingest_span *const cue = &subtitles->cues[i];
        captions_put_times(&out, cue->start_s, cue->end_s);
        put_escaped(&out, cue->text);
        buf_char(&out, '\n');
    }
    return buf_check(&out, "the captions of the film", err) && file_put(fd, out.at, out.size, err);
}

static void list_first(const struct subtitles *subtitles, struct media_analysis *out)
{
    const size_t count = subtitles->count < INGEST_CUES_MAX ? subtitles->count : INGEST_CUES_MAX;
    struct ingest_span *const items = arena_array(subtitles->mem, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        items[i] = subtitles->cues[i];
        items[i].text =
            text_line(subtitles->mem, text_cut(subtitles->mem, items[i].text, CAPTIONS_CUE_BYTES));
    }
    out->cues = (struct list){ items, count };
}

bool subtitles_sum_up(struct subtitles *subtitles, int fd, struct media_analysis *out, struct error *err)
{
    if (!subtitles->count) return true;
    qsort(subtitles->cues, subtitles->count, sizeof *subtitles->cues, earlier);
    list_first(subtitles, out);
    return fd < 0 || write_vtt(subtitles, fd, err);
}

bool subtitles_cut(const struct subtitles *subtitles) { return subtitles->cut; }

void subtitles_close(struct subtitles *subtitles)
{
    if (subtitles) avcodec_free_context(&subtitles->codec);
}
