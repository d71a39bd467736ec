#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool text_is(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

bool text_starts(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

bool text_ends(const char *text, const char *suffix)
{
    const size_t size = strlen(text), tail = strlen(suffix);
    return size >= tail && memcmp(text + size - tail, suffix, tail) == 0;
}

bool text_empty(const char *text) { return !text || !*text; }

/* Bytes of the well-formed sequence at `at`, 0 when malformed (table 3-7 of the Unicode standard). */
static size_t utf8_sequence(const unsigned char *at, size_t left)
{
    const unsigned char lead = at[0];
    if (lead < 0x80) return lead ? 1 : 0;
    const size_t size = lead >= 0xC2 && lead <= 0xDF   ? 2
                        : (lead & 0xF0) == 0xE0        ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
    if (!size || size > left) return 0;
    unsigned char low = 0x80, high = 0xBF;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    if (at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    return size;
}

bool text_valid_utf8(const char *text, size_t size_bytes)
{
    const unsigned char *at = (const unsigned char *)text, *const end = at + size_bytes;
    while (at < end) {
        const size_t size = utf8_sequence(at, (size_t)(end - at));
        if (!size) return false;
        at += size;
    }
    return true;
}

size_t text_length(const char *text)
{
    size_t count = 0;
    for (; *text; text++) count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

size_t text_head_bytes(const char *text, size_t count)
{
    size_t size = 0;
    while (text[size] && (count || ((unsigned char)text[size] & 0xC0) == 0x80))
        count -= ((unsigned char)text[size++] & 0xC0) != 0x80;
    return size;
}

bool text_plain(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7F) return false;
    return true;
}

char *text_line(struct arena *mem, const char *text)
{
    char *const copy = arena_text(mem, text);
    for (unsigned char *at = (unsigned char *)copy; *at; at++) {
        const bool c1 = at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0;
        if (*at < ' ' || *at == 0x7F || c1) *at = ' ';
        if (c1) at[1] = ' ';
    }
    return copy;
}

char *text_lower(struct arena *mem, const char *text)
{
    char *const copy = arena_text(mem, text);
    for (char *at = copy; *at; at++)
        if (*at >= 'A' && *at <= 'Z') *at = (char)(*at - 'A' + 'a');
    return copy;
}

static char *trim_n(struct arena *mem, const char *at, const char *end)
{
    while (at < end && isspace((unsigned char)*at)) at++;
    while (end > at && isspace((unsigned char)end[-1])) end--;
    return arena_text_n(mem, at, (size_t)(end - at));
}

char *text_trim(struct arena *mem, const char *text) { return trim_n(mem, text, text + strlen(text)); }

char *text_cut(struct arena *mem, const char *text, size_t max_bytes)
{
    size_t size = strnlen(text, max_bytes);
    while (size && ((unsigned char)text[size] & 0xC0) == 0x80) size--;
    return arena_text_n(mem, text, size);
}

int text_find(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (text_is(names[i], name)) return i;
    return -1;
}

char *text_join(struct arena *mem, const char *const *names, const char *quote, const char *between)
{
    char *joined = arena_text(mem, "");
    for (int i = 0; names[i]; i++)
        joined = arena_printf(mem, "%s%s%s%s%s", joined, i ? between : "", quote, names[i], quote);
    return joined;
}

bool text_to_int(const char *text, int64_t *out)
{
    if (text_empty(text) || isspace((unsigned char)*text)) return false;
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (errno || *end) return false;
    *out = value;
    return true;
}

bool text_to_real(const char *text, double *out)
{
    if (text_empty(text)) return false;
    if (text[strspn(text, "+-.0123456789eE")]) return false; /* strtod knows hexadecimal, inf and nan too */
    char *end;
    const double value = strtod(text, &end);
    if (*end || !isfinite(value)) return false;
    *out = value;
    return true;
}

struct texts text_split(struct arena *mem, const char *text, char separator)
{
    size_t most = 1;
    for (const char *at = text; *at; at++) most += *at == separator;
    struct texts parts = { .items = arena_array(mem, most, sizeof(char *)) };
    for (const char *at = text;;) {
        const char *const end = strchrnul(at, separator);
        char *const part = trim_n(mem, at, end);
        if (*part) parts.items[parts.count++] = part;
        if (!*end) return parts;
        at = end + 1;
    }
}
