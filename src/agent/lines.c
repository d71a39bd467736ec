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

static struct asset_line *add(struct arena *mem, struct list *lines, size_t *room)
{
    if (lines->count == *room) {
        struct asset_line *const more = arena_array(mem, *room * 2 + 64, sizeof *more);
        if (lines->count) memcpy(more, lines->items, lines->count * sizeof *more);
        *room = *room * 2 + 64;
        lines->items = more;
    }
    return (struct asset_line *)lines->items + lines->count++;
}

/* A cue's text may have several lines: they are one. */
static void take(struct arena *mem, struct list *lines, size_t *room, const struct asset_line *times,
                 bool goes_on, const char *text)
{
    struct asset_line *const last = goes_on ? (struct asset_line *)lines->items + lines->count - 1
                                            : add(mem, lines, room);
    const char *const whole = goes_on ? arena_printf(mem, "%s %s", last->line, text) : text;
    *last = *times;
    last->line = text_cut(mem, whole, LINE_MAX_BYTES);
}

struct list lines_read(struct arena *mem, const char *text)
{
    struct list lines = { 0 };
    size_t room = 0;
    const bool captions = lines_are_captions(text);
    struct asset_line times = { NAN, NAN, NULL };
    bool inside = !captions, begun = false;
    while (*text && lines.count < LINES_MAX) {
        const size_t size = strcspn(text, "\n");
        const char *const line = text_trim(mem, text_line(mem, arena_text_n(mem, text, size)));
        text += size + (text[size] == '\n');
        if (captions && !*line)
            inside = begun = false;
        else if (captions && !inside)
            inside = is_timing(line, &times);
        else if (*line) {
            take(mem, &lines, &room, &times, captions && begun, line);
            begun = true;
        }
    }
    return lines;
}
