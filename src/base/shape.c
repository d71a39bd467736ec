/* Reading and validating. The wording of the faults is the API contract's. */
#include "base/shape.h"

#include "base/text.h"
#include "base/time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct reader {
    struct arena *mem;
    struct issues *issues;
    const char *loc; /* JSON array text, without the closing bracket */
};

static void *member(const struct field *field, void *out) { return (char *)out + field->offset; }

static bool bounded(const struct field *field) { return field->min || field->max; }

void issues_add(struct issues *issues, struct arena *mem, const char *type, const char *loc, const char *msg,
                const struct json *input, const char *ctx)
{
    struct issue **at = &issues->first;
    while (*at) at = &(*at)->next;
    *at = arena_new(mem, struct issue);
    **at = (struct issue){ .type = type, .loc = loc, .msg = msg, .input = input, .ctx = ctx };
    issues->count++;
}

static bool fault(struct reader *r, const char *type, const struct json *input, const char *ctx,
                  const char *msg)
{
    issues_add(r->issues, r->mem, type, arena_printf(r->mem, "%s]", r->loc), msg, input, ctx);
    return false;
}

static const char *loc_with(struct reader *r, const char *name)
{
    AUTO(buf) struct buf quoted = BUF(1024);
    json_put_text(&(struct json_out){ .buf = &quoted }, name);
    return arena_printf(r->mem, "%s,%s", r->loc, buf_str(&quoted));
}

static bool check_range(struct reader *r, const struct field *field, const struct json *in, double value)
{
    if (!bounded(field)) return true;
    if (value < (double)field->min)
        return fault(
            r, "greater_than_equal", in, arena_printf(r->mem, "{\"ge\":%lld}", (long long)field->min),
            arena_printf(r->mem, "Input should be greater than or equal to %lld", (long long)field->min));
    if (value > (double)field->max)
        return fault(
            r, "less_than_equal", in, arena_printf(r->mem, "{\"le\":%lld}", (long long)field->max),
            arena_printf(r->mem, "Input should be less than or equal to %lld", (long long)field->max));
    return true;
}

/* ---- one reader per kind ---- */

static bool read_text(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    if (in->kind != JSON_IS_TEXT) return fault(r, "string_type", in, NULL, "Input should be a valid string");
    const int64_t length = (int64_t)text_length(in->text);
    if (length < field->min)
        return fault(r, "string_too_short", in,
                     arena_printf(r->mem, "{\"min_length\":%lld}", (long long)field->min),
                     arena_printf(r->mem, "String should have at least %lld character%s",
                                  (long long)field->min, field->min == 1 ? "" : "s"));
    if (field->max && length > field->max)
        return fault(
            r, "string_too_long", in, arena_printf(r->mem, "{\"max_length\":%lld}", (long long)field->max),
            arena_printf(r->mem, "String should have at most %lld characters", (long long)field->max));
    *(const char **)out = in->text;
    return true;
}

/* 'a', 'b' or 'c' */
static const char *choices(struct arena *mem, const char *const *names)
{
    const char *text = "";
    for (int i = 0; names[i]; i++)
        text = arena_printf(mem, "%s%s'%s'", text, !i ? "" : names[i + 1] ? ", " : " or ", names[i]);
    return text;
}

/* One fault for each member of the union, at ["body","Member","type"]. */
static bool no_member(struct reader *r, const struct field *field, const struct json *in)
{
    const char *const tag = strrchr(r->loc, ',');
    for (int i = 0; field->names[i]; i++) {
        struct reader at = { r->mem, r->issues,
                             arena_printf(r->mem, "%.*s,\"%s\"%s", (int)(tag - r->loc), r->loc,
                                          field->names[i], tag) };
        fault(&at, "literal_error", in, arena_printf(r->mem, "{\"expected\":\"'%s'\"}", field->names[i]),
              arena_printf(r->mem, "Input should be '%s'", field->names[i]));
    }
    return false;
}

