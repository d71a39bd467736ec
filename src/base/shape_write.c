/* Shapes going out: JSON, JSON Schema, the list of faults. */
#include "base/shape.h"

#include "base/text.h"
#include "base/time.h"

#include <string.h>

void shape_write_list(const struct shape *shape, const struct list *list, struct json_out *out)
{
    json_put_open(out, '[');
    for (size_t i = 0; i < list->count; i++)
        shape_write(shape, (const char *)list->items + i * shape->size, out);
    json_put_close(out, ']');
}

static void write_time(int64_t at, struct json_out *out)
{
    AUTO(arena) struct arena mem = { 0 };
    json_put_text(out, time_text(&mem, at));
}

static void write_value(const struct field *field, const void *at, struct json_out *out)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_ENUM:
        json_put_text(out, *(const char *const *)at);
        break;
    case FIELD_INT:
        if (*(const int64_t *)at == INT_NONE)
            json_put_null(out);
        else
            json_put_int(out, *(const int64_t *)at);
        break;
    case FIELD_REAL:
        json_put_real(out, *(const double *)at);
        break;
    case FIELD_BOOL:
        json_put_bool(out, *(const bool *)at);
        break;
    case FIELD_TIME:
        write_time(*(const int64_t *)at, out);
        break;
    case FIELD_JSON:
        json_put_value(out, *(const struct json *const *)at);
        break;
    case FIELD_DATA:
        json_put_raw(out, *(const char *const *)at ? *(const char *const *)at : "null");
        break;
    case FIELD_TEXTS:
        json_put_texts(out, ((const struct texts *)at)->items, ((const struct texts *)at)->count);
        break;
    case FIELD_SHAPE:
        if (*(const void *const *)at)
            shape_write(field->shape, *(const void *const *)at, out);
        else
            json_put_null(out);
        break;
    case FIELD_LIST:
        shape_write_list(field->shape, at, out);
        break;
    }
}

void shape_write_fields(const struct shape *shape, const void *in, struct json_out *out)
{
    for (const struct field *field = shape->fields; field->name; field++) {
        json_put_key(out, field->name);
        write_value(field, (const char *)in + field->offset, out);
    }
}

void shape_write(const struct shape *shape, const void *in, struct json_out *out)
{
    json_put_open(out, '{');
    shape_write_fields(shape, in, out);
    json_put_close(out, '}');
}

char *shape_text(struct arena *mem, const struct shape *shape, const void *in)
{
    AUTO(buf) struct buf text = BUF(96u << 20);
    shape_write(shape, in, &(struct json_out){ .buf = &text });
    return buf_copy(&text, mem);
}

void issues_write(const struct issues *issues, struct json_out *out)
{
    json_put_open(out, '[');
    for (const struct issue *issue = issues->first; issue; issue = issue->next) {
        json_put_open(out, '{');
        json_put_pair(out, "type", issue->type);
        json_put_key(out, "loc");
        json_put_raw(out, issue->loc);
        json_put_pair(out, "msg", issue->msg);
        json_put_key(out, "input");
        json_put_value(out, issue->input);
        if (issue->ctx) {
            json_put_key(out, "ctx");
            json_put_raw(out, issue->ctx);
        }
        json_put_close(out, '}');
    }
    json_put_close(out, ']');
}

/* ---- JSON Schema ---- */

static void put_int_pair(struct json_out *out, const char *key, int64_t value)
{
    json_put_key(out, key);
    json_put_int(out, value);
}

/* "type": "x", or ["x","null"] where null is a value. */
static void put_type(struct json_out *out, const char *type, bool nullable)
{
    json_put_key(out, "type");
    if (!nullable) {
        json_put_text(out, type);
        return;
    }
    json_put_open(out, '[');
    json_put_text(out, type);
    json_put_text(out, "null");
    json_put_close(out, ']');
}

static void put_reference(struct json_out *out, const struct shape *shape)
{
    AUTO(buf) struct buf path = BUF(256);
    buf_printf(&path, "#/components/schemas/%s", shape->name);
    json_put_pair(out, "$ref", buf_str(&path));
}

static void put_bounds(struct json_out *out, const struct field *field, const char *low, const char *high)
{
    if (field->min) put_int_pair(out, low, field->min);
    if (field->max) put_int_pair(out, high, field->max);
}

static void put_choices(struct json_out *out, const struct field *field, bool nullable)
{
    put_type(out, "string", nullable);
    json_put_key(out, "enum");
    json_put_open(out, '[');
    for (int i = 0; field->names[i]; i++) json_put_text(out, field->names[i]);
    if (nullable) json_put_null(out);
    json_put_close(out, ']');
}

