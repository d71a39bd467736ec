#include "base/json.h"

#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

/* An empty object takes most: its table in jansson's tree, and its place in ours. */
enum { BYTES_PER_VALUE = 320 };

static bool copy_value(json_t *from, struct arena *mem, int depth, struct json *to);

static bool copy_items(json_t *from, struct arena *mem, int depth, struct json *to)
{
    struct json *const items = arena_array(mem, json_array_size(from), sizeof *items);
    to->kind = JSON_IS_ARRAY;
    to->items = items;
    size_t i;
    json_t *value;
    json_array_foreach(from, i,
                       value) if (!copy_value(value, mem, depth + 1, &items[to->count++])) return false;
    return true;
}

static bool copy_members(json_t *from, struct arena *mem, int depth, struct json *to)
{
    struct json *const items = arena_array(mem, json_object_size(from), sizeof *items);
    to->kind = JSON_IS_OBJECT;
    to->items = items;
    to->keys = arena_array(mem, json_object_size(from), sizeof *to->keys);
    const char *key;
    json_t *value;
    json_object_foreach(from, key, value)
    {
        to->keys[to->count] = arena_text(mem, key);
        if (!copy_value(value, mem, depth + 1, &items[to->count++])) return false;
    }
    return true;
}

static bool copy_value(json_t *from, struct arena *mem, int depth, struct json *to)
{
    if (depth > JSON_DEPTH_MAX) return false;
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        return copy_members(from, mem, depth, to);
    case JSON_ARRAY:
        return copy_items(from, mem, depth, to);
    case JSON_STRING:
        *to = (struct json){ .kind = JSON_IS_TEXT, .text = arena_text(mem, json_string_value(from)) };
        return true;
    case JSON_INTEGER:
        *to = (struct json){ .kind = JSON_IS_INT, .integer = json_integer_value(from) };
        return true;
    case JSON_REAL:
        *to = (struct json){ .kind = JSON_IS_REAL, .real = json_real_value(from) };
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        *to = (struct json){ .kind = JSON_IS_BOOL, .truth = json_is_true(from) };
        return true;
    case JSON_NULL:
        *to = (struct json){ .kind = JSON_IS_NULL };
        return true;
    }
    return false;
}

/* What a text holds, told before jansson reads it: jansson recurses and does not stop early. */
struct extent {
    int depth;     /* the deepest */
    size_t values; /* at most, keys not counted */
};

/* A bracket opens a value, a comma stands before one; those inside strings are skipped. */
static struct extent measure(const char *text, size_t size_bytes)
{
    struct extent extent = { .values = 1 };
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < size_bytes; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (text[i] == '[' || text[i] == '{') {
            extent.values++;
            if (++depth > extent.depth) extent.depth = depth;
        } else if (text[i] == ']' || text[i] == '}')
            depth--;
        else if (text[i] == ',')
            extent.values++;
    }
    return extent;
}

size_t json_weight(const char *text, size_t size_bytes)
{
    const size_t values = measure(text, size_bytes).values;
    return values > JSON_VALUES_MAX ? 0 : values * BYTES_PER_VALUE + 2 * size_bytes;
}

