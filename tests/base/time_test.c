#include "base/time.h"
#include "test.h"

TEST(written_times_read_back)
{
    AUTO(arena) struct arena mem = { 0 };
    const int64_t at[] = { 1, SECOND, 1767434400LL * SECOND + 123000, 253402300799LL * SECOND, -1 };
    for (int i = 0; i < 5; i++) {
        int64_t back = 0;
        CHECK(time_parse(time_text(&mem, at[i]), &back));
        CHECK_INT(back, at[i]);
    }
    CHECK_TEXT(time_text(&mem, 1767434400LL * SECOND), "2026-01-03T10:00:00");
    CHECK_TEXT(time_text(&mem, 1767434400LL * SECOND + 123000), "2026-01-03T10:00:00.123000");
    CHECK(!time_text(&mem, 0));
}

TEST(offsets_are_converted_to_utc)
{
    int64_t a, b;
    CHECK(time_parse("2026-01-03T10:00:00+05:00", &a) && time_parse("2026-01-03T05:00:00Z", &b));
    CHECK_INT(a, b);
    CHECK(time_parse("2026-01-03", &a) && time_parse("2026-01-03 00:00", &b));
    CHECK_INT(a, b);
    CHECK(time_parse("2024-02-29", &a));
    CHECK(time_parse("1970-01-01", &a) && a == 1); /* 0 is no time */
}

TEST(nonsense_is_refused)
{
    const char *const bad[] = { "",
                                "x",
                                "2026",
                                "2026-13-01",
                                "2026-02-30",
                                "2026-01-01T",
                                "2026-01-01T25:00",
                                "2026-01-01T10:61",
                                "2026-01-01T10:00:00.",
                                "2026-01-01T10:00:00+5",
                                "2026-01-01T10:00:00Zx",
                                "2026-1-1",
                                "9999-12-31T23:59:59-00:01",
                                "0000-01-01T00:00:00+00:01" };
    int64_t at;
    for (size_t i = 0; i < COUNT_OF(bad); i++) CHECK_MSG(!time_parse(bad[i], &at), "'%s' was taken", bad[i]);
}

TEST_MAIN
