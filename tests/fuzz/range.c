/* A Range header against a file: its size on the first line, then the header. */
#include "fuzz.h"

#include "api/range.h"

FUZZ(mem, in)
{
    const int64_t size = input_int(in, mem) & INT64_MAX;
    const char *const header = input_rest(in, mem);
    int64_t first = -7, last = -7;
    switch (range_parse(header, size, &first, &last)) {
    case RANGE_WHOLE:
        EXPECT(first == -7 && last == -7);
        break;
    case RANGE_BEYOND: /* so does every smaller file, and it was a range of bytes at all */
        EXPECT(first == -7 && last == -7 && strncasecmp(header, "bytes", 5) == 0);
        EXPECT(range_parse(header, size / 2, &first, &last) == RANGE_BEYOND);
        break;
    case RANGE_PART:
        EXPECT(0 <= first && first <= last && last < size);
        const char *const plain = arena_printf(mem, "bytes=%lld-%lld", (long long)first, (long long)last);
        int64_t again_first, again_last;
        EXPECT(range_parse(plain, size, &again_first, &again_last) == RANGE_PART);
        EXPECT(again_first == first && again_last == last);
        EXPECT(!strchr(header, ','));
        break;
    }
}
