#include "library/saved_search.h"

#include "base/id.h"
#include "base/time.h"
#include "library/quota.h"
#include "library/row.h"

#define S struct saved_search
#define IN struct saved_search_in

static const struct field saved_fields[] = {
    TEXT(S, id, .format = "uuid", .doc = "UUID."),
    TEXT(S, owner_id, .doc = "Whose it is."),
    TEXT(S, name, .doc = "Name."),
    OBJECT(S, query, struct assets_query, &assets_query_shape, .doc = "What is looked for."),
    TIME(S, created_at, .doc = "When it was made."),
    TIME(S, updated_at, .doc = "When it last changed."),
    { 0 },
};
const struct shape saved_search_shape = SHAPE("SavedSearch", S, saved_fields);

static const struct field in_fields[] = {
    TEXT(IN, name, .required = true, .min = 1, .max = 255, .doc = "Name."),
    OBJECT(IN, query, struct assets_query, &assets_query_shape, .required = true,
           .doc = "What is looked for: the parameters of GET /api/media/assets."),
    { 0 },
};
const struct shape saved_search_in_shape = SHAPE("SavedSearchCreate", IN, in_fields);

static const struct field change_fields[] = {
    TEXT(IN, name, .nullable = true, .min = 1, .max = 255, .doc = "New name."),
    OBJECT(IN, query, struct assets_query, &assets_query_shape, .nullable = true,
           .doc = "What is looked for instead."),
    TIME(IN, updated_at, .nullable = true, .doc = UPDATED_AT_DOC),
    { 0 },
};
const struct shape saved_search_change_shape = SHAPE("SavedSearchUpdate", IN, change_fields);

/* A search without the place of a page. */
static const struct assets_query *settled(struct arena *mem, const struct assets_query *query)
{
    struct assets_query *const copy = arena_new(mem, struct assets_query);
    if (!query) return NULL;
    *copy = *query;
    copy->cursor = NULL;
    copy->offset = 0;
    return copy;
}

static bool insert_body(struct tx *tx, void *with, struct error *err)
{
    const S *const made = with;
    int64_t count;
    if (!tx_count(tx, SQL_SAVED_SEARCH_COUNT, ARGS(db_text("owner_id", made->owner_id)), &count, err))
        return false;
    if (count >= SAVED_SEARCHES_MAX)
        return fail(err, CAUSE_CONFLICT,
                    "you have %d saved searches, which is all there may be; remove one first",
                    SAVED_SEARCHES_MAX);
    return tx_run(tx, SQL_SAVED_SEARCH_INSERT, ARGS_OF(&saved_search_shape, made), NULL, err);
}

bool saved_search_create(struct library *lib, struct arena *mem, const struct actor *actor, const IN *in,
                         S *out, struct error *err)
{
    const int64_t now = time_now();
    S made = { .id = arena_text(mem, id_new().text),
               .owner_id = actor->subject,
               .name = in->name,
               .query = settled(mem, in->query),
               .created_at = now,
               .updated_at = now };
    if (!actor_may_own(actor, err) || !quota_check_disk(lib, err) ||
        !db_write(lib->db, insert_body, &made, err))
        return false;
    *out = made;
    return true;
}

bool saved_search_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                      S *out, struct error *err)
{
    bool found = false;
    S row;
    const char *const canonical = id_canonical(mem, id);
    if (canonical && !db_find(lib->db, SQL_SAVED_SEARCH_GET, ARGS(db_text("id", canonical)), mem,
                              &saved_search_shape, &row, &found, err))
        return false;
    if (!found || !actor_owns(actor, row.owner_id))
        return fail(err, CAUSE_NOT_FOUND, "Saved search not found");
    *out = row;
    return true;
}

bool saved_search_list(struct library *lib, struct arena *mem, const struct actor *actor,
                       const struct collections_query *query, struct list *out, const char **next_out,
                       struct error *err)
{
    struct cursor after;
    if (!cursor_read(mem, query->cursor, &after, err) ||
        !db_list(lib->db, actor->others ? SQL_SAVED_SEARCH_LIST_ALL : SQL_SAVED_SEARCH_LIST_OWNED,
                 ARGS(db_text("owner_id", actor->others ? NULL : actor->subject),
                      db_int("after_at", after.at), db_text("after_id", after.id),
                      db_int("limit", page_rows(query->limit)), db_int("offset", query->offset)),
                 mem, &saved_search_shape, out, err))
        return false;
    *next_out = page_cut(out, query->limit) ? page_next(mem, out, &saved_search_shape) : NULL;
    return true;
}

bool saved_search_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                         const IN *change, S *out, struct error *err)
{
    S row;
    int64_t changed = 0;
    const IN clean = { change->name, settled(mem, change->query), change->updated_at };
    if (!saved_search_get(lib, mem, actor, id, &row, err) || !quota_check_disk(lib, err)) return false;
    struct db_args args = ARGS(db_text("id", row.id), db_int("now", time_now()));
    args.shape = &saved_search_change_shape;
    args.object = &clean;
    if (!db_run(lib->db, SQL_SAVED_SEARCH_UPDATE, args, &changed, err)) return false;
    return changed ? saved_search_get(lib, mem, actor, row.id, out, err) : row_changed("saved search", err);
}

bool saved_search_drop(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                       struct error *err)
{
    S row;
    return saved_search_get(lib, mem, actor, id, &row, err) &&
           db_run(lib->db, SQL_SAVED_SEARCH_DELETE, ARGS(db_text("id", row.id)), NULL, err);
}

bool saved_search_run(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                      const struct assets_query *where, struct assets_page *out, struct error *err)
{
    S row;
    if (!saved_search_get(lib, mem, actor, id, &row, err)) return false;
    struct assets_query query = *row.query;
    query.limit = where->limit;
    query.offset = where->offset;
    query.cursor = where->cursor;
    return assets_search(lib, mem, actor, &query, out, err);
}
