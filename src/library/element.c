#include "library/component.h"

#include "base/time.h"
#include "library/quota.h"

static const char *const subtypes[] = { "character", "location", "item",    "faction",    "event",
                                        "concept",   "species",  "technology", NULL };

static const struct field element_fields[] = {
    TEXT(struct element, id, .format = "uuid", .doc = "UUID."),
    TEXT(struct element, universe_id, .format = "uuid", .doc = "Universe it belongs to."),
    TEXT(struct element, name, .doc = "Name."),
    TEXT(struct element, element_type, .doc = "Free word for what it is."),
    ENUM(struct element, entity_subtype, subtypes, .nullable = true,
         .doc = "Which part it plays in a world."),
    LIST(struct element, components, &component_shape, .doc = "What is known about it, oldest first."),
    TIME(struct element, created_at, .doc = "When it was made."),
    TIME(struct element, updated_at, .doc = "When it last changed."),
    { 0 },
};
const struct shape element_shape = SHAPE("Element", struct element, element_fields);

static const struct field element_in_fields[] = {
    TEXT(struct element_in, name, .required = true, .min = 1, .max = 255, .doc = "Name."),
    TEXT(struct element_in, element_type, .min = 1, .max = 100, .initial_text = "Generic",
         .doc = "Free word for what it is."),
    ENUM(struct element_in, entity_subtype, subtypes, .nullable = true,
         .doc = "Which part it plays in a world."),
    TEXT(struct element_in, id, .nullable = true, .max = 64, .format = "uuid", .doc = "UUID of your choice."),
    { 0 },
};
const struct shape element_in_shape = SHAPE("ElementCreate", struct element_in, element_in_fields);

static const struct field element_change_fields[] = {
    TEXT(struct element_change, name, .nullable = true, .min = 1, .max = 255, .doc = "New name."),
    TEXT(struct element_change, element_type, .nullable = true, .min = 1, .max = 100, .doc = "New type."),
    ENUM(struct element_change, entity_subtype, subtypes, .nullable = true,
         .doc = "New part in the world; null for none."),
    TIME(struct element_change, updated_at, .nullable = true, .doc = UPDATED_AT_DOC),
    { 0 },
};
const struct shape element_change_shape =
    SHAPE("ElementUpdate", struct element_change, element_change_fields);

static const struct field elements_query_fields[] = {
    PAGE_FIELDS(struct elements_query),
    TEXT(struct elements_query, search, .nullable = true, .max = 255, .doc = "Part of the name, any case."),
    TEXT(struct elements_query, element_type, .nullable = true, .max = 100, .doc = "Exactly this type."),
    ENUM(struct elements_query, entity_subtype, subtypes, .nullable = true, .doc = "Exactly this part."),
    { 0 },
};
const struct shape elements_query_shape =
    SHAPE("ElementsQuery", struct elements_query, elements_query_fields);

struct adding {
    const struct library *lib;
    const struct universe *universe;
    const struct element *made;
};

static bool insert_body(struct tx *tx, void *with, struct error *err)
{
    const struct adding *const adding = with;
    const struct element *const made = adding->made;
    struct error why;
    return quota_check_storage(tx, &adding->lib->quota, adding->universe->owner, QUOTA_ROW_BYTES, err) &&
           (tx_run(tx, SQL_ELEMENT_INSERT, ARGS_OF(&element_shape, made), NULL, &why) ||
            row_refused(&why, "element", made->id, "Universe", err));
}

bool element_create(struct library *lib, struct arena *mem, const struct universe *universe,
                    const struct element_in *in, struct element *out, struct error *err)
{
    const int64_t now = time_now();
    struct element made = { .universe_id = universe->id,
                            .name = in->name,
                            .element_type = in->element_type,
                            .entity_subtype = in->entity_subtype,
                            .created_at = now,
                            .updated_at = now };
    if (!row_id(mem, in->id, &made.id, err) || !quota_check_disk(lib, err) ||
        !db_write(lib->db, insert_body, &(struct adding){ lib, universe, &made }, err))
        return false;
    *out = made;
    return true;
}

