#include "library/collection.h"

#include "base/id.h"
#include "base/time.h"
#include "library/quota.h"
#include "library/row.h"

#define C struct collection

static const struct field collection_fields[] = {
    TEXT(C, id, .format = "uuid", .doc = "UUID."),
    TEXT(C, owner_id, .doc = "Whose it is."),
    TEXT(C, name, .doc = "Name."),
    TEXT(C, description, .nullable = true, .doc = "What it is about."),
    INT(C, asset_count, .doc = "How many assets it has."),
    TIME(C, created_at, .doc = "When it was made."),
    TIME(C, updated_at, .doc = "When its name, description or assets last changed."),
    { 0 },
};
const struct shape collection_shape = SHAPE("Collection", C, collection_fields);

static const struct field in_fields[] = {
    TEXT(struct collection_in, name, .required = true, .min = 1, .max = 255, .doc = "Name."),
    TEXT(struct collection_in, description, .nullable = true, .max = 20000, .doc = "What it is about."),
    { 0 },
};
const struct shape collection_in_shape = SHAPE("CollectionCreate", struct collection_in, in_fields);

static const struct field change_fields[] = {
    TEXT(struct collection_change, name, .nullable = true, .min = 1, .max = 255, .doc = "New name."),
    TEXT(struct collection_change, description, .nullable = true, .max = 20000, .doc = "New description."),
    TIME(struct collection_change, updated_at, .nullable = true, .doc = UPDATED_AT_DOC),
    { 0 },
};
const struct shape collection_change_shape =
    SHAPE("CollectionUpdate", struct collection_change, change_fields);

static const struct field query_fields[] = { PAGE_FIELDS(struct collections_query), { 0 } };
const struct shape collections_query_shape =
    SHAPE("CollectionsQuery", struct collections_query, query_fields);

static bool insert_body(struct tx *tx, void *with, struct error *err)
{
    const C *const made = with;
    int64_t count;
    if (!tx_count(tx, SQL_COLLECTION_COUNT, ARGS(db_text("owner_id", made->owner_id)), &count, err))
        return false;
    if (count >= COLLECTIONS_MAX)
        return fail(err, CAUSE_CONFLICT,
                    "you have %d collections, which is all there may be; remove one first", COLLECTIONS_MAX);
    return tx_run(tx, SQL_COLLECTION_INSERT, ARGS_OF(&collection_shape, made), NULL, err);
}

bool collection_create(struct library *lib, struct arena *mem, const struct actor *actor,
                       const struct collection_in *in, C *out, struct error *err)
{
    const int64_t now = time_now();
    C made = { .id = arena_text(mem, id_new().text),
               .owner_id = actor->subject,
               .name = in->name,
               .description = in->description,
               .created_at = now,
               .updated_at = now };
    if (!actor_may_own(actor, err) || !quota_check_disk(lib, err) ||
        !db_write(lib->db, insert_body, &made, err))
        return false;
    *out = made;
    return true;
}

bool collection_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id, C *out,
                    struct error *err)
{
    bool found = false;
    C row;
    const char *const canonical = id_canonical(mem, id);
    if (canonical && !db_find(lib->db, SQL_COLLECTION_GET, ARGS(db_text("id", canonical)), mem,
                              &collection_shape, &row, &found, err))
        return false;
    if (!found || !actor_owns(actor, row.owner_id)) return fail(err, CAUSE_NOT_FOUND, "Collection not found");
    *out = row;
    return true;
}

bool collection_list(struct library *lib, struct arena *mem, const struct actor *actor,
                     const struct collections_query *query, struct list *out, const char **next_out,
                     struct error *err)
{
    struct cursor after;
    if (!cursor_read(mem, query->cursor, &after, err) ||
        !db_list(lib->db, actor->others ? SQL_COLLECTION_LIST_ALL : SQL_COLLECTION_LIST_OWNED,
                 ARGS(db_text("owner_id", actor->others ? NULL : actor->subject),
                      db_int("after_at", after.at), db_text("after_id", after.id),
                      db_int("limit", page_rows(query->limit)), db_int("offset", query->offset)),
                 mem, &collection_shape, out, err))
        return false;
    *next_out = page_cut(out, query->limit) ? page_next(mem, out, &collection_shape) : NULL;
    return true;
}