bool json_parse(const char *text, size_t size_bytes, struct arena *mem, const struct json **out,
                size_t *offset_out, struct error *err)
{
    const struct extent extent = measure(text, size_bytes);
    if (offset_out) *offset_out = 0;
    if (extent.depth > JSON_DEPTH_MAX)
        return fail(err, CAUSE_INVALID, "the JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    if (extent.values > JSON_VALUES_MAX)
        return fail(err, CAUSE_INVALID, "the JSON has more than %d values", JSON_VALUES_MAX);
    json_error_t fault;
    json_t *const root =
        json_loadb(text ? text : "", size_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (!root) {
        if (offset_out && fault.position > 0) *offset_out = (size_t)fault.position;
        return fail(err, CAUSE_INVALID, "the JSON is malformed at byte %d: %s", fault.position, fault.text);
    }
    struct json *const copy = arena_new(mem, struct json);
    const bool whole = copy_value(root, mem, 0, copy);
    json_decref(root);
    if (!whole) return fail(err, CAUSE_INVALID, "the JSON is nested deeper than %d levels", JSON_DEPTH_MAX);
    *out = copy;
    return true;
}

const struct json *json_get(const struct json *in, const char *key)
{
    if (!in || in->kind != JSON_IS_OBJECT) return NULL;
    for (size_t i = 0; i < in->count; i++)
        if (strcmp(in->keys[i], key) == 0) return &in->items[i];
    return NULL;
}

const char *json_get_text(const struct json *in, const char *key, const char *fallback)
{
    const struct json *const value = json_get(in, key);
    return value && value->kind == JSON_IS_TEXT ? value->text : fallback;
}

int64_t json_get_int(const struct json *in, const char *key, int64_t fallback)
{
    const struct json *const value = json_get(in, key);
    return value && value->kind == JSON_IS_INT ? value->integer : fallback;
}

double json_get_real(const struct json *in, const char *key, double fallback)
{
    const struct json *const value = json_get(in, key);
    if (value && value->kind == JSON_IS_INT) return (double)value->integer;
    return value && value->kind == JSON_IS_REAL ? value->real : fallback;
}

static struct json copy_deep(struct arena *mem, const struct json *value)
{
    struct json copy = *value;
    struct json *const items = arena_array(mem, value->count, sizeof *items);
    copy.text = arena_text(mem, value->text);
    copy.items = items;
    copy.keys = value->keys ? arena_array(mem, value->count, sizeof(char *)) : NULL;
    for (size_t i = 0; i < value->count; i++) {
        items[i] = copy_deep(mem, &value->items[i]);
        if (copy.keys) copy.keys[i] = arena_text(mem, value->keys[i]);
    }
    return copy;
}

const struct json *json_clone(struct arena *mem, const struct json *value)
{
    if (!value) return NULL;
    struct json *const copy = arena_new(mem, struct json);
    *copy = copy_deep(mem, value);
    return copy;
}

const struct json *json_from_pairs(struct arena *mem, const char *const *keys, const char *const *values,
                                   size_t count)
{
    struct json *const object = arena_new(mem, struct json);
    struct json *const items = arena_array(mem, count, sizeof *items);
    *object = (struct json){ .kind = JSON_IS_OBJECT,
                             .items = items,
                             .keys = arena_array(mem, count, sizeof(char *)) };
    for (size_t i = 0; i < count; i++) {
        if (json_get(object, keys[i])) continue; /* the first one counts */
        object->keys[object->count] = keys[i];
        items[object->count++] = (struct json){ .kind = JSON_IS_TEXT, .text = values[i] };
    }
    return object;
}

/* ---- writing ---- */

static void before_value(struct json_out *out)
{
    if (out->comma) buf_char(out->buf, ',');
    out->comma = true;
}

void json_put_open(struct json_out *out, char bracket)
{
    before_value(out);
    buf_char(out->buf, bracket);
    out->comma = false;
}

void json_put_close(struct json_out *out, char bracket)
{
    buf_char(out->buf, bracket);
    out->comma = true;
}

static void put_quoted(struct buf *buf, const char *text)
{
    buf_char(buf, '"');
    const char *plain = text;
    for (const char *at = text;; at++) {
        const unsigned char c = (unsigned char)*at;
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        buf_add(buf, plain, (size_t)(at - plain));
        plain = at + 1;
        if (!c) break;
        if (c == '"' || c == '\\')
            buf_printf(buf, "\\%c", c);
        else if (c == '\n')
            buf_text(buf, "\\n");
        else if (c == '\t')
            buf_text(buf, "\\t");
        else if (c == '\r')
            buf_text(buf, "\\r");
        else
            buf_printf(buf, "\\u%04x", c);
    }
    buf_char(buf, '"');
}

void json_put_key(struct json_out *out, const char *key)
{
    before_value(out);
    put_quoted(out->buf, key);
    buf_char(out->buf, ':');
    out->comma = false;
}

void json_put_text(struct json_out *out, const char *text)
{
    before_value(out);
    if (text)
        put_quoted(out->buf, text);
    else
        buf_text(out->buf, "null");
}

void json_put_int(struct json_out *out, int64_t value)
{
    before_value(out);
    buf_printf(out->buf, "%lld", (long long)value);
}

void json_put_real(struct json_out *out, double value)
{
    before_value(out);
    if (!isfinite(value)) {
        buf_text(out->buf, "null");
        return;
    }
    if (value == trunc(value) && fabs(value) < 1e15) {
        buf_printf(out->buf, "%.1f", value);
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    buf_text(out->buf, text);
    if (!strpbrk(text, ".e")) buf_text(out->buf, ".0");
}

void json_put_bool(struct json_out *out, bool value)
{
    before_value(out);
    buf_text(out->buf, value ? "true" : "false");
}

void json_put_null(struct json_out *out)
{
    before_value(out);
    buf_text(out->buf, "null");
}

void json_put_raw(struct json_out *out, const char *json)
{
    before_value(out);
    buf_text(out->buf, json);
}

void json_put_pair(struct json_out *out, const char *key, const char *text)
{
    json_put_key(out, key);
    json_put_text(out, text);
}

void json_put_value(struct json_out *out, const struct json *value)
{
    switch (value ? value->kind : JSON_IS_NULL) {
    case JSON_IS_NULL:
        json_put_null(out);
        break;
    case JSON_IS_BOOL:
        json_put_bool(out, value->truth);
        break;
    case JSON_IS_INT:
        json_put_int(out, value->integer);
        break;
    case JSON_IS_REAL:
        json_put_real(out, value->real);
        break;
    case JSON_IS_TEXT:
        json_put_text(out, value->text);
        break;
    case JSON_IS_ARRAY:
        json_put_open(out, '[');
        for (size_t i = 0; i < value->count; i++) json_put_value(out, &value->items[i]);
        json_put_close(out, ']');
        break;
    case JSON_IS_OBJECT:
        json_put_open(out, '{');
        for (size_t i = 0; i < value->count; i++) {
            json_put_key(out, value->keys[i]);
            json_put_value(out, &value->items[i]);
        }
        json_put_close(out, '}');
        break;
    }
}

char *json_print(struct arena *mem, const struct json *value)
{
    AUTO(buf) struct buf buf = BUF(64u << 20);
    struct json_out out = { .buf = &buf };
    json_put_value(&out, value);
    return buf_copy(&buf, mem);
}

void json_put_texts(struct json_out *out, const char *const *texts, size_t count)
{
    json_put_open(out, '[');
    for (size_t i = 0; i < count; i++) json_put_text(out, texts[i]);
    json_put_close(out, ']');
}

char *json_texts(struct arena *mem, const char *const *texts, size_t count)
{
    AUTO(buf) struct buf buf = BUF(64u << 20);
    json_put_texts(&(struct json_out){ .buf = &buf }, texts, count);
    return buf_copy(&buf, mem);
}