static bool read_enum(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    const int at = in->kind == JSON_IS_TEXT ? text_find(field->names, in->text) : -1;
    if (at < 0 && field->tag) return no_member(r, field, in);
    if (at < 0) {
        const char *const expected = choices(r->mem, field->names);
        return fault(r, "literal_error", in, arena_printf(r->mem, "{\"expected\":\"%s\"}", expected),
                     arena_printf(r->mem, "Input should be %s", expected));
    }
    *(const char **)out = field->names[at];
    return true;
}

static bool read_int(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    int64_t value = 0;
    double real = NAN;
    switch (in->kind) {
    case JSON_IS_INT:
        value = in->integer;
        break;
    case JSON_IS_BOOL:
        value = in->truth;
        break;
    case JSON_IS_REAL:
        real = in->real;
        break;
    case JSON_IS_TEXT:
        if (!text_to_int(in->text, &value) && !text_to_real(in->text, &real))
            return fault(r, "int_parsing", in, NULL,
                         "Input should be a valid integer, unable to parse string as an integer");
        break;
    default:
        return fault(r, "int_type", in, NULL, "Input should be a valid integer");
    }
    if (!isnan(real)) {
        if (real != floor(real))
            return fault(r, "int_from_float", in, NULL,
                         "Input should be a valid integer, got a number with a fractional part");
        value = fabs(real) < 0x1p63 ? (int64_t)real : INT_NONE;
    }
    if (!check_range(r, field, in, isnan(real) ? (double)value : real)) return false;
    if (value == INT_NONE) /* never taken for an absent one */
        return fault(r, "int_parsing_size", in, NULL, "Input should be a valid integer of at most 64 bits");
    *(int64_t *)out = value;
    return true;
}

static bool read_real(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    double value;
    if (in->kind == JSON_IS_INT)
        value = (double)in->integer;
    else if (in->kind == JSON_IS_REAL)
        value = in->real;
    else if (in->kind != JSON_IS_TEXT)
        return fault(r, "float_type", in, NULL, "Input should be a valid number");
    else if (!text_to_real(in->text, &value))
        return fault(r, "float_parsing", in, NULL,
                     "Input should be a valid number, unable to parse string as a number");
    if (!check_range(r, field, in, value)) return false;
    *(double *)out = value;
    return true;
}

static bool read_bool(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    static const char *const yes[] = { "true", "1", "yes", "on", "t", "y", NULL };
    static const char *const no[] = { "false", "0", "no", "off", "f", "n", "", NULL };
    (void)field;
    int truth = -1;
    if (in->kind == JSON_IS_BOOL)
        truth = in->truth;
    else if (in->kind == JSON_IS_INT && (in->integer == 0 || in->integer == 1))
        truth = (int)in->integer;
    else if (in->kind == JSON_IS_TEXT) {
        const char *const word = text_lower(r->mem, in->text);
        truth = text_find(yes, word) >= 0 ? 1 : text_find(no, word) >= 0 ? 0 : -1;
    }
    if (truth < 0)
        return fault(r, "bool_parsing", in, NULL,
                     "Input should be a valid boolean, unable to interpret input");
    *(bool *)out = truth;
    return true;
}

static bool read_time(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    (void)field;
    if (in->kind == JSON_IS_INT && in->integer > -4102444800 && in->integer < 253402300800)
        *(int64_t *)out = in->integer ? in->integer * SECOND : 1;
    else if (in->kind != JSON_IS_TEXT || !time_parse(in->text, out))
        return fault(r, "datetime_from_date_parsing", in, "{\"error\":\"invalid datetime\"}",
                     "Input should be a valid datetime or date, as 2026-01-31T12:00:00Z");
    return true;
}

static bool read_json(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    (void)r;
    (void)field;
    *(const struct json **)out = in;
    return true;
}

static bool read_data(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    if (in->kind != JSON_IS_OBJECT)
        return fault(r, "dict_type", in, NULL, "Input should be a valid dictionary");
    const char *const text = json_print(r->mem, in);
    const size_t size = strlen(text);
    if (field->max && size > (size_t)field->max) /* what was sent is not repeated: it is too large */
        return fault(r, "dict_too_large", NULL,
                     arena_printf(r->mem, "{\"max_bytes\":%lld}", (long long)field->max),
                     arena_printf(r->mem, "Data should have at most %lld bytes as JSON, not %zu",
                                  (long long)field->max, size));
    *(const char **)out = text;
    return true;
}

