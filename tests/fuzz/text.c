/* The small parsers every room leans on: numbers, lists, trimming, cutting. First line: a separator. */
#include "fuzz.h"

static void check_split(struct arena *mem, const char *text, char separator)
{
    const char *joined = "", *const between = (const char[]){ separator, 0 };
    const struct texts parts = text_split(mem, text, separator);
    for (size_t i = 0; i < parts.count; i++) {
        EXPECT(*parts.items[i] && !strchr(parts.items[i], separator));
        EXPECT(text_is(text_trim(mem, parts.items[i]), parts.items[i]));
        joined = arena_printf(mem, "%s%s%s", joined, i ? between : "", parts.items[i]);
    }
    const struct texts again = text_split(mem, joined, separator);
    EXPECT(again.count == parts.count);
    for (size_t i = 0; i < parts.count; i++) EXPECT(text_is(again.items[i], parts.items[i]));
}

static void check_numbers(struct arena *mem, const char *text)
{
    int64_t number, again;
    double real, same;
    if (text_to_int(text, &number))
        EXPECT(text_to_int(arena_printf(mem, "%lld", (long long)number), &again) && again == number &&
               text_to_real(text, &real) && real == (double)number);
    if (text_to_real(text, &real))
        EXPECT(text_to_real(arena_printf(mem, "%.17g", real), &same) && same == real &&
               !strpbrk(text, " \t\nxXpPnN"));
}

static void check_cuts(struct arena *mem, const char *text)
{
    const size_t size = strlen(text), length = text_length(text);
    const char *const trimmed = text_trim(mem, text);
    EXPECT(text_is(text_trim(mem, trimmed), trimmed) && length <= size);
    EXPECT(strlen(text_lower(mem, text)) == size);
    for (size_t most = 0; most <= size && most < 40; most++) {
        const char *const cut = text_cut(mem, text, most);
        EXPECT(strlen(cut) <= most && strlen(cut) + 3 >= most && text_starts(text, cut));
        EXPECT(text_valid_utf8(cut, strlen(cut)) && text_length(cut) <= length);
    }
}

FUZZ(mem, in)
{
    const char separator = *input_line(in, mem);
    const char *const text = input_rest(in, mem);
    check_numbers(mem, text);
    if (!text_valid_utf8(text, strlen(text))) return;
    check_cuts(mem, text);
    if (separator > ' ' && separator < 127) check_split(mem, text, separator);
}
