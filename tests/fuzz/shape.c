/* Every shape the product reads, from hostile JSON: the first line names the shape, the rest is the input. */
#include "fuzz.h"

#include "agent/video_job.h"
#include "api/app.h"
#include "task/task.h"

enum { SHAPES_MAX = 200 };
static const struct shape *shapes[SHAPES_MAX];
static size_t shape_count;

static void add(const struct shape *shape)
{
    for (size_t i = 0; i < shape_count; i++)
        if (shapes[i] == shape) return;
    if (!shape) return;
    EXPECT(shape_count < SHAPES_MAX);
    shapes[shape_count++] = shape;
    for (const struct field *field = shape->fields; field->name; field++) add(field->shape);
}

__attribute__((constructor)) static void collect(void)
{
    for (size_t t = 0; app_routes[t]; t++)
        for (const struct route *route = app_routes[t]; route->path; route++) {
            const struct shape *const used[] = { route->in, route->query, route->params, route->out };
            for (size_t i = 0; i < COUNT_OF(used); i++) add(used[i]);
        }
    for (size_t kind = 0; kind < TASK_KIND_COUNT; kind++) {
        add(task_kinds[kind].in);
        add(task_kinds[kind].out);
    }
    add(&video_job_row_shape);
    add(&settings_shape);
}

static const struct shape *find(const char *name)
{
    for (size_t i = 0; i < shape_count; i++)
        if (text_is(shapes[i]->name, name)) return shapes[i];
    return NULL;
}

/* ---- a refusal ---- */

static bool holds(const struct json *tree, const struct json *part)
{
    if (tree == part) return true;
    for (size_t i = 0; tree && i < tree->count; i++)
        if (holds(&tree->items[i], part)) return true;
    return false;
}

static void check_refusal(const struct shape *shape, const struct json *in, const struct issues *issues,
                          struct arena *mem)
{
    AUTO(buf) struct buf text = BUF(64 << 20);
    issues_write(issues, &(struct json_out){ .buf = &text });
    EXPECT(issues->count && json_read(mem, buf_str(&text))->count == issues->count);
    for (const struct field *field = shape->fields; field->name; field++)
        for (const struct issue *issue = issues->first; issue && field->secret; issue = issue->next)
            EXPECT(!json_get(in, field->name) || !holds(issue->input, json_get(in, field->name)));
}

/* ---- an acceptance ---- */

static bool in_bounds(const struct field *field, double value)
{
    return (!field->min && !field->max) || (value >= (double)field->min && value <= (double)field->max);
}

/* What came in is what is there, not something near it. */
static void check_value(const struct field *field, const struct json *in, const struct json *out)
{
    const bool absent = out->kind == JSON_IS_NULL;
    EXPECT(!absent || !in || field->nullable || field->kind == FIELD_JSON);
    if (!in || in->kind == JSON_IS_NULL || absent) return;
    if (field->kind == FIELD_INT) EXPECT(in_bounds(field, (double)out->integer));
    if (field->kind == FIELD_REAL) EXPECT(in_bounds(field, out->real));
    if (field->kind == FIELD_INT && in->kind == JSON_IS_INT) EXPECT(in->integer == out->integer);
    if (field->kind == FIELD_INT && in->kind == JSON_IS_REAL) EXPECT(in->real == (double)out->integer);
    if (field->kind == FIELD_REAL && in->kind == JSON_IS_REAL) EXPECT(in->real == out->real);
    if (field->kind == FIELD_TEXT) EXPECT(text_is(in->text, out->text));
    if (field->kind == FIELD_TEXTS || field->kind == FIELD_LIST) EXPECT(in->count == out->count);
}

/* The object without the members that say null where null is no value: what a client sends back. */
static const struct json *sent_back(struct arena *mem, const struct shape *shape, const struct json *object)
{
    struct json *const copy = arena_new(mem, struct json), *const items =
                                                               arena_array(mem, object->count, sizeof *items);
    *copy = (struct json){ .kind = JSON_IS_OBJECT, .items = items };
    copy->keys = arena_array(mem, object->count, sizeof *copy->keys);
    for (const struct field *field = shape->fields; field->name; field++) {
        struct json value = *json_get(object, field->name);
        if (value.kind == JSON_IS_NULL && !field->nullable) continue;
        if (field->kind == FIELD_SHAPE && value.count) value = *sent_back(mem, field->shape, &value);
        struct json *const list =
            field->kind == FIELD_LIST ? arena_array(mem, value.count, sizeof *list) : NULL;
        for (size_t i = 0; list && i < value.count; i++)
            list[i] = *sent_back(mem, field->shape, &value.items[i]);
        if (list) value.items = list;
        copy->keys[copy->count] = field->name;
        items[copy->count++] = value;
    }
    return copy;
}

static void check_acceptance(const struct shape *shape, const struct json *in, const void *object,
                             struct arena *mem)
{
    const char *const text = shape_text(mem, shape, object);
    const struct json *const written = json_read(mem, text);
    void *const again = arena_alloc(mem, shape->size);
    struct error err;
    for (const struct field *field = shape->fields; field->name; field++)
        check_value(field, json_get(in, field->name), json_get(written, field->name));
    EXPECT(shape_take(shape, sent_back(mem, shape, written), mem, again, &err));
    EXPECT(text_is(shape_text(mem, shape, again), text));
}

FUZZ(mem, in)
{
    const struct shape *const shape = find(input_line(in, mem));
    const struct json *value;
    if (!shape || !json_parse(in->at, (size_t)(in->end - in->at), mem, &value, NULL, NULL)) return;
    void *const object = arena_alloc(mem, shape->size);
    struct issues issues = { 0 };
    struct error err = { 0 };
    const bool good = shape_read(shape, value, "body", mem, object, &issues);
    EXPECT(good == !issues.count && good == shape_take(shape, value, mem, object, &err));
    EXPECT(good || (err.cause == CAUSE_INVALID && err.field[0] && err.text[0]));
    if (good)
        check_acceptance(shape, value, object, mem);
    else
        check_refusal(shape, value, &issues, mem);
}
