#include "base/text.h"
#include "test.h"

TEST(utf8_is_checked_by_the_book)
{
    const struct {
        const char *text;
        size_t size;
        bool good;
    } rows[] = {
        { "plain", 5, true },
        { "\xC3\xA9", 2, true },
        { "\xE2\x82\xAC", 3, true },
        { "\xF0\x9F\x8E\xAC", 4, true },
        { "\xC0\x80", 2, false },
        { "\xE0\x80\x80", 3, false },
        { "\xED\xA0\x80", 3, false },
        { "\xF4\x90\x80\x80", 4, false },
        { "\xF5\x80\x80\x80", 4, false },
        { "\x80", 1, false },
        { "\xC3", 1, false },
        { "a\0b", 3, false },
        { "\xE2\x82", 2, false },
        { "", 0, true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_MSG(text_valid_utf8(rows[i].text, rows[i].size) == rows[i].good, "row %zu", i);
    CHECK_INT(text_length("a\xC3\xA9\xE2\x82\xAC"), 3);
}

TEST(cutting_never_splits_a_code_point)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_TEXT(text_cut(&mem, "ab\xE2\x82\xAC", 4), "ab");
    CHECK_TEXT(text_cut(&mem, "ab\xE2\x82\xAC", 5), "ab\xE2\x82\xAC");
    CHECK_TEXT(text_cut(&mem, "\xE2\x82\xAC", 1), "");
}

TEST(points_are_counted_in_bytes)
{
    CHECK_INT(text_head_bytes("a\xE2\x82\xAC" "b", 0), 0);
    CHECK_INT(text_head_bytes("a\xE2\x82\xAC" "b", 2), 4);
    CHECK_INT(text_head_bytes("a\xE2\x82\xAC" "b", 3), 5);
    CHECK_INT(text_head_bytes("a\xE2\x82\xAC" "b", 9), 5);
    CHECK_INT(text_head_bytes("", 1), 0);
}

TEST(one_line_moves_no_cursor)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_TEXT(text_line(&mem, "a\r\nb\tc\x1b[2J\x7F"), "a  b c [2J ");
    CHECK_TEXT(text_line(&mem, "\xC2\x9B"
                               "31m \xC2\xA0 \xC3\x9B \xE2\x82\xAC"),
               "  31m \xC2\xA0 \xC3\x9B \xE2\x82\xAC");
    CHECK_TEXT(text_line(&mem, ""), "");
    CHECK(text_plain("a\tb \xC3\xA9", 6) && text_plain("a\n", 1) && text_plain("", 0));
    CHECK(!text_plain("a\n", 2) && !text_plain("\x1b", 1) && !text_plain("a\x7F", 2) && !text_plain("", 1));
}

TEST(numbers_are_whole_or_nothing)
{
    int64_t i;
    double r;
    CHECK(text_to_int("-42", &i) && i == -42);
    CHECK(text_to_int("9223372036854775807", &i) && i == INT64_MAX);
    const char *const bad[] = { "", " 1", "1 ", "1x", "9223372036854775808", "0x10", "1.0", "--1" };
    for (size_t k = 0; k < COUNT_OF(bad); k++) CHECK_MSG(!text_to_int(bad[k], &i), "'%s' was taken", bad[k]);
    CHECK(text_to_real("2.5", &r) && r == 2.5);
    CHECK(!text_to_real("nan", &r) && !text_to_real("inf", &r) && !text_to_real("0x10", &r) &&
          !text_to_real("1e999", &r));
}

TEST(splitting_trims_and_drops_empty_parts)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct texts parts = text_split(&mem, " a, b c ,,\t, d", ',');
    CHECK_INT(parts.count, 3);
    CHECK_TEXT(parts.items[1], "b c");
    CHECK_INT(text_split(&mem, "", ',').count, 0);
}

TEST(small_helpers)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const names[] = { "x", "y", NULL };
    CHECK(text_is(NULL, NULL) && !text_is("a", NULL) && text_is("a", "a"));
    CHECK(text_empty(NULL) && text_empty("") && !text_empty("a"));
    CHECK(text_starts("abc", "ab") && !text_starts("a", "ab") && text_ends("abc", "bc") &&
          !text_ends("c", "bc"));
    CHECK_INT(text_find(names, "y"), 1);
    CHECK_INT(text_find(names, "z"), -1);
    CHECK_TEXT(text_join(&mem, names, "'", " or "), "'x' or 'y'");
    CHECK_TEXT(text_lower(&mem, "AbC\xC3\x89"), "abc\xC3\x89");
}

TEST_MAIN
