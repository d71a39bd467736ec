#include "cli/analysis_view.h"

#include "base/buf.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"

#include <math.h>

enum { LINE_MAX_BYTES = 4000, LISTED_MAX = 8 };

/* One line: its head, and parts with commas between them. */
struct line {
    struct buf text;
    bool begun;
};

#define LINE ((struct line){ .text = BUF(LINE_MAX_BYTES) })

static void line_cleanup(struct line *line) { buf_cleanup(&line->text); }

PRINTF(2, 3) static void part(struct line *line, const char *format, ...)
{
    AUTO(arena) struct arena mem = { 0 };
    va_list args;
    va_start(args, format);
    buf_printf(&line->text, "%s%s", line->begun ? ", " : "",
               text_line(&mem, arena_vprintf(&mem, format, args)));
    va_end(args);
    line->begun = true;
}

static void print(const struct line *line, const char *head)
{
    if (line->begun) say("%-10s %s\n", head, buf_str(&line->text));
}

static void part_count(struct line *line, int64_t count, const char *one, const char *many)
{
    part(line, "%lld %s", (long long)count, count == 1 ? one : many);
}

/* 0:02.20, 1:00:03.00 */
static const char *moment(double at_s, struct arena *mem)
{
    const long long hundredths = llround(at_s * 100), seconds = hundredths / 100;
    const char *const rest = arena_printf(mem, "%02lld.%02lld", seconds % 60, hundredths % 100);
    if (seconds < 3600) return arena_printf(mem, "%lld:%s", seconds / 60, rest);
    return arena_printf(mem, "%lld:%02lld:%s", seconds / 3600, seconds / 60 % 60, rest);
}

static const char *size(int64_t bytes, struct arena *mem)
{
    static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
    double amount = (double)bytes;
    size_t unit = 0;
    while (amount >= 1000 && unit + 1 < COUNT_OF(units)) amount /= 1000, unit++;
    return arena_printf(mem, unit ? "%.1f %s" : "%.0f %s", amount, units[unit]);
}

static void show_file(const struct media_analysis *a, struct arena *mem)
{
    AUTO(line) struct line line = LINE;
    part(&line, "%s (%s)", a->format, a->mime_type);
    part(&line, "%s", size(a->file_size, mem));
    if (!isnan(a->duration_s)) part(&line, "%.3f s", a->duration_s);
    if (a->bit_rate != INT_NONE) part(&line, "%.0f kbit/s", (double)a->bit_rate / 1000);
    print(&line, a->kind);
}

static void show_picture(const struct media_analysis *a)
{
    AUTO(line) struct line line = LINE;
    if (a->width != INT_NONE) part(&line, "%lld x %lld", (long long)a->width, (long long)a->height);
    if (a->video_codec) part(&line, "%s %s", a->video_codec, a->pixel_format ? a->pixel_format : "");
    if (!isnan(a->fps)) part(&line, "%g frames/s", a->fps);
    if (a->frames != INT_NONE) part_count(&line, a->frames, "frame", "frames");
    if (a->rotation != INT_NONE && a->rotation) part(&line, "turned by %lld degrees", (long long)a->rotation);
    if (a->color && a->color->matrix) part(&line, "%s", a->color->matrix);
    if (a->color && a->color->hdr) part(&line, "high dynamic range");
    if (a->alpha) part(&line, "transparent");
    print(&line, "picture");
}

static void show_sound(const struct media_analysis *a)
{
    AUTO(line) struct line codec = LINE;
    AUTO(line) struct line loudness = LINE;
    AUTO(line) struct line tempo = LINE;
    if (a->audio_codec) {
        part(&codec, "%s, %lld Hz", a->audio_codec, (long long)a->sample_rate);
        part_count(&codec, a->channels, "channel", "channels");
    }
    if (!isnan(a->loudness)) part(&loudness, "%.1f LUFS", a->loudness);
    if (!isnan(a->loudness_range)) part(&loudness, "range %.1f LU", a->loudness_range);
    if (!isnan(a->true_peak)) part(&loudness, "true peak %.1f dBTP", a->true_peak);
    if (!isnan(a->tempo)) part(&tempo, "%.1f beats/min (%.0f %% sure)", a->tempo, a->tempo_confidence * 100);
    print(&codec, "sound");
    print(&loudness, "loudness");
    print(&tempo, "tempo");
}

