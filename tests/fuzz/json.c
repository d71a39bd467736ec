/* JSON text: what is read can be written, and reads back as the same value. */
#include "fuzz.h"

static void check(const struct json *value, int depth)
{
    EXPECT(depth <= JSON_DEPTH_MAX);
    if (value->kind == JSON_IS_TEXT) EXPECT(text_valid_utf8(value->text, strlen(value->text)));
    for (size_t i = 0; i < value->count; i++) {
        check(&value->items[i], depth + 1);
        if (value->kind != JSON_IS_OBJECT) continue;
        EXPECT(text_valid_utf8(value->keys[i], strlen(value->keys[i])));
        EXPECT(json_get(value, value->keys[i]) == &value->items[i]); /* no name twice */
    }
}

static bool same(const struct json *a, const struct json *b)
{
    if (a->kind != b->kind || a->count != b->count || !text_is(a->text, b->text)) return false;
    if (a->truth != b->truth || a->integer != b->integer || memcmp(&a->real, &b->real, sizeof a->real) != 0)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->kind == JSON_IS_OBJECT && !text_is(a->keys[i], b->keys[i])) return false;
        if (!same(&a->items[i], &b->items[i])) return false;
    }
    return true;
}

FUZZ(mem, in)
{
    const struct json *value = NULL;
    const size_t size = (size_t)(in->end - in->at);
    size_t offset;
    struct error err = { 0 };
    if (!json_parse(in->at, size, mem, &value, &offset, &err)) {
        EXPECT(!value && err.cause == CAUSE_INVALID && err.text[0] && offset <= size);
        return;
    }
    check(value, 0);
    const char *const text = json_print(mem, value);
    const struct json *const again = json_read(mem, text);
    EXPECT(same(value, again) && same(value, json_clone(mem, value)));
    EXPECT(text_is(json_print(mem, again), text));
}
