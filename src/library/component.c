#include "library/component.h"

#include "base/time.h"
#include "library/quota.h"

#include <string.h>

/* The types and what the data of each is when nobody says. */
static const struct {
    const char *type, *data;
} defaults[] = {
    { "TextComponent", "{\"field\":\"Description\",\"content\":\"\"}" },
    { "ImageComponent", "{\"label\":\"Image\",\"url\":\"\",\"prompt\":\"\"}" },
    { "VideoComponent", "{\"label\":\"Video\",\"url\":\"\"}" },
    { "AudioComponent", "{\"label\":\"Audio\",\"url\":\"\"}" },
    { "Model3DComponent", "{\"label\":\"3D Model\",\"url\":\"\"}" },
    { "AttributeComponent", "{\"attributes\":{}}" },
    { "RelationshipComponent", "{\"relations\":[]}" },
};

const char *const component_types[] = { "TextComponent",      "ImageComponent",        "VideoComponent",
                                        "AudioComponent",     "Model3DComponent",      "AttributeComponent",
                                        "RelationshipComponent", NULL };
static_assert(COUNT_OF(component_types) == COUNT_OF(defaults) + 1, "each type has its data");

static const struct field component_fields[] = {
    TEXT(struct component, id, .format = "uuid", .doc = "UUID."),
    TEXT(struct component, element_id, .format = "uuid", .doc = "Element it belongs to."),
    ENUM(struct component, type, component_types, .doc = "What kind of data it holds."),
    DATA(struct component, data, .doc = "The data, exactly as it was sent."),
    TIME(struct component, created_at, .doc = "When it was made."),
    TIME(struct component, updated_at, .doc = "When it last changed."),
    { 0 },
};
const struct shape component_shape = SHAPE("Component", struct component, component_fields);

static const struct field component_in_fields[] = {
    ENUM(struct component_in, type, component_types, .tag = true, .initial_text = "TextComponent",
         .doc = "What kind of data it holds."),
    DATA(struct component_in, data, .max = COMPONENT_DATA_MAX_BYTES,
         .doc = "Any JSON object up to 256 KiB; kept as it is. Left out: what the type starts with."),
    TEXT(struct component_in, id, .nullable = true, .max = 64, .format = "uuid",
         .doc = "UUID of your choice."),
    { 0 },
};
const struct shape component_in_shape =
    SHAPE("ComponentCreate", struct component_in, component_in_fields);

static const struct field component_change_fields[] = {
    ENUM(struct component_change, type, component_types, .tag = true, .nullable = true, .doc = "New type."),
    DATA(struct component_change, data, .nullable = true, .max = COMPONENT_DATA_MAX_BYTES,
         .doc = "New data; takes the place of the old one as a whole."),
    TIME(struct component_change, updated_at, .nullable = true, .doc = UPDATED_AT_DOC),
    { 0 },
};
const struct shape component_change_shape =
    SHAPE("ComponentUpdate", struct component_change, component_change_fields);

static const struct field components_query_fields[] = {
    PAGE_FIELDS(struct components_query),
    TEXT(struct components_query, component_type, .nullable = true, .max = 100, .doc = "Exactly this type."),
    { 0 },
};
const struct shape components_query_shape =
    SHAPE("ComponentsQuery", struct components_query, components_query_fields);

/* ---- what an element has room for ---- */

struct room {
    int64_t count, bytes;
};

static const struct field room_fields[] = {
    INT(struct room, count, .doc = "Components."),
    INT(struct room, bytes, .doc = "Their data."),
    { 0 },
};
static const struct shape room_shape = SHAPE("ComponentRoom", struct room, room_fields);

/* Whether the element can hold this component with this data, besides the others it has. */
static bool check_room(struct tx *tx, const char *element_id, const char *id, const char *data,
                       struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct room used;
    bool found;
    if (!tx_find(tx, SQL_COMPONENT_ROOM, ARGS(db_text("element_id", element_id), db_text("id", id)), &mem,
                 &room_shape, &used, &found, err))
        return false;
    if (used.count >= COMPONENTS_MAX)
        return fail(err, CAUSE_CONFLICT,
                    "an element holds at most %d components; put more into the data of one", COMPONENTS_MAX);
    if (used.bytes + (int64_t)strlen(data) > COMPONENTS_DATA_MAX_BYTES)
        return fail(err, CAUSE_CONFLICT,
                    "the components of an element hold at most %d MiB of data; make another element",
                    COMPONENTS_DATA_MAX_BYTES >> 20);
    return true;
}

/* ---- making ---- */

struct adding {
    const struct library *lib;
    const char *owner; /* of the universe: whoever writes there, it is his storage */
    const struct component *made;
};

static bool insert_body(struct tx *tx, void *with, struct error *err)
{
    const struct adding *const adding = with;
    const struct component *const made = adding->made;
    const int64_t more = QUOTA_ROW_BYTES + (int64_t)strlen(made->data);
    struct error why;
    return check_room(tx, made->element_id, made->id, made->data, err) &&
           quota_check_storage(tx, &adding->lib->quota, adding->owner, more, err) &&
           (tx_run(tx, SQL_COMPONENT_INSERT, ARGS_OF(&component_shape, made), NULL, &why) ||
            row_refused(&why, "component", made->id, "Element", err));
}

