#include "api/components.h"

#include <stdlib.h>
#include <string.h>

static struct component *find(const struct components *set, const struct shape *shape, bool reading)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i]->shape == shape && set->items[i]->reading == reading) return set->items[i];
    return NULL;
}

static void add(struct components *set, const struct shape *shape, bool reading)
{
    if (!shape || find(set, shape, reading)) return;
    for (size_t i = 0; i < set->count; i++)
        assert((set->items[i]->shape == shape || !text_is(set->items[i]->shape->name, shape->name)) &&
               "two shapes under one name");
    struct component *const component = arena_new(set->mem, struct component);
    *component = (struct component){ .view = *shape, .shape = shape, .reading = reading };
    struct component **const items = arena_array(set->mem, set->count + 1, sizeof(struct component *));
    if (set->count) memcpy(items, set->items, set->count * sizeof *items);
    items[set->count++] = component;
    set->items = items;
    for (const struct field *field = shape->fields; field->name; field++) add(set, field->shape, reading);
}

/* The field table with nested shapes under their final names. */
static const struct field *renamed(const struct components *set, const struct component *component)
{
    size_t count = 0;
    while (component->shape->fields[count].name) count++;
    struct field *const fields = arena_array(set->mem, count + 1, sizeof *fields);
    memcpy(fields, component->shape->fields, count * sizeof *fields);
    for (size_t i = 0; i < count; i++)
        if (fields[i].shape) fields[i].shape = &find(set, fields[i].shape, component->reading)->view;
    return fields;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct component *const *)a)->view.name, (*(struct component *const *)b)->view.name);
}

struct components components_collect(struct arena *mem, const struct route *const *tables)
{
    struct components set = { .mem = mem };
    for (size_t t = 0; tables[t]; t++)
        for (const struct route *route = tables[t]; route->path; route++) {
            if (route->hidden) continue;
            add(&set, route->out, false);
            if (route->body == BODY_JSON) add(&set, route->in, true);
        }
    for (size_t i = 0; i < set.count; i++) {
        struct component *const component = set.items[i];
        component->view.fields = renamed(&set, component);
        if (component->reading && find(&set, component->shape, false))
            component->view.name = arena_printf(mem, "%sInput", component->shape->name);
    }
    if (set.count) qsort(set.items, set.count, sizeof(struct component *), by_name);
    for (size_t i = 1; i < set.count; i++)
        assert(!text_is(set.items[i - 1]->view.name, set.items[i]->view.name) &&
               "two components under one name");
    return set;
}

const char *components_name(const struct components *set, const struct shape *shape, bool reading)
{
    const struct component *const component = find(set, shape, reading);
    assert(component);
    return component->view.name;
}

void components_write(const struct components *set, struct json_out *out)
{
    for (size_t i = 0; i < set->count; i++) {
        json_put_key(out, set->items[i]->view.name);
        shape_schema(&set->items[i]->view, set->items[i]->reading, out);
    }
}
