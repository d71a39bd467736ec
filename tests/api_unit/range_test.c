#include "test.h"

#include "api/range.h"
#include "base/arena.h"

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
        { "bytes=0-4,5-6", 100, RANGE_PART, 0, 6 },
        { "bytes=0-4,2-3", 100, RANGE_PART, 0, 4 },
        { "bytes=200-,5-6", 100, RANGE_PART, 5, 6 },
        { "bytes=200-,300-", 100, RANGE_BEYOND, 0, 0 },
        { "bytes=0-1,", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0-1,x", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=5-9,0-6", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0-9,20-29,5-6", 100, RANGE_WHOLE, 0, 0 },
        { "bytes=0-,0-,0-", 100, RANGE_PART, 0, 99 },
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
        struct ranges found = { .count = 0 };
        const struct range *const one = &found.items[0];
        const enum range_result result = range_parse(rows[i].header, rows[i].size, &found);
        CHECK_MSG(result == rows[i].result &&
                      (result != RANGE_PART ||
                       (found.count == 1 && one->first == rows[i].first && one->last == rows[i].last)),
                  "%s gives %d", rows[i].header, (int)result);
    }
}

TEST(several)
{
    struct ranges found;
    CHECK_INT(range_parse("bytes= 20-29 , 0-1,\t-5 ", 100, &found), RANGE_PART);
    CHECK_INT(found.count, 3);
    CHECK(found.items[0].first == 20 && found.items[0].last == 29);
    CHECK(found.items[1].first == 0 && found.items[1].last == 1);
    CHECK(found.items[2].first == 95 && found.items[2].last == 99);
}

TEST(too_many)
{
    AUTO(arena) struct arena mem = { 0 };
    struct ranges found;
    const char *header = "bytes=0-0";
    for (int i = 1; i < RANGES_MAX; i++) header = arena_printf(&mem, "%s,%d-%d", header, 2 * i, 2 * i);
    CHECK_INT(range_parse(header, 100, &found), RANGE_PART);
    CHECK_INT(found.count, RANGES_MAX);
    CHECK_INT(range_parse(arena_printf(&mem, "%s,90-90", header), 100, &found), RANGE_WHOLE);
    CHECK_INT(range_parse(arena_printf(&mem, "%s,30-40", header), 100, &found),
              RANGE_PART); /* meets the last */
    CHECK_INT(found.count, RANGES_MAX);
}

TEST_MAIN