bool component_create(struct library *lib, struct arena *mem, const char *owner,
                      const struct element *element, const struct component_in *in, struct component *out,
                      struct error *err)
{
    const int64_t now = time_now();
    struct component made = { .element_id = element->id,
                              .type = in->type,
                              .data =
                                  in->data ? in->data : defaults[text_find(component_types, in->type)].data,
                              .created_at = now,
                              .updated_at = now };
    if (!row_id(mem, in->id, &made.id, err) || !quota_check_disk(lib, err) ||
        !db_write(lib->db, insert_body, &(struct adding){ lib, owner, &made }, err))
        return false;
    *out = made;
    return true;
}

/* ---- one of an element ---- */

bool component_get(struct library *lib, struct arena *mem, const struct element *element, const char *id,
                   struct component *out, struct error *err)
{
    bool found = false;
    const char *const canonical = id_canonical(mem, id);
    if (canonical && !db_find(lib->db, SQL_COMPONENT_GET,
                              ARGS(db_text("id", canonical), db_text("element_id", element->id)), mem,
                              &component_shape, out, &found, err))
        return false;
    return found || fail(err, CAUSE_NOT_FOUND, "Component not found");
}

struct edit {
    const struct library *lib;
    const char *owner; /* of the universe */
    const struct component *component; /* as it was found */
    const struct component_change *change;
    int64_t changed;
};

static bool update_body(struct tx *tx, void *with, struct error *err)
{
    struct edit *const edit = with;
    const struct component *const old = edit->component;
    struct db_args args = ARGS(db_text("id", old->id), db_text("element_id", old->element_id),
                               db_int("now", time_now()));
    args.shape = &component_change_shape;
    args.object = edit->change;
    const char *const data = edit->change->data;
    const int64_t more = data ? (int64_t)strlen(data) - (int64_t)strlen(old->data) : 0;
    return (!data || check_room(tx, old->element_id, old->id, data, err)) &&
           (more <= 0 || quota_check_storage(tx, &edit->lib->quota, edit->owner, more, err)) &&
           tx_run(tx, SQL_COMPONENT_UPDATE, args, &edit->changed, err);
}

bool component_update(struct library *lib, struct arena *mem, const char *owner,
                      const struct element *element, const char *id, const struct component_change *change,
                      struct component *out, struct error *err)
{
    struct component row;
    if (!component_get(lib, mem, element, id, &row, err) || !quota_check_disk(lib, err)) return false;
    struct edit edit = { lib, owner, &row, change, 0 };
    if (!db_write(lib->db, update_body, &edit, err) ||
        !component_get(lib, mem, element, row.id, &row, err))
        return false;
    if (!edit.changed) return row_changed("component", err);
    *out = row;
    return true;
}

bool component_drop(struct library *lib, struct arena *mem, const struct element *element, const char *id,
                    struct error *err)
{
    struct component component;
    return component_get(lib, mem, element, id, &component, err) &&
           db_run(lib->db, SQL_COMPONENT_DELETE,
                  ARGS(db_text("id", component.id), db_text("element_id", element->id)), NULL, err);
}

/* ---- several ---- */

bool component_list(struct library *lib, struct arena *mem, const struct element *element,
                    const struct components_query *query, struct list *out, const char **next_out,
                    struct error *err)
{
    struct cursor after;
    if (!cursor_read(mem, query->cursor, &after, err) ||
        !db_list(lib->db, SQL_COMPONENT_LIST,
                 ARGS(db_text("element_id", element->id), db_text("type", query->component_type),
                      db_int("after_at", after.at), db_text("after_id", after.id),
                      db_int("limit", page_rows(query->limit)), db_int("offset", query->offset)),
                 mem, &component_shape, out, err))
        return false;
    *next_out = page_cut(out, query->limit) ? page_next(mem, out, &component_shape) : NULL;
    return true;
}

/* Each element its share of the rows, which come element after element. */
static void hand_out(const struct list *rows, struct list *elements)
{
    struct component *const components = rows->items;
    struct element *const all = elements->items;
    size_t at = 0;
    for (size_t i = 0; i < elements->count; i++) {
        const size_t first = at;
        while (at < rows->count && text_is(components[at].element_id, all[i].id)) at++;
        all[i].components = (struct list){ components + first, at - first };
    }
    assert(at == rows->count && "rows come in the order of the elements");
}

/* Without the element at which the rows end, and those after it. */
static void cut_before(struct list *elements, const char *element_id)
{
    const struct element *const all = elements->items;
    size_t count = 0;
    while (count < elements->count && !text_is(all[count].id, element_id)) count++;
    elements->count = count ? count : 1;
}

bool component_add_to(struct library *lib, struct arena *mem, struct list *elements, bool *whole_out,
                      struct error *err)
{
    struct list rows = { 0 };
    if (!db_list_within(lib->db, SQL_COMPONENT_NESTED,
                        ARGS(db_text("element_ids", row_ids(mem, elements, &element_shape))), mem,
                        &component_shape, COMPONENTS_REPLY_MAX_BYTES, &rows, whole_out, err))
        return false;
    hand_out(&rows, elements);
    if (!*whole_out) cut_before(elements, ((const struct component *)rows.items)[rows.count - 1].element_id);
    return true;
}
