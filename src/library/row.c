#include "library/row.h"

bool row_id(struct arena *mem, const char *given, const char **out, struct error *err)
{
    const char *const id = given ? id_canonical(mem, given) : arena_text(mem, id_new().text);
    if (!id) return fail_field(err, CAUSE_INVALID, "id", "the id '%s' is not a UUID", given);
    *out = id;
    return true;
}

bool row_refused(const struct error *why, const char *what, const char *id, const char *parent,
                 struct error *err)
{
    if (why->cause == CAUSE_CONFLICT && text_is(why->field, "id"))
        return fail(err, CAUSE_CONFLICT, "the id '%s' is taken; leave it out for a new %s", id, what);
    if (why->cause == CAUSE_CONFLICT && !why->field[0])
        return fail(err, CAUSE_NOT_FOUND, "%s not found", parent);
    *err = *why;
    return false;
}

bool row_changed(const char *what, struct error *err)
{
    return fail(err, CAUSE_CHANGED, "the %s has changed since you read it; read it again, then change it",
                what);
}

const char *row_ids(struct arena *mem, const struct list *rows, const struct shape *shape)
{
    const size_t id = shape_field(shape, "id")->offset;
    const struct texts ids = { arena_array(mem, rows->count, sizeof(char *)), rows->count };
    for (size_t i = 0; i < rows->count; i++)
        ids.items[i] = *(const char *const *)(const void *)((const char *)rows->items + i * shape->size + id);
    return json_texts(mem, ids.items, ids.count);
}