static bool check_count(struct reader *r, const struct field *field, const struct json *in)
{
    if (in->kind != JSON_IS_ARRAY) return fault(r, "list_type", in, NULL, "Input should be a valid list");
    if (field->max && (int64_t)in->count > field->max)
        return fault(r, "too_long", in, arena_printf(r->mem, "{\"max_length\":%lld}", (long long)field->max),
                     arena_printf(r->mem, "List should have at most %lld items", (long long)field->max));
    if ((int64_t)in->count < field->min)
        return fault(r, "too_short", in, arena_printf(r->mem, "{\"min_length\":%lld}", (long long)field->min),
                     arena_printf(r->mem, "List should have at least %lld items", (long long)field->min));
    return true;
}

static bool read_texts(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    if (!check_count(r, field, in)) return false;
    struct texts texts = { .items = arena_array(r->mem, in->count, sizeof(char *)), .count = in->count };
    for (size_t i = 0; i < in->count; i++) {
        if (in->items[i].kind != JSON_IS_TEXT)
            return fault(r, "string_type", &in->items[i], NULL, "Input should be a valid string");
        texts.items[i] = in->items[i].text;
    }
    *(struct texts *)out = texts;
    return true;
}

static bool any_secret(const struct shape *shape)
{
    for (const struct field *field = shape->fields; field->name; field++)
        if (field->secret) return true;
    return false;
}

static bool read_members(struct reader *r, const struct shape *shape, const struct json *in, void *out);

static bool read_shape(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    void *const object = arena_alloc(r->mem, field->shape->size);
    *(const void **)out = object;
    return read_members(r, field->shape, in, object);
}

static bool read_list(struct reader *r, const struct field *field, const struct json *in, void *out)
{
    if (!check_count(r, field, in)) return false;
    struct list list = { .items = arena_array(r->mem, in->count, field->shape->size), .count = in->count };
    bool good = true;
    for (size_t i = 0; i < in->count; i++) {
        struct reader item = { r->mem, r->issues, arena_printf(r->mem, "%s,%zu", r->loc, i) };
        good &= read_members(&item, field->shape, &in->items[i], (char *)list.items + i * field->shape->size);
    }
    *(struct list *)out = list;
    return good;
}

static bool (*const readers[])(struct reader *, const struct field *, const struct json *, void *) = {
    [FIELD_TEXT] = read_text, [FIELD_ENUM] = read_enum,   [FIELD_INT] = read_int,
    [FIELD_REAL] = read_real, [FIELD_BOOL] = read_bool,   [FIELD_TIME] = read_time,
    [FIELD_JSON] = read_json, [FIELD_TEXTS] = read_texts, [FIELD_SHAPE] = read_shape,
    [FIELD_LIST] = read_list, [FIELD_DATA] = read_data,
};

/* ---- whole shapes ---- */

void field_set_absent(const struct field *field, void *at)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_ENUM:
    case FIELD_DATA:
        *(const char **)at = NULL;
        break;
    case FIELD_INT:
        *(int64_t *)at = INT_NONE;
        break;
    case FIELD_REAL:
        *(double *)at = NAN;
        break;
    case FIELD_BOOL:
        *(bool *)at = false;
        break;
    case FIELD_TIME:
        *(int64_t *)at = 0;
        break;
    case FIELD_JSON:
    case FIELD_SHAPE:
        *(const void **)at = NULL;
        break;
    case FIELD_TEXTS:
        *(struct texts *)at = (struct texts){ 0 };
        break;
    case FIELD_LIST:
        *(struct list *)at = (struct list){ 0 };
        break;
    }
}

