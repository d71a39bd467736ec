#include "schema_check.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct json *resolve(const struct json *document, const char *reference)
{
    AUTO(arena) struct arena mem = { 0 };
    if (!text_starts(reference, "#/")) return NULL;
    const struct texts names = text_split(&mem, reference + 2, '/');
    for (size_t i = 0; document && i < names.count; i++) document = json_get(document, names.items[i]);
    return document;
}

static bool is_of_type(const char *type, const struct json *value)
{
    switch (value->kind) {
    case JSON_IS_NULL:
        return text_is(type, "null");
    case JSON_IS_BOOL:
        return text_is(type, "boolean");
    case JSON_IS_INT:
        return text_is(type, "integer") || text_is(type, "number");
    case JSON_IS_REAL:
        return text_is(type, "number") || (text_is(type, "integer") && value->real == floor(value->real));
    case JSON_IS_TEXT:
        return text_is(type, "string");
    case JSON_IS_ARRAY:
        return text_is(type, "array");
    case JSON_IS_OBJECT:
        return text_is(type, "object");
    }
    return false;
}

static bool check_type(const struct json *type, const struct json *value, struct error *err)
{
    if (!type) return true;
    if (type->kind == JSON_IS_TEXT)
        return is_of_type(type->text, value) || fail(err, CAUSE_INVALID, "is not of type %s", type->text);
    for (size_t i = 0; i < type->count; i++)
        if (is_of_type(type->items[i].text, value)) return true;
    return fail(err, CAUSE_INVALID, "is of none of the types");
}

static bool check_bound(const struct json *schema, const char *name, double value, int sign,
                        struct error *err)
{
    const double bound = json_get_real(schema, name, NAN);
    return isnan(bound) || (value - bound) * sign >= 0 ||
           fail(err, CAUSE_INVALID, "breaks %s %g", name, bound);
}

static bool check_bounds(const struct json *schema, const struct json *value, struct error *err)
{
    if (value->kind == JSON_IS_INT || value->kind == JSON_IS_REAL) {
        const double number = value->kind == JSON_IS_INT ? (double)value->integer : value->real;
        return check_bound(schema, "minimum", number, 1, err) &&
               check_bound(schema, "maximum", number, -1, err);
    }
    if (value->kind == JSON_IS_TEXT) {
        const double length = (double)text_length(value->text);
        return check_bound(schema, "minLength", length, 1, err) &&
               check_bound(schema, "maxLength", length, -1, err);
    }
    if (value->kind != JSON_IS_ARRAY) return true;
    return check_bound(schema, "minItems", (double)value->count, 1, err) &&
           check_bound(schema, "maxItems", (double)value->count, -1, err);
}

static bool check_choice(const struct json *choices, const struct json *value, struct error *err)
{
    if (!choices) return true;
    for (size_t i = 0; i < choices->count; i++)
        if (choices->items[i].kind == value->kind &&
            (value->kind != JSON_IS_TEXT || text_is(choices->items[i].text, value->text)))
            return true;
    return fail(err, CAUSE_INVALID, "is none of the choices");
}

/* Puts the member in front of the reason. */
static bool blame(struct error *err, const char *at)
{
    const struct error inner = *err;
    return fail(err, CAUSE_INVALID, "%s%s%s", at, inner.text[0] == '.' || inner.text[0] == '[' ? "" : " ",
                inner.text);
}

static bool check_members(const struct json *document, const struct json *schema, const struct json *value,
                          struct error *err)
{
    char at[128];
    const struct json *const properties = json_get(schema, "properties"), *const required =
                                                                              json_get(schema, "required");
    for (size_t i = 0; required && i < required->count; i++)
        if (!json_get(value, required->items[i].text))
            return fail(err, CAUSE_INVALID, "lacks the member %s", required->items[i].text);
    for (size_t i = 0; properties && i < value->count; i++) {
        const struct json *const member = json_get(properties, value->keys[i]);
        snprintf(at, sizeof at, ".%s", value->keys[i]);
        if (!member) return fail(err, CAUSE_INVALID, "%s is not described", at);
        if (!schema_check(document, member, &value->items[i], err)) return blame(err, at);
    }
    return true;
}

static bool check_items(const struct json *document, const struct json *items, const struct json *value,
                        struct error *err)
{
    char at[32];
    for (size_t i = 0; items && i < value->count; i++) {
        snprintf(at, sizeof at, "[%zu]", i);
        if (!schema_check(document, items, &value->items[i], err)) return blame(err, at);
    }
    return true;
}

static bool check_any(const struct json *document, const struct json *any, const struct json *value,
                      struct error *err)
{
    for (size_t i = 0; any && i < any->count; i++)
        if (schema_check(document, &any->items[i], value, err)) return true;
    return !any;
}

bool schema_check(const struct json *document, const struct json *schema, const struct json *value,
                  struct error *err)
{
    const char *const reference = json_get_text(schema, "$ref", NULL);
    if (reference) {
        const struct json *const target = resolve(document, reference);
        if (!target) return fail(err, CAUSE_INVALID, "has a schema that is not there: %s", reference);
        return schema_check(document, target, value, err);
    }
    if (!check_type(json_get(schema, "type"), value, err) ||
        !check_choice(json_get(schema, "enum"), value, err) || !check_bounds(schema, value, err) ||
        !check_any(document, json_get(schema, "anyOf"), value, err))
        return false;
    if (value->kind == JSON_IS_OBJECT) return check_members(document, schema, value, err);
    return value->kind != JSON_IS_ARRAY || check_items(document, json_get(schema, "items"), value, err);
}

/* ---- replies ---- */

static const struct json *find_response(const struct json *document, const char *method, const char *path,
                                        int status)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *const item = json_get(json_get(document, "paths"), path);
    const struct json *const operation = json_get(item, text_lower(&mem, method));
    const struct json *const responses = json_get(operation, "responses");
    const struct json *const exact = json_get(responses, arena_printf(&mem, "%d", status));
    return exact || status < 400 ? exact : json_get(responses, "default");
}

bool reply_check(const struct json *document, const char *method, const char *path, int status,
                 const char *body, size_t size_bytes, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *const response = find_response(document, method, path, status), *value;
    if (!response)
        return fail(err, CAUSE_INVALID, "%s %s: the status %d is not described", method, path, status);
    const struct json *const content = json_get(response, "content");
    if (!content)
        return !size_bytes ||
               fail(err, CAUSE_INVALID, "%s %s: %d has a body that is not described", method, path, status);
    const struct json *const media = json_get(content, "application/json");
    if (!media) return true; /* a file or a stream */
    if (!json_parse(body, size_bytes, &mem, &value, NULL, err)) return false;
    if (schema_check(document, json_get(media, "schema"), value, err)) return true;
    return blame(err, arena_printf(&mem, "%s %s %d: the reply", method, path, status));
}
