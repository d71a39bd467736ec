#include "library/asset_change.h"

#include "base/id.h"
#include "base/time.h"
#include "library/quota.h"
#include "library/row.h"
#include "library/storage.h"
#include "library/universe.h"

#include <string.h>

#define C struct asset_change

static const struct field change_fields[] = {
    TEXT(C, title, .nullable = true, .max = 200, .doc = "New title; null leaves it."),
    TEXT(C, description, .nullable = true, .max = 20000, .doc = "New description; null leaves it."),
    TEXTS(C, tags, .nullable = true, .max = ASSET_TAGS_MAX,
          .doc = "The tags it has from now on: 1 to 100 characters each, no commas."),
    INT(C, rating, .nullable = true, .max = ASSET_RATING_MAX, .doc = "New rating, 0 for none."),
    TEXT(C, universe_id, .nullable = true, .max = 64, .format = "uuid",
         .doc = "Where it belongs; null for nowhere."),
    TEXT(C, element_id, .nullable = true, .max = 64, .format = "uuid",
         .doc = "Element it belongs to, which brings its universe; null for none."),
    TIME(C, updated_at, .nullable = true, .doc = UPDATED_AT_DOC),
    { 0 },
};
const struct shape asset_change_shape = SHAPE("AssetUpdate", C, change_fields);

static const struct field result_fields[] = {
    TEXT(struct bulk_result, id, .doc = "As it was given."),
    BOOL(struct bulk_result, done, .doc = "Whether it was changed."),
    TEXT(struct bulk_result, error, .nullable = true, .doc = "Why not."),
    { 0 },
};
const struct shape bulk_result_shape = SHAPE("BulkResult", struct bulk_result, result_fields);

void asset_change_read(const struct json *json, C *change)
{
    change->keeps_tags = !json_get(json, "tags");
    change->keeps_place = !json_get(json, "universe_id") && !json_get(json, "element_id");
}

/* ---- tags ---- */

static bool has_tag(const struct texts *tags, const char *tag)
{
    for (size_t i = 0; i < tags->count; i++)
        if (text_is(tags->items[i], tag)) return true;
    return false;
}

bool asset_tags_clean(struct arena *mem, struct texts *tags, const char *field, struct error *err)
{
    if (tags->count > ASSET_TAGS_MAX)
        return fail_field(err, CAUSE_INVALID, field, "there are %zu tags, and %d is the most", tags->count,
                          ASSET_TAGS_MAX);
    struct texts clean = { arena_array(mem, tags->count + 1, sizeof(char *)), 0 };
    for (size_t i = 0; i < tags->count; i++) {
        const char *const tag = text_trim(mem, tags->items[i]);
        if (text_empty(tag) || text_length(tag) > ASSET_TAG_MAX || strchr(tag, ',') ||
            !text_plain(tag, strlen(tag)))
            return fail_field(err, CAUSE_INVALID, field,
                              "a tag is a text of 1 to %d characters without commas", ASSET_TAG_MAX);
        if (!has_tag(&clean, tag)) clean.items[clean.count++] = tag;
    }
    *tags = clean;
    return true;
}

static struct texts merged_tags(struct arena *mem, const struct texts *old, const struct texts *add,
                                const struct texts *remove)
{
    struct texts out = { arena_array(mem, old->count + add->count + 1, sizeof(char *)), 0 };
    const struct texts *const parts[] = { old, add };
    for (size_t p = 0; p < COUNT_OF(parts); p++)
        for (size_t i = 0; i < parts[p]->count; i++)
            if (!has_tag(&out, parts[p]->items[i]) && !has_tag(remove, parts[p]->items[i]))
                out.items[out.count++] = parts[p]->items[i];
    return out;
}

/* ---- where it belongs ---- */

struct where {
    const char *universe_id;
};

static const struct field where_fields[] = { TEXT(struct where, universe_id, .doc = "UUID."), { 0 } };
static const struct shape where_shape = SHAPE("ElementUniverse", struct where, where_fields);

/* The universe of the element, which must be the one that was given, if one was. */
static bool find_element(struct library *lib, struct arena *mem, C *change, struct error *err)
{
    struct where where = { 0 };
    bool found = false;
    const char *const id = id_canonical(mem, change->element_id);
    if (id && !db_find(lib->db, SQL_ELEMENT_UNIVERSE, ARGS(db_text("id", id)), mem, &where_shape, &where,
                       &found, err))
        return false;
    if (!found) return fail_field(err, CAUSE_NOT_FOUND, "element_id", "Element not found");
    const char *const asked = change->universe_id ? id_canonical(mem, change->universe_id) : NULL;
    if (change->universe_id && !text_is(asked, where.universe_id))
        return fail_field(err, CAUSE_INVALID, "element_id", "this element is of another universe");
    change->element_id = id;
    change->universe_id = where.universe_id;
    return true;
}