static void show_spans(const struct list *list, const char *head, struct arena *mem)
{
    AUTO(line) struct line line = LINE;
    const struct ingest_span *const spans = list->items;
    for (size_t i = 0; i < list->count && i < LISTED_MAX; i++)
        part(&line, "%s-%s%s%s", moment(spans[i].start_s, mem), moment(spans[i].end_s, mem),
             spans[i].text ? " " : "", spans[i].text ? spans[i].text : "");
    if (list->count > LISTED_MAX) part(&line, "and %zu more", list->count - LISTED_MAX);
    print(&line, head);
}

static void show_cuts(const struct list *list, struct arena *mem)
{
    AUTO(line) struct line line = LINE;
    const struct ingest_cut *const cuts = list->items;
    for (size_t i = 0; i < list->count && i < LISTED_MAX; i++) part(&line, "%s", moment(cuts[i].at_s, mem));
    if (list->count > LISTED_MAX) part(&line, "and %zu more", list->count - LISTED_MAX);
    print(&line, "cuts");
}

static void show_model(const struct ingest_model *model)
{
    AUTO(line) struct line line = LINE;
    AUTO(line) struct line box = LINE;
    if (!model) return;
    part_count(&line, model->triangles, "triangle", "triangles");
    part_count(&line, model->vertices, "vertex", "vertices");
    part_count(&line, model->meshes, "mesh", "meshes");
    part_count(&line, model->materials, "material", "materials");
    part_count(&line, model->animations, "animation", "animations");
    if (!model->self_contained) part(&line, "needs other files");
    if (!isnan(model->width)) part(&box, "%g x %g x %g m", model->width, model->height, model->depth);
    print(&line, "geometry");
    print(&box, "size");
}

static void show_text(const struct ingest_text *text)
{
    AUTO(line) struct line line = LINE;
    if (!text) return;
    part_count(&line, text->lines, "line", "lines");
    part_count(&line, text->words, "word", "words");
    part(&line, "%s", text->encoding);
    if (text->cues != INT_NONE) part_count(&line, text->cues, "caption", "captions");
    if (!isnan(text->spoken_s)) part(&line, "%.1f s with text", text->spoken_s);
    print(&line, "text");
}

static void show_origin(const struct media_analysis *a, struct arena *mem)
{
    AUTO(line) struct line line = LINE;
    const struct ingest_origin *const origin = a->origin;
    if (a->created_at) part(&line, "made %s", time_text(mem, a->created_at));
    if (origin && origin->generated) part(&line, "by a model");
    if (origin && origin->source_type) part(&line, "%s", origin->source_type);
    if (origin && origin->generator) part(&line, "%s", origin->generator);
    if (origin && origin->c2pa) part(&line, "C2PA manifest inside");
    print(&line, "origin");
}

static void show_tags(const struct list *list)
{
    const struct ingest_tag *const tags = list->items;
    for (size_t i = 0; i < list->count; i++) {
        AUTO(line) struct line line = LINE;
        part(&line, "%s: %s", tags[i].name, tags[i].value);
        print(&line, i ? "" : "tags");
    }
}

static void show_warnings(const struct texts *warnings)
{
    for (size_t i = 0; i < warnings->count; i++) {
        AUTO(line) struct line line = LINE;
        part(&line, "%s", warnings->items[i]);
        print(&line, "warning");
    }
}

void analysis_show(const struct media_analysis *analysis, struct arena *mem)
{
    show_file(analysis, mem);
    show_picture(analysis);
    show_sound(analysis);
    show_model(analysis->model);
    show_text(analysis->text);
    show_origin(analysis, mem);
    show_spans(&analysis->chapters, "chapters", mem);
    show_spans(&analysis->cues, "captions", mem);
    show_cuts(&analysis->cuts, mem);
    show_spans(&analysis->black, "black", mem);
    show_spans(&analysis->frozen, "frozen", mem);
    show_spans(&analysis->silence, "silence", mem);
    show_tags(&analysis->tags);
    if (analysis->sha256) say("%-10s %s\n", "SHA-256", analysis->sha256);
    show_warnings(&analysis->warnings);
}
