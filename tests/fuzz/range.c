/* A Range header against a file: its size on the first line, then the header. */
#include "fuzz.h"

#include "api/range.h"

FUZZ(mem, in)
{
    const int64_t size = input_int(in, mem) & INT64_MAX;
    const char *const header = input_rest(in, mem);
    struct ranges found = { .count = 77 }, again;
    switch (range_parse(header, size, &found)) {
    case RANGE_WHOLE:
        EXPECT(found.count == 77);
        break;
    case RANGE_BEYOND: /* so does every smaller file, and it was a range of bytes at all */
        EXPECT(found.count == 77 && strncasecmp(header, "bytes", 5) == 0);
        EXPECT(range_parse(header, size / 2, &found) == RANGE_BEYOND);
        break;
    case RANGE_PART:
        EXPECT(1 <= found.count && found.count <= RANGES_MAX);
        const char *plain = "bytes=";
        for (size_t i = 0; i < found.count; i++) {
            const struct range *const range = &found.items[i];
            EXPECT(0 <= range->first && range->first <= range->last && range->last < size);
            for (size_t k = 0; k < i; k++)
                EXPECT(range->last < found.items[k].first || range->first > found.items[k].last);
            plain = arena_printf(mem, "%s%s%lld-%lld", plain, i ? "," : "", (long long)range->first,
                                 (long long)range->last);
        }
        EXPECT(range_parse(plain, size, &again) == RANGE_PART && again.count == found.count);
        EXPECT(memcmp(again.items, found.items, found.count * sizeof found.items[0]) == 0);
        break;
    }
}
