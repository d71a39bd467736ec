/* JSON in and out. Reading gives a read-only tree in an arena; writing appends straight onto a buffer.
 * jansson stays inside json.c. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum json_kind {
    JSON_IS_NULL,
    JSON_IS_BOOL,
    JSON_IS_INT,
    JSON_IS_REAL,
    JSON_IS_TEXT,
    JSON_IS_ARRAY,
    JSON_IS_OBJECT
};

enum { JSON_DEPTH_MAX = 64, JSON_VALUES_MAX = 100000 };

struct json {
    enum json_kind kind;
    bool truth;
    int64_t integer;
    double real;
    const char *text;         /* JSON_IS_TEXT: valid UTF-8 without NUL */
    const struct json *items; /* JSON_IS_ARRAY, JSON_IS_OBJECT: `count` values */
    const char **keys;        /* JSON_IS_OBJECT: `count` names, in the order they came */
    size_t count;
};

/* Parses one JSON value. Refuses trailing text, duplicate keys, NUL characters, invalid UTF-8, nesting beyond
 * JSON_DEPTH_MAX, more than JSON_VALUES_MAX values. `offset_out` (may be NULL) gets the byte position of the
 * fault. Fails with CAUSE_INVALID.
 */
bool json_parse(const char *text, size_t size_bytes, struct arena *mem, const struct json **out,
                size_t *offset_out, struct error *err) MUST_USE;

/* How many bytes parsing this text takes at most, the text not counted; 0 when it is refused for its size. */
size_t json_weight(const char *text, size_t size_bytes);

/* Member of an object; NULL when absent or `in` is not an object. */
const struct json *json_get(const struct json *in, const char *key);

/* Member as text / integer / real; the fallback when absent or of another kind. */
const char *json_get_text(const struct json *in, const char *key, const char *fallback);
int64_t json_get_int(const struct json *in, const char *key, int64_t fallback);
double json_get_real(const struct json *in, const char *key, double fallback);

/* A deep copy in another arena; NULL of NULL. */
const struct json *json_clone(struct arena *mem, const struct json *value) MUST_USE;

/* An object of text values, for input that arrives as pairs: query strings, options, environment. */
const struct json *json_from_pairs(struct arena *mem, const char *const *keys, const char *const *values,
                                   size_t count);

/* Writer: compact, UTF-8 unescaped, members in the order written. Inside an object call json_put_key before
 * each value. A buffer that fills up is seen in out->full. */
struct json_out {
    struct buf *buf;
    bool comma; /* a value stands before this place */
};

void json_put_open(struct json_out *out, char bracket);  /* '{' or '[' */
void json_put_close(struct json_out *out, char bracket); /* '}' or ']' */
void json_put_key(struct json_out *out, const char *key);
void json_put_text(struct json_out *out, const char *text); /* NULL writes null */
void json_put_int(struct json_out *out, int64_t value);
void json_put_real(struct json_out *out,
                   double value); /* shortest text that reads back the same; NaN writes null */
void json_put_bool(struct json_out *out, bool value);
void json_put_null(struct json_out *out);
void json_put_value(struct json_out *out, const struct json *value); /* NULL writes null */
void json_put_raw(struct json_out *out, const char *json);           /* text that is JSON already */

/* An array of texts. */
void json_put_texts(struct json_out *out, const char *const *texts, size_t count);

/* json_put_key and json_put_text in one. */
void json_put_pair(struct json_out *out, const char *key, const char *text);

/* The value as compact JSON text. */
char *json_print(struct arena *mem, const struct json *value) MUST_USE;

/* The array that json_put_texts writes, as text. */
char *json_texts(struct arena *mem, const char *const *texts, size_t count) MUST_USE;
