#include "test.h"

#include "api/range.h"

TEST(table)
{
    static const struct {
        const char *header;
        int64_t size;
        enum range_result result;
        int64_t first, last;
    } rows[] = {
        { NULL, 100, RANGE_WHOLE, 0, 0 },
        { "", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0-9", 100, RANGE_PART, 0, 9 },
        { "Bytes=0-9", 100, RANGE_PART, 0, 9 },
        { "bytes = 0-9 ", 100, RANGE_PART, 0, 9 },
        { "bytes=0-0", 100, RANGE_PART, 0, 0 },
        { "bytes=99-", 100, RANGE_PART, 99, 99 },
        { "bytes=0-", 100, RANGE_PART, 0, 99 },
        { "bytes=50-1000", 100, RANGE_PART, 50, 99 },
        { "bytes=-1", 100, RANGE_PART, 99, 99 },
        { "bytes=-100", 100, RANGE_PART, 0, 99 },
        { "bytes=-1000", 100, RANGE_PART, 0, 99 },
        { "bytes=0-99999999999999999999999", 100, RANGE_PART, 0, 99 },
        { "bytes=-99999999999999999999999", 100, RANGE_PART, 0, 99 },
        { "bytes=100-", 100, RANGE_BEYOND, 0, 0 },
        { "bytes=100-200", 100, RANGE_BEYOND, 0, 0 },
        { "bytes=99999999999999999999999-", 100, RANGE_BEYOND, 0, 0 },
        { "bytes=-0", 100, RANGE_BEYOND, 0, 0 },
        { "bytes=0-", 0, RANGE_BEYOND, 0, 0 },
        { "bytes=-5", 0, RANGE_BEYOND, 0, 0 },
        { "bytes=9-0", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0-1,5-6", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=-1,0-1", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=a-b", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=-", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=", 100, RANGE_WHOLE, 0, 0 },
        { "bytes", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0x1-2", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=+1-2", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=--1", 100, RANGE_WHOLE, 0, 0 },
        { "seconds=0-9", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0-9", INT64_MAX, RANGE_PART, 0, 9 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t first = 0, last = 0;
        const enum range_result result = range_parse(rows[i].header, rows[i].size, &first, &last);
        CHECK_MSG(result == rows[i].result &&
                      (result != RANGE_PART || (first == rows[i].first && last == rows[i].last)),
                  "%s gives %d %lld-%lld", rows[i].header, (int)result, (long long)first, (long long)last);
    }
}

TEST_MAIN
