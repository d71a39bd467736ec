#include "library/element.h"

#include "base/time.h"
#include "library/quota.h"

static const struct field universe_fields[] = {
    TEXT(struct universe, id, .format = "uuid", .doc = "UUID."),
    TEXT(struct universe, name, .doc = "Name."),
    TEXT(struct universe, description, .doc = "What it is about."),
    TEXT(struct universe, owner, .doc = "Subject of the maker's token."),
    LIST(struct universe, elements, &element_shape,
         .doc = "Its elements, oldest first; the first ones when they are too many for one reply."),
    INT(struct universe, element_count, .doc = "How many elements it has."),
    INT(struct universe, media_count, .doc = "How many media belong to it."),
    TIME(struct universe, created_at, .doc = "When it was made."),
    TIME(struct universe, updated_at, .doc = "When its name or description last changed."),
    { 0 },
};
const struct shape universe_shape = SHAPE("Universe", struct universe, universe_fields);

static const struct field universe_in_fields[] = {
    TEXT(struct universe_in, name, .required = true, .min = 1, .max = 255, .doc = "Name."),
    TEXT(struct universe_in, description, .max = 20000, .initial_text = "", .doc = "What it is about."),
    TEXT(struct universe_in, id, .nullable = true, .max = 64, .format = "uuid",
         .doc = "UUID of your choice."),
    { 0 },
};
const struct shape universe_in_shape = SHAPE("UniverseCreate", struct universe_in, universe_in_fields);

static const struct field universe_change_fields[] = {
    TEXT(struct universe_change, name, .nullable = true, .min = 1, .max = 255, .doc = "New name."),
    TEXT(struct universe_change, description, .nullable = true, .max = 20000, .doc = "New description."),
    TIME(struct universe_change, updated_at, .nullable = true, .doc = UPDATED_AT_DOC),
    { 0 },
};
const struct shape universe_change_shape =
    SHAPE("UniverseUpdate", struct universe_change, universe_change_fields);

static const struct field universes_query_fields[] = {
    PAGE_FIELDS(struct universes_query),
    TEXT(struct universes_query, search, .nullable = true, .max = 200,
         .doc = "Part of name or description, any case."),
    { 0 },
};
const struct shape universes_query_shape =
    SHAPE("UniversesQuery", struct universes_query, universes_query_fields);

struct founding {
    const struct library *lib;
    const struct universe *made;
};

static bool insert_body(struct tx *tx, void *with, struct error *err)
{
    const struct founding *const founding = with;
    const struct universe *const made = founding->made;
    struct error why;
    return quota_check_universe(tx, &founding->lib->quota, made->owner, err) &&
           (tx_run(tx, SQL_UNIVERSE_INSERT, ARGS_OF(&universe_shape, made), NULL, &why) ||
            row_refused(&why, "universe", made->id, "Universe", err));
}

bool universe_create(struct library *lib, struct arena *mem, const struct actor *actor,
                     const struct universe_in *in, struct universe *out, struct error *err)
{
    const int64_t now = time_now();
    struct universe made = { .name = in->name,
                             .description = in->description,
                             .owner = actor->subject,
                             .created_at = now,
                             .updated_at = now };
    if (!actor_may_own(actor, err) || !row_id(mem, in->id, &made.id, err) || !quota_check_disk(lib, err) ||
        !db_write(lib->db, insert_body, &(struct founding){ lib, &made }, err))
        return false;
    *out = made;
    return true;
}

bool universe_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                  struct universe *out, struct error *err)
{
    bool found = false;
    struct universe row;
    const char *const canonical = id_canonical(mem, id);
    if (canonical && !db_find(lib->db, SQL_UNIVERSE_GET, ARGS(db_text("id", canonical)), mem, &universe_shape,
                              &row, &found, err))
        return false;
    if (!found) return fail(err, CAUSE_NOT_FOUND, "Universe not found");
    if (!actor_owns(actor, row.owner))
        return fail(err, CAUSE_FORBIDDEN, "Forbidden: requires owner or admin role");
    *out = row;
    return true;
}

bool universe_list(struct library *lib, struct arena *mem, const struct actor *actor,
                   const struct universes_query *query, struct list *out, const char **next_out,
                   struct error *err)
{
    struct cursor after;
    bool whole;
    if (!cursor_read(mem, query->cursor, &after, err) ||
        !db_list_within(lib->db, actor->others ? SQL_UNIVERSE_LIST_ALL : SQL_UNIVERSE_LIST_OWNED,
                        ARGS(db_text("owner_id", actor->others ? NULL : actor->subject),
                             db_text("search", text_empty(query->search) ? NULL : query->search),
                             db_int("after_at", after.at), db_text("after_id", after.id),
                             db_int("limit", page_rows(query->limit)), db_int("offset", query->offset)),
                        mem, &universe_shape, UNIVERSES_MAX_BYTES, out, &whole, err))
        return false;
    *next_out = page_cut(out, query->limit) || !whole ? page_next(mem, out, &universe_shape) : NULL;
    return true;
}

bool universe_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                     const struct universe_change *change, struct universe *out, struct error *err)
{
    struct universe row;
    int64_t changed = 0;
    if (!universe_get(lib, mem, actor, id, &row, err) || !quota_check_disk(lib, err)) return false;
    struct db_args args = ARGS(db_text("id", row.id), db_int("now", time_now()));
    args.shape = &universe_change_shape;
    args.object = change;
    if (!db_run(lib->db, SQL_UNIVERSE_UPDATE, args, &changed, err) ||
        !universe_get(lib, mem, actor, row.id, &row, err))
        return false;
    if (!changed) return row_changed("universe", err);
    *out = row;
    return true;
}

static bool drop_body(struct tx *tx, void *with, struct error *err)
{
    const char *const id = with;
    int64_t active = 0;
    if (!tx_count(tx, SQL_UNIVERSE_ACTIVE_JOBS, ARGS(db_text("id", id)), &active, err)) return false;
    if (active)
        return fail(err, CAUSE_CONFLICT,
                    "%lld job%s under way in this universe; wait for the end or cancel first",
                    (long long)active, active == 1 ? " is" : "s are");
    return tx_run(tx, SQL_UNIVERSE_DELETE, ARGS(db_text("id", id)), NULL, err);
}

bool universe_drop(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                   struct error *err)
{
    struct universe row;
    return universe_get(lib, mem, actor, id, &row, err) &&
           db_write(lib->db, drop_body, (void *)(uintptr_t)row.id, err);
}
