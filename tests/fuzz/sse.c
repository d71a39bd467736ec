/* Text in server-sent events: what is put in is what a client of the HTML standard reads, and it is one
 * event. */
#include "fuzz.h"

#include "api/stream.h"

/* The lines a client splits the stream into. */
static const char *next_line(struct arena *mem, const char **at)
{
    const size_t size = strcspn(*at, "\r\n");
    const char *const line = arena_text_n(mem, *at, size);
    *at += size;
    if (**at) *at += (*at)[0] == '\r' && (*at)[1] == '\n' ? 2 : 1;
    return line;
}

/* The same text with every kind of line end as one line feed. */
static const char *normal(struct arena *mem, const char *text)
{
    const char *out = next_line(mem, &text);
    while (*text) out = arena_printf(mem, "%s\n%s", out, next_line(mem, &text));
    return out;
}

FUZZ(mem, in)
{
    AUTO(buf) struct buf stream = BUF(1 << 20);
    const char *const text = input_rest(in, mem), *data = NULL;
    int events = 0;
    sse_put(&stream, "progress", NULL, text);
    for (const char *at = buf_str(&stream); *at;) {
        const char *const line = next_line(mem, &at);
        if (text_starts(line, "data: "))
            data = data ? arena_printf(mem, "%s\n%s", data, line + 6) : line + 6;
        else
            EXPECT(text_is(line, events++ ? "" : "event: progress"));
    }
    const char *const whole = strpbrk(text + (*text ? strlen(text) - 1 : 0), "\r\n")
                                  ? arena_printf(mem, "%s\n", normal(mem, text))
                                  : normal(mem, text);
    EXPECT(events == 2 && text_is(data, whole));
}