/* ---- one of a universe ---- */

bool element_get(struct library *lib, struct arena *mem, const struct universe *universe, const char *id,
                 struct element *out, struct error *err)
{
    bool found = false;
    const char *const canonical = id_canonical(mem, id);
    if (canonical && !db_find(lib->db, SQL_ELEMENT_GET,
                              ARGS(db_text("id", canonical), db_text("universe_id", universe->id)), mem,
                              &element_shape, out, &found, err))
        return false;
    return found || fail(err, CAUSE_NOT_FOUND, "Element not found");
}

bool element_update(struct library *lib, struct arena *mem, const struct universe *universe, const char *id,
                    const struct element_change *change, struct element *out, struct error *err)
{
    struct element row;
    int64_t changed = 0;
    if (!element_get(lib, mem, universe, id, &row, err) || !quota_check_disk(lib, err)) return false;
    struct db_args args = ARGS(db_text("id", row.id), db_text("universe_id", universe->id),
                               db_int("keeps_subtype", change->keeps_subtype), db_int("now", time_now()));
    args.shape = &element_change_shape;
    args.object = change;
    if (!db_run(lib->db, SQL_ELEMENT_UPDATE, args, &changed, err) ||
        !element_get(lib, mem, universe, row.id, &row, err))
        return false;
    if (!changed) return row_changed("element", err);
    *out = row;
    return true;
}

bool element_drop(struct library *lib, struct arena *mem, const struct universe *universe, const char *id,
                  struct error *err)
{
    struct element element;
    return element_get(lib, mem, universe, id, &element, err) &&
           db_run(lib->db, SQL_ELEMENT_DELETE,
                  ARGS(db_text("id", element.id), db_text("universe_id", universe->id)), NULL, err);
}

/* ---- several ---- */

bool element_list(struct library *lib, struct arena *mem, const struct universe *universe,
                  const struct elements_query *query, struct list *out, const char **next_out,
                  struct error *err)
{
    struct cursor after;
    struct list rows;
    bool whole;
    if (!cursor_read(mem, query->cursor, &after, err) ||
        !db_list(lib->db, SQL_ELEMENT_LIST,
                 ARGS(db_text("universe_id", universe->id),
                      db_text("search", text_empty(query->search) ? NULL : query->search),
                      db_text("element_type", query->element_type),
                      db_text("entity_subtype", query->entity_subtype), db_int("after_at", after.at),
                      db_text("after_id", after.id), db_int("limit", page_rows(query->limit)),
                      db_int("offset", query->offset)),
                 mem, &element_shape, &rows, err))
        return false;
    const bool more = page_cut(&rows, query->limit);
    if (!component_add_to(lib, mem, &rows, &whole, err)) return false;
    *next_out = more || !whole ? page_next(mem, &rows, &element_shape) : NULL;
    *out = rows;
    return true;
}

bool element_add_to(struct library *lib, struct arena *mem, struct list *universes, struct error *err)
{
    const char *const ids = row_ids(mem, universes, &universe_shape);
    struct universe *const all = universes->items;
    struct list counts, rows;
    bool whole;
    if (!db_list(lib->db, SQL_UNIVERSE_COUNTS, ARGS(db_text("universe_ids", ids)), mem, &universe_shape,
                 &counts, err) ||
        !db_list(lib->db, SQL_ELEMENT_NESTED,
                 ARGS(db_text("universe_ids", ids), db_int("limit", ELEMENTS_NESTED_MAX)), mem,
                 &element_shape, &rows, err) ||
        !component_add_to(lib, mem, &rows, &whole, err))
        return false;
    const struct universe *const counted = counts.items;
    struct element *const elements = rows.items;
    for (size_t i = 0, at = 0; i < universes->count; i++) {
        all[i].element_count = counted[i].element_count;
        all[i].media_count = counted[i].media_count;
        const size_t first = at;
        while (at < rows.count && text_is(elements[at].universe_id, all[i].id)) at++;
        all[i].elements = (struct list){ elements + first, at - first };
    }
    return true;
}
