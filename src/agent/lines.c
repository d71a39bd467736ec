#include "agent/lines.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool lines_are_captions(const char *text) { return text_starts(text, "WEBVTT"); }

/* "00:01:02.500" or "01:02.500"; NaN for anything else. */
static double time_of(const char *text)
{
    double hours = 0, minutes, seconds;
    char rest;
    if (sscanf(text, "%lf:%lf:%lf%c", &hours, &minutes, &seconds, &rest) < 3 &&
        (hours = 0, sscanf(text, "%lf:%lf%c", &minutes, &seconds, &rest) < 2))
        return NAN;
    const double time = hours * 3600 + minutes * 60 + seconds;
    return isfinite(time) && time >= 0 ? time : NAN;
}

/* "a --> b settings": sets the times of the line. */
static bool is_timing(const char *text, struct asset_line *out)
{
    const char *const arrow = strstr(text, "-->");
    if (!arrow) return false;
    const double start = time_of(text), end = time_of(arrow + 3);
    if (isnan(start) || isnan(end)) return false;
    out->start_s = start;
    out->end_s = end;
    return true;
}

/* The text being read. A cue's lines are one; it is put together here and copied once, at its end: captions
 * of a million short lines must not cost a copy of the cue each. */
struct reading {
    struct arena *mem;
    struct list lines;
    size_t room;
    struct asset_line times; /* of the line under way */
    struct buf line;
};

static struct asset_line *add(struct reading *reading)
{
    struct list *const lines = &reading->lines;
    if (lines->count == reading->room) {
        struct asset_line *const more = arena_array(reading->mem, reading->room * 2 + 64, sizeof *more);
        if (lines->count) memcpy(more, lines->items, lines->count * sizeof *more);
        reading->room = reading->room * 2 + 64;
        lines->items = more;
    }
    return (struct asset_line *)lines->items + lines->count++;
}

static void end_line(struct reading *reading)
{
    if (!reading->line.size) return;
    struct asset_line *const line = add(reading);
    *line = reading->times;
    line->line = text_trim(reading->mem, text_cut(reading->mem, buf_str(&reading->line), LINE_MAX_BYTES));
    reading->line.size = 0;
}

/* What is beyond the limit is not kept, so a character may end in the middle there: text_cut sees to it. */
static void take(struct reading *reading, const char *text)
{
    struct buf *const line = &reading->line;
    if (line->size && line->size < LINE_MAX_BYTES) buf_char(line, ' ');
    const size_t size = strlen(text), left = line->max - line->size;
    buf_add(line, text, size < left ? size : left);
}

/* What WebVTT writes for the characters it needs itself. */
static const struct {
    const char *written, *meant;
} escapes[] = { { "&amp;", "&" }, { "&lt;", "<" }, { "&gt;", ">" } };

/* In place: nothing grows. */
static char *unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        *to = *from++;
        for (size_t i = 0; *to == '&' && i < COUNT_OF(escapes); i++)
            if (text_starts(from - 1, escapes[i].written)) {
                from += strlen(escapes[i].written) - 1;
                *to = *escapes[i].meant;
                break;
            }
    }
    *to = '\0';
    return text;
}

/* Inside a cue, once its times are known. */
static bool is_cue(char *line, bool inside, struct reading *reading)
{
    if (*line && inside) take(reading, unescape(line));
    if (!*line) end_line(reading);
    return *line && (inside || is_timing(line, &reading->times));
}

struct list lines_read(struct arena *mem, const char *text)
{
    AUTO(arena) struct arena scratch = { 0 };
    struct reading reading = { .mem = mem, .times = { NAN, NAN, NULL }, .line = BUF(LINE_MAX_BYTES + 1) };
    const bool captions = lines_are_captions(text);
    for (bool inside = false; *text && reading.lines.count < LINES_MAX; arena_clear(&scratch)) {
        const size_t size = strcspn(text, "\n");
        char *const line = text_trim(&scratch, text_line(&scratch, arena_text_n(&scratch, text, size)));
        text += size + (text[size] == '\n');
        if (captions)
            inside = is_cue(line, inside, &reading);
        else if (*line)
            take(&reading, line), end_line(&reading);
    }
    if (reading.lines.count < LINES_MAX) end_line(&reading);
    buf_cleanup(&reading.line);
    return reading.lines;
}