bool collection_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                       const struct collection_change *change, C *out, struct error *err)
{
    C row;
    int64_t changed = 0;
    if (!collection_get(lib, mem, actor, id, &row, err) || !quota_check_disk(lib, err)) return false;
    struct db_args args = ARGS(db_text("id", row.id), db_int("now", time_now()));
    args.shape = &collection_change_shape;
    args.object = change;
    if (!db_run(lib->db, SQL_COLLECTION_UPDATE, args, &changed, err)) return false;
    return changed ? collection_get(lib, mem, actor, row.id, out, err) : row_changed("collection", err);
}

bool collection_drop(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                     struct error *err)
{
    C row;
    return collection_get(lib, mem, actor, id, &row, err) &&
           db_run(lib->db, SQL_COLLECTION_DELETE, ARGS(db_text("id", row.id)), NULL, err);
}

/* ---- its assets ---- */

struct putting {
    struct arena *mem;
    const struct actor *actor;
    const char *id;
    const struct texts *asset_ids;
    bool whole;
};

static bool put_one(struct tx *tx, const struct putting *p, const char *asset_id, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct asset asset;
    bool found = false;
    const char *const canonical = id_canonical(&mem, asset_id);
    if (canonical && !asset_find(tx, &mem, canonical, &asset, &found, err)) return false;
    if (!found || !actor_owns(p->actor, asset.owner_id))
        return fail_field(err, CAUSE_NOT_FOUND, "ids", "there is no asset '%.64s' of yours", asset_id);
    return tx_run(tx, SQL_COLLECTION_ADD,
                  ARGS(db_text("collection_id", p->id), db_text("asset_id", canonical)), NULL, err);
}

/* It changed now. */
static bool touch(struct tx *tx, const char *id, struct error *err)
{
    const struct collection_change none = { 0 };
    struct db_args args = ARGS(db_text("id", id), db_int("now", time_now()));
    args.shape = &collection_change_shape;
    args.object = &none;
    return tx_run(tx, SQL_COLLECTION_UPDATE, args, NULL, err);
}

static bool put_body(struct tx *tx, void *with, struct error *err)
{
    const struct putting *const p = with;
    C row;
    bool found;
    if (p->whole && !tx_run(tx, SQL_COLLECTION_CLEAR, ARGS(db_text("collection_id", p->id)), NULL, err))
        return false;
    for (size_t i = 0; i < p->asset_ids->count; i++)
        if (!put_one(tx, p, p->asset_ids->items[i], err)) return false;
    if (!touch(tx, p->id, err) || !tx_find(tx, SQL_COLLECTION_GET, ARGS(db_text("id", p->id)), p->mem,
                                           &collection_shape, &row, &found, err))
        return false;
    return !found || row.asset_count <= COLLECTION_ASSETS_MAX ||
           fail(err, CAUSE_CONFLICT, "a collection has %d assets at most; begin another one",
                COLLECTION_ASSETS_MAX);
}

bool collection_put(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                    const struct texts *asset_ids, bool whole, C *out, struct error *err)
{
    C row;
    if (!collection_get(lib, mem, actor, id, &row, err) || !quota_check_disk(lib, err)) return false;
    struct putting putting = { mem, actor, row.id, asset_ids, whole };
    return db_write(lib->db, put_body, &putting, err) && collection_get(lib, mem, actor, row.id, out, err);
}

struct removing {
    const char *id, *asset_id;
    int64_t removed;
};

static bool remove_body(struct tx *tx, void *with, struct error *err)
{
    struct removing *const r = with;
    return tx_run(tx, SQL_COLLECTION_REMOVE,
                  ARGS(db_text("collection_id", r->id), db_text("asset_id", r->asset_id)), &r->removed,
                  err) &&
           (!r->removed || touch(tx, r->id, err));
}

bool collection_remove(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                       const char *asset_id, struct error *err)
{
    C row;
    struct removing removing = { .asset_id = id_canonical(mem, asset_id) };
    if (!collection_get(lib, mem, actor, id, &row, err)) return false;
    removing.id = row.id;
    if (removing.asset_id && !db_write(lib->db, remove_body, &removing, err)) return false;
    return removing.removed || fail(err, CAUSE_NOT_FOUND, "this asset is not in the collection");
}

bool collection_assets(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                       int64_t limit, int64_t offset, struct list *out, struct error *err)
{
    C row;
    return collection_get(lib, mem, actor, id, &row, err) &&
           db_list(lib->db, SQL_COLLECTION_ASSETS,
                   ARGS(db_text("collection_id", row.id),
                        db_text("owner_id", actor->others ? NULL : actor->subject),
                        db_int("limit", limit > PAGE_MAX ? PAGE_MAX : limit), db_int("offset", offset)),
                   mem, &found_row_shape, out, err);
}
