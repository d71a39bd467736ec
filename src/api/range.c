#include "api/range.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t') at++;
    return at;
}

/* Digits to a number, held at INT64_MAX; NULL when there is no digit. */
static const char *read_number(const char *at, int64_t *out)
{
    if (!isdigit((unsigned char)*at)) return NULL;
    *out = 0;
    for (; isdigit((unsigned char)*at); at++)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, *at - '0', out))
            *out = INT64_MAX;
    return at;
}

static enum range_result last_bytes(const char *at, int64_t size_bytes, int64_t *first, int64_t *last)
{
    int64_t count;
    at = read_number(at, &count);
    if (!at || *skip_space(at)) return RANGE_WHOLE;
    if (count == 0 || size_bytes == 0) return RANGE_BEYOND;
    *first = count >= size_bytes ? 0 : size_bytes - count;
    *last = size_bytes - 1;
    return RANGE_PART;
}

enum range_result range_parse(const char *header, int64_t size_bytes, int64_t *first, int64_t *last)
{
    if (!header || strncasecmp(header, "bytes", 5) != 0) return RANGE_WHOLE;
    const char *at = skip_space(header + 5);
    if (*at != '=') return RANGE_WHOLE;
    at = skip_space(at + 1);
    if (*at == '-') return last_bytes(at + 1, size_bytes, first, last);
    int64_t from, to = INT64_MAX;
    at = read_number(at, &from);
    if (!at || *at != '-') return RANGE_WHOLE;
    if (isdigit((unsigned char)*++at)) at = read_number(at, &to);
    if (*skip_space(at) || to < from) return RANGE_WHOLE;
    if (from >= size_bytes) return RANGE_BEYOND;
    *first = from;
    *last = to < size_bytes ? to : size_bytes - 1;
    return RANGE_PART;
}
