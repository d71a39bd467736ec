#include "base/json.h"
#include "test.h"

static bool parses(const char *text)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *out;
    return json_parse(text, strlen(text), &mem, &out, NULL, NULL);
}

TEST(values_survive_reading_and_writing)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    const char *const rows[] = { "{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"x\\\"\\\\\\n\"}}",
                                 "[]",
                                 "{}",
                                 "\"\"",
                                 "-5",
                                 "2.5",
                                 "1e+300",
                                 "2.5500000000000003",
                                 "\"\xC3\xA9\"",
                                 "null" };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct json *value;
        CHECK_OK(json_parse(rows[i], strlen(rows[i]), &mem, &value, NULL, &err));
        CHECK_TEXT(json_print(&mem, value), rows[i]);
        CHECK_TEXT(json_print(&mem, json_clone(&mem, value)), rows[i]);
    }
}

TEST(hostile_text_is_refused)
{
    const char *const bad[] = { "",
                                "{",
                                "[1,]",
                                "{\"a\":1,\"a\":2}",
                                "{} x",
                                "\"\\u0000\"",
                                "\"\xC0\x80\"",
                                "NaN",
                                "01",
                                "99999999999999999999",
                                "{\"a\"}",
                                "'a'" };
    for (size_t i = 0; i < COUNT_OF(bad); i++) CHECK_MSG(!parses(bad[i]), "'%s' was taken", bad[i]);
    AUTO(buf) struct buf deep = BUF(1 << 20);
    for (int i = 0; i < JSON_DEPTH_MAX; i++) buf_char(&deep, '[');
    for (int i = 0; i < JSON_DEPTH_MAX; i++) buf_char(&deep, ']');
    CHECK(parses(buf_str(&deep)));
    buf_cleanup(&deep);
    for (int i = 0; i < 100000; i++) buf_char(&deep, '[');
    CHECK(!parses(buf_str(&deep)));
}

/* {},{},... takes the most memory for its size. */
static bool many(size_t count, size_t *weight_out)
{
    AUTO(buf) struct buf text = BUF(1 << 20);
    buf_text(&text, "[\"[,{\\\",\"");
    for (size_t i = 0; i < count; i++) buf_text(&text, ",{}");
    buf_char(&text, ']');
    *weight_out = json_weight(buf_str(&text), text.size);
    return parses(buf_str(&text));
}

TEST(so_many_values_and_no_more)
{
    size_t few, most, more;
    CHECK(many(10, &few));
    CHECK(few > 10 * 300 && few < 40 * 300);
    CHECK(many(JSON_VALUES_MAX / 2 - 1, &most));
    CHECK(!many(JSON_VALUES_MAX / 2, &more));
    CHECK(most > 20 << 20 && most < 40 << 20);
    CHECK_INT(more, 0);
}

TEST(the_place_of_a_fault_is_told)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *out;
    size_t offset = 0;
    struct error err;
    CHECK(!json_parse("{\"a\": x}", 8, &mem, &out, &offset, &err));
    CHECK(offset >= 6 && offset <= 8);
    CHECK_INT(err.cause, CAUSE_INVALID);
}

TEST(members_are_found_with_fallbacks)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *out;
    const char *const text = "{\"t\":\"x\",\"i\":3,\"r\":1.5}";
    CHECK(json_parse(text, strlen(text), &mem, &out, NULL, NULL));
    CHECK_TEXT(json_get_text(out, "t", "none"), "x");
    CHECK_TEXT(json_get_text(out, "i", "none"), "none");
    CHECK_INT(json_get_int(out, "i", 9), 3);
    CHECK_INT(json_get_int(out, "nope", 9), 9);
    CHECK_NEAR(json_get_real(out, "i", 0), 3, 0);
    CHECK_NEAR(json_get_real(out, "r", 0), 1.5, 0);
    CHECK(!json_get(NULL, "t") && !json_get(json_get(out, "t"), "x"));
}

TEST(control_characters_are_escaped_and_broken_numbers_are_null)
{
    AUTO(buf) struct buf buf = BUF(1000);
    struct json_out out = { .buf = &buf };
    json_put_open(&out, '[');
    json_put_text(&out, "\x01\t\r\n\x1f");
    json_put_real(&out, (double)NAN);
    json_put_real(&out, 3);
    json_put_text(&out, NULL);
    json_put_close(&out, ']');
    CHECK_TEXT(buf_str(&buf), "[\"\\u0001\\t\\r\\n\\u001f\",null,3.0,null]");
}

TEST(texts_become_an_array)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_TEXT(json_texts(&mem, (const char *[]){ "a", "\"", NULL }, 3), "[\"a\",\"\\\"\",null]");
    CHECK_TEXT(json_texts(&mem, NULL, 0), "[]");
}

TEST_MAIN