static void set_initial(const struct field *field, void *at)
{
    field_set_absent(field, at);
    if (field->kind == FIELD_TEXT || field->kind == FIELD_ENUM) *(const char **)at = field->initial_text;
    if (field->kind == FIELD_INT && (field->initial || !field->nullable)) *(int64_t *)at = field->initial;
    if (field->kind == FIELD_REAL && (field->initial_real != 0 || !field->nullable))
        *(double *)at = field->initial_real;
    if (field->kind == FIELD_BOOL) *(bool *)at = field->initial;
}

void shape_init(const struct shape *shape, void *out)
{
    for (const struct field *field = shape->fields; field->name; field++)
        set_initial(field, member(field, out));
}

/* The last fault does not repeat what was sent. */
static void hide_input(struct issues *issues)
{
    struct issue *last = issues->first;
    while (last && last->next) last = last->next;
    if (last) last->input = NULL;
}

/* The object as a fault may show it. */
static const struct json *without_secrets(struct arena *mem, const struct shape *shape, const struct json *in)
{
    struct json *const shown = arena_new(mem, struct json), *const items =
                                                                arena_array(mem, in->count, sizeof *items);
    *shown = (struct json){ .kind = JSON_IS_OBJECT, .items = items };
    shown->keys = arena_array(mem, in->count, sizeof *shown->keys);
    for (size_t i = 0; i < in->count; i++) {
        const struct field *const field = shape_field(shape, in->keys[i]);
        if (field && field->secret) continue;
        shown->keys[shown->count] = in->keys[i];
        items[shown->count++] = in->items[i];
    }
    return shown;
}

static bool read_members(struct reader *r, const struct shape *shape, const struct json *in, void *out)
{
    static const struct json nothing = { .kind = JSON_IS_NULL };
    if (!in || in->kind != JSON_IS_OBJECT)
        return fault(r, "model_attributes_type", any_secret(shape) ? NULL : in, NULL,
                     "Input should be a valid dictionary or object to extract fields from");
    bool good = true;
    for (const struct field *field = shape->fields; field->name; field++) {
        const struct json *const value = json_get(in, field->name);
        struct reader at = { r->mem, r->issues, loc_with(r, field->name) };
        void *const to = member(field, out);
        set_initial(field, to);
        if (!value && field->required)
            good &= fault(&at, "missing", in->count ? without_secrets(r->mem, shape, in) : &nothing, NULL,
                          "Field required");
        else if (value && value->kind == JSON_IS_NULL && field->nullable)
            field_set_absent(field, to);
        else if (value && !readers[field->kind](&at, field, value, to)) {
            good = false;
            if (field->secret) hide_input(r->issues);
        }
    }
    return good;
}

bool shape_read(const struct shape *shape, const struct json *in, const char *place, struct arena *mem,
                void *out, struct issues *issues)
{
    struct reader reader = { mem, issues, arena_printf(mem, "[\"%s\"", place) };
    return read_members(&reader, shape, in, out);
}

bool shape_take(const struct shape *shape, const struct json *in, struct arena *mem, void *out,
                struct error *err)
{
    struct issues issues = { 0 };
    if (shape_read(shape, in, "", mem, out, &issues)) return true;
    const struct issue *const first = issues.first;
    char name[sizeof err->field] = "input";
    sscanf(first->loc, "[\"\",\"%60[^\"]", name);
    return fail_field(err, CAUSE_INVALID, name, "%s: %s", name, first->msg);
}

const struct field *shape_field(const struct shape *shape, const char *name)
{
    for (const struct field *field = shape->fields; field->name; field++)
        if (text_is(field->name, name)) return field;
    return NULL;
}

const char *field_takes(const struct field *field, struct arena *mem)
{
    const char *const number = field->kind == FIELD_INT ? "a whole number" : "a number";
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_REAL:
        return !bounded(field) ? number
                               : arena_printf(mem, "%s from %lld to %lld", number, (long long)field->min,
                                              (long long)field->max);
    case FIELD_ENUM:
        return arena_printf(mem, "one of %s", text_join(mem, field->names, "", ", "));
    case FIELD_BOOL:
        return "true or false";
    default:
        return NULL;
    }
}