static bool settle_place(struct library *lib, struct arena *mem, const struct actor *actor, C *change,
                         struct error *err)
{
    struct universe universe;
    if (change->keeps_place || (!change->universe_id && !change->element_id)) return true;
    if (change->element_id && !find_element(lib, mem, change, err)) return false;
    if (!universe_get(lib, mem, actor, change->universe_id, &universe, err)) return false;
    change->universe_id = universe.id;
    return true;
}

/* ---- the change ---- */

struct changing {
    struct library *lib;
    struct arena *mem;
    const struct actor *actor;
    const struct texts *ids, *add, *remove;
    const C *change;
    struct bulk_result *results;
};

/* What comes to another universe needs room there. */
static bool fits(struct tx *tx, const struct asset *row, const C *change, struct error *err)
{
    const bool stays = change->keeps_place || text_is(change->universe_id, row->universe_id);
    const int64_t bytes = row->file_size == INT_NONE ? 0 : row->file_size;
    return stays || storage_check_universe(tx, change->universe_id, bytes, err);
}

static bool apply(struct tx *tx, struct changing *c, const char *id, struct error *err)
{
    struct asset row;
    C change = *c->change;
    bool found = false;
    int64_t changed = 0;
    AUTO(arena) struct arena mem = { 0 }; /* a thousand rows with their analyses would be large */
    const char *const canonical = id_canonical(&mem, id);
    if (canonical && !asset_find(tx, &mem, canonical, &row, &found, err)) return false;
    if (!found || !actor_owns(c->actor, row.owner_id)) return fail(err, CAUSE_NOT_FOUND, "Asset not found");
    if (c->add->count || c->remove->count) {
        const struct texts old = change.keeps_tags ? row.tags : change.tags;
        change.tags = merged_tags(&mem, &old, c->add, c->remove);
        change.keeps_tags = false;
        if (change.tags.count > ASSET_TAGS_MAX)
            return fail_field(err, CAUSE_INVALID, "tags_add", "an asset has %d tags at most", ASSET_TAGS_MAX);
    }
    struct db_args args =
        ARGS(db_text("id", canonical), db_int("now", time_now()), db_int("keeps_tags", change.keeps_tags),
             db_int("keeps_place", change.keeps_place));
    args.shape = &asset_change_shape;
    args.object = &change;
    return fits(tx, &row, &change, err) && tx_run(tx, SQL_MEDIA_ASSET_UPDATE, args, &changed, err) &&
           (changed || row_changed("asset", err));
}

/* A fault of the disk ends it for all; what is wrong with one asset is its result. */
static bool change_body(struct tx *tx, void *with, struct error *err)
{
    struct changing *const c = with;
    for (size_t i = 0; i < c->ids->count; i++) {
        struct error why = { 0 };
        const bool done = apply(tx, c, c->ids->items[i], &why);
        if (!done && (!c->results || cause_http_status(why.cause) >= 500)) {
            *err = why;
            return false;
        }
        if (c->results)
            c->results[i] =
                (struct bulk_result){ c->ids->items[i], done, done ? NULL : arena_text(c->mem, why.text) };
    }
    return true;
}

bool asset_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                  const C *change, struct asset *out, struct error *err)
{
    const struct texts one = { &id, 1 }, none = { 0 };
    C settled = *change;
    struct asset row;
    if (!asset_get(lib, mem, actor, id, &row, err) || !asset_tags_clean(mem, &settled.tags, "tags", err) ||
        !settle_place(lib, mem, actor, &settled, err) || !quota_check_disk(lib, err))
        return false;
    struct changing changing = { lib, mem, actor, &one, &none, &none, &settled, NULL };
    return db_write(lib->db, change_body, &changing, err) && asset_get(lib, mem, actor, id, out, err);
}

bool asset_update_all(struct library *lib, struct arena *mem, const struct actor *actor,
                      struct assets_bulk *bulk, struct list *out, struct error *err)
{
    struct bulk_result *const results = arena_array(mem, bulk->ids.count, sizeof *results);
    struct changing changing = {
        lib, mem, actor, &bulk->ids, &bulk->tags_add, &bulk->tags_remove, &bulk->change, results
    };
    if (!asset_tags_clean(mem, &bulk->change.tags, "tags", err) ||
        !asset_tags_clean(mem, &bulk->tags_add, "tags_add", err) ||
        !asset_tags_clean(mem, &bulk->tags_remove, "tags_remove", err) ||
        !settle_place(lib, mem, actor, &bulk->change, err) || !quota_check_disk(lib, err) ||
        !db_write(lib->db, change_body, &changing, err))
        return false;
    *out = (struct list){ results, bulk->ids.count };
    return true;
}
