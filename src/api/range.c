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

/* One range; an empty one (last before first) when nothing of it exists. NULL for what is no range. */
static const char *read_range(const char *at, int64_t size_bytes, struct range *out)
{
    int64_t from, to = INT64_MAX;
    if (*at == '-') {
        if (!(at = read_number(at + 1, &from))) return NULL;
        *out = (struct range){ from >= size_bytes ? 0 : size_bytes - from, size_bytes - 1 };
        return at;
    }
    at = read_number(at, &from);
    if (!at || *at != '-') return NULL;
    if (isdigit((unsigned char)*++at)) at = read_number(at, &to);
    if (to < from) return NULL;
    *out = from >= size_bytes ? (struct range){ 0, -1 }
                              : (struct range){ from, to < size_bytes ? to : size_bytes - 1 };
    return at;
}

static bool share(const struct range *a, const struct range *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* False when it is one too many, or shares bytes with an earlier one than the last. */
static bool add(struct ranges *ranges, struct range range)
{
    struct range *const last = ranges->count ? &ranges->items[ranges->count - 1] : NULL;
    if (last && range.first >= last->first && range.first - 1 <= last->last) {
        if (range.last > last->last) last->last = range.last;
        range = *last;
        ranges->count--;
    }
    for (size_t i = 0; i < ranges->count; i++)
        if (share(&ranges->items[i], &range)) return false;
    if (ranges->count == RANGES_MAX) return false;
    ranges->items[ranges->count++] = range;
    return true;
}

enum range_result range_parse(const char *header, int64_t size_bytes, struct ranges *out)
{
    struct ranges found = { .count = 0 };
    bool worth_it = true;
    if (!header || strncasecmp(header, "bytes", 5) != 0) return RANGE_WHOLE;
    const char *at = skip_space(header + 5);
    do {
        struct range range;
        if (*at != '=' && *at != ',') return RANGE_WHOLE;
        if (!(at = read_range(skip_space(at + 1), size_bytes, &range))) return RANGE_WHOLE;
        if (range.first <= range.last) worth_it = worth_it && add(&found, range);
        at = skip_space(at);
    } while (*at);
    if (!worth_it) return RANGE_WHOLE;
    if (!found.count) return RANGE_BEYOND;
    *out = found;
    return RANGE_PART;
}