static void put_number(struct json_out *out, const struct field *field, const char *type, bool nullable)
{
    put_type(out, type, nullable);
    if (!field->min && !field->max) return;
    put_int_pair(out, "minimum", field->min);
    put_int_pair(out, "maximum", field->max);
}

static void put_array(struct json_out *out, const struct field *field)
{
    put_type(out, "array", false);
    put_bounds(out, field, "minItems", "maxItems");
    json_put_key(out, "items");
    json_put_open(out, '{');
    if (field->kind == FIELD_LIST)
        put_reference(out, field->shape);
    else
        json_put_pair(out, "type", "string");
    json_put_close(out, '}');
}

static void put_object_reference(struct json_out *out, const struct field *field, bool nullable)
{
    if (!nullable) {
        put_reference(out, field->shape);
        return;
    }
    json_put_key(out, "anyOf");
    json_put_open(out, '[');
    json_put_open(out, '{');
    put_reference(out, field->shape);
    json_put_close(out, '}');
    json_put_open(out, '{');
    json_put_pair(out, "type", "null");
    json_put_close(out, '}');
    json_put_close(out, ']');
}

static void put_initial(struct json_out *out, const struct field *field)
{
    if (field->kind == FIELD_TEXT || field->kind == FIELD_ENUM) {
        if (field->initial_text) json_put_pair(out, "default", field->initial_text);
    } else if (field->kind == FIELD_INT && (field->initial || !field->nullable)) {
        put_int_pair(out, "default", field->initial);
    } else if (field->kind == FIELD_BOOL) {
        json_put_key(out, "default");
        json_put_bool(out, field->initial);
    }
}

void field_schema(const struct field *field, bool reading, struct json_out *out)
{
    json_put_open(out, '{');
    switch (field->kind) {
    case FIELD_TEXT:
        put_type(out, "string", field->nullable);
        if (reading) put_bounds(out, field, "minLength", "maxLength");
        if (field->format) json_put_pair(out, "format", field->format);
        break;
    case FIELD_ENUM:
        put_choices(out, field, field->nullable);
        break;
    case FIELD_INT:
        put_number(out, field, "integer", field->nullable);
        break;
    case FIELD_REAL:
        put_number(out, field, "number", field->nullable);
        break;
    case FIELD_BOOL:
        put_type(out, "boolean", field->nullable);
        break;
    case FIELD_TIME:
        put_type(out, "string", field->nullable);
        json_put_pair(out, "format", "date-time");
        break;
    case FIELD_JSON:
        break; /* anything */
    case FIELD_DATA:
        put_type(out, field->format ? field->format : "object", field->nullable);
        break;
    case FIELD_TEXTS:
    case FIELD_LIST:
        put_array(out, field);
        break;
    case FIELD_SHAPE:
        put_object_reference(out, field, field->nullable);
        break;
    }
    if (reading && !field->required) put_initial(out, field);
    if (field->doc) json_put_pair(out, "description", field->doc);
    json_put_close(out, '}');
}

void shape_schema(const struct shape *shape, bool reading, struct json_out *out)
{
    json_put_open(out, '{');
    json_put_pair(out, "type", "object");
    json_put_key(out, "properties");
    json_put_open(out, '{');
    bool any = false;
    for (const struct field *field = shape->fields; field->name; field++) {
        json_put_key(out, field->name);
        field_schema(field, reading, out);
        any |= field->required || !reading;
    }
    json_put_close(out, '}');
    if (any) {
        json_put_key(out, "required");
        json_put_open(out, '[');
        for (const struct field *field = shape->fields; field->name; field++)
            if (field->required || !reading) json_put_text(out, field->name);
        json_put_close(out, ']');
    }
    json_put_close(out, '}');
}

const char *shape_fault(const struct shape *shape, struct arena *mem)
{
    for (const struct field *field = shape->fields; field->name; field++) {
        const char *const at = arena_printf(mem, "%s.%s", shape->name, field->name);
        if (text_empty(field->doc)) return arena_printf(mem, "%s has no doc", at);
        if (field->max < field->min) return arena_printf(mem, "%s has max below min", at);
        if (field->kind == FIELD_ENUM && !field->names) return arena_printf(mem, "%s has no names", at);
        if (field->required && field->nullable) return arena_printf(mem, "%s is required and nullable", at);
        for (const struct field *other = field + 1; other->name; other++)
            if (text_is(other->name, field->name)) return arena_printf(mem, "%s stands there twice", at);
    }
    return NULL;
}
