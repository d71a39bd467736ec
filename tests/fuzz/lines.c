/* The text the worker found in a file, as lines that are searched. Each is a line, has a beginning and an end
 * or neither, and all of them written down again read back as they were. */
#include "fuzz.h"

#include "agent/lines.h"

#include <math.h>

static const char *write_down(struct arena *mem, const struct list *lines, bool captions)
{
    AUTO(buf) struct buf text = BUF(64 << 20);
    if (captions) buf_text(&text, "WEBVTT\n");
    for (size_t i = 0; i < lines->count; i++) {
        const struct asset_line *const line = (const struct asset_line *)lines->items + i;
        if (captions) buf_printf(&text, "\n0:%.17g --> 0:%.17g\n", line->start_s, line->end_s);
        buf_printf(&text, "%s\n", line->line);
    }
    EXPECT(!text.full);
    return arena_text(mem, buf_str(&text));
}

static void check_line(const struct asset_line *line, bool captions)
{
    const size_t size = strlen(line->line);
    EXPECT(0 < size && size <= LINE_MAX_BYTES && text_valid_utf8(line->line, size) &&
           !has_control(line->line));
    EXPECT(captions
               ? isfinite(line->start_s) && isfinite(line->end_s) && line->start_s >= 0 && line->end_s >= 0
               : isnan(line->start_s) && isnan(line->end_s));
}

FUZZ(mem, in)
{
    const char *const text = input_rest(in, mem);
    if (!text_valid_utf8(text, strlen(text))) return; /* the caller sees to it */
    const bool captions = lines_are_captions(text);
    const struct list lines = lines_read(mem, text);
    EXPECT(lines.count <= LINES_MAX);
    for (size_t i = 0; i < lines.count; i++) check_line((const struct asset_line *)lines.items + i, captions);
    const char *const written = write_down(mem, &lines, captions);
    if (lines_are_captions(written) != captions) return; /* a text whose first line became that word */
    const struct list again = lines_read(mem, written);
    EXPECT(again.count == lines.count);
    EXPECT(text_is(write_down(mem, &again, captions), written));
}
