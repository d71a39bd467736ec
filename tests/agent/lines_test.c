/* Captions and texts into lines that can be searched. */
#include "agent/lines.h"

#include "base/text.h"
#include "test.h"

#include <math.h>
#include <sys/resource.h>

static const struct asset_line *line(const struct list *lines, size_t at)
{
    return (const struct asset_line *)lines->items + at;
}

TEST(captions_have_times)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct list lines =
        lines_read(&mem, "WEBVTT - title\n\nNOTE not said\n\n1\n00:00:01.500 --> 00:00:03.000 align:start\n"
                         "Hello\n  there\n\n01:02.250 --> 01:04.000\nBye\n\nbad --> time\nnever\n");
    CHECK(lines.count == 2);
    CHECK(text_is(line(&lines, 0)->line, "Hello there") && line(&lines, 0)->start_s == 1.5 &&
          line(&lines, 0)->end_s == 3);
    CHECK(text_is(line(&lines, 1)->line, "Bye") && line(&lines, 1)->start_s == 62.25);
}

TEST(what_captions_write_for_themselves_is_read_as_meant)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct list lines = lines_read(&mem, "WEBVTT\n\n00:01.000 --> 00:02.000\n1 &lt; 2 &amp;&amp;amp; "
                                               "3 --&gt; &quot;&\n");
    CHECK_TEXT(line(&lines, 0)->line, "1 < 2 &&amp; 3 --> &quot;&");
    const struct list plain = lines_read(&mem, "a &lt; b");
    CHECK_TEXT(line(&plain, 0)->line, "a &lt; b");
}

TEST(text_has_none)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct list lines = lines_read(&mem, "one\r\n\n  two  \n\tthree");
    CHECK(lines.count == 3 && isnan(line(&lines, 0)->start_s));
    CHECK(text_is(line(&lines, 0)->line, "one") && text_is(line(&lines, 1)->line, "two") &&
          text_is(line(&lines, 2)->line, "three"));
}

TEST(what_is_beyond_the_limits_is_left_out)
{
    AUTO(arena) struct arena mem = { 0 };
    char *const text = arena_alloc(&mem, LINE_MAX_BYTES * 2 + (LINES_MAX + 10) * 2 + 2);
    memset(text, 'x', LINE_MAX_BYTES * 2);
    char *at = text + LINE_MAX_BYTES * 2;
    *at++ = '\n';
    for (int i = 0; i < LINES_MAX + 10; i++, at += 2) memcpy(at, "y\n", 2);
    const struct list lines = lines_read(&mem, text);
    CHECK(lines.count == LINES_MAX && strlen(line(&lines, 0)->line) == LINE_MAX_BYTES);
}

/* Resident, in KiB, at most so far. */
static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* One cue of 128 Ki lines, a sixteenth of what is read of a file. */
TEST(a_cue_of_many_lines_costs_little)
{
    AUTO(arena) struct arena mem = { 0 };
    enum { BYTES = LINES_TEXT_MAX_BYTES / 16 };
    char *const text = arena_alloc(&mem, BYTES + 1);
    int size = snprintf(text, 64, "WEBVTT\n\n0:01 --> 0:02\n");
    for (; size + 2 <= BYTES; size += 2) memcpy(text + size, "a\n", 2);
    const long before = peak_kb();
    const struct list lines = lines_read(&mem, text);
    CHECK(lines.count == 1 && strlen(line(&lines, 0)->line) >= LINE_MAX_BYTES - 1);
    CHECK_MSG(peak_kb() - before < 128 << 10, "it took %ld KiB", peak_kb() - before);
}

TEST_MAIN
