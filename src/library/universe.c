#include "library/universe.h"

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

static const struct field universe_row_fields[] = {
    TEXT(struct universe, id, .doc = "UUID."),
    TEXT(struct universe, name, .doc = "Name."),
    TEXT(struct universe, description, .nullable = true, .doc = "What it is about."),
    TEXT(struct universe, owner_id, .nullable = true, .doc = "Subject of the maker's token."),
    TIME(struct universe, created_at, .doc = "When it was made."),
    TIME(struct universe, updated_at, .doc = "When it last changed."),
    { 0 },
};
const struct shape universe_row_shape = SHAPE("UniverseRow", struct universe, universe_row_fields);

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
    { 0 },
};
const struct shape universe_change_shape =
    SHAPE("UniverseUpdate", struct universe_change, universe_change_fields);

bool universe_create(struct library *lib, struct arena *mem, const struct actor *actor,
                     const struct universe_in *in, struct universe *out, struct error *err)
{
    if (!actor_may_own(actor, err)) return false;
    const char *const id = in->id ? id_canonical(mem, in->id) : arena_text(mem, id_new().text);
    if (!id) return fail_field(err, CAUSE_INVALID, "id", "the id '%s' is not a UUID", in->id);
    const int64_t now = time_now();
    const struct universe made = { id, in->name, in->description, actor->subject, now, now };
    struct error why;
    if (!db_run(lib->db, SQL_UNIVERSE_INSERT, ARGS_OF(&universe_row_shape, &made), NULL, &why)) {
        if (why.cause == CAUSE_CONFLICT)
            return fail(err, CAUSE_CONFLICT, "a universe with id '%s' exists already", id);
        *err = why;
        return false;
    }
    *out = made;
    return true;
}

bool universe_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                  struct universe *out, struct error *err)
{
    bool found = false;
    struct universe row;
    const char *const canonical = id_canonical(mem, id);
    if (canonical && !db_find(lib->db, SQL_UNIVERSE_GET, ARGS(db_text("id", canonical)), mem,
                              &universe_row_shape, &row, &found, err))
        return false;
    if (!found) return fail(err, CAUSE_NOT_FOUND, "Universe not found");
    if (!actor_owns(actor, row.owner_id))
        return fail(err, CAUSE_FORBIDDEN, "Forbidden: requires owner or admin role");
    *out = row;
    return true;
}

bool universe_list(struct library *lib, struct arena *mem, const struct actor *actor, const char *search,
                   struct page page, struct list *out, struct error *err)
{
    return db_list(lib->db, SQL_UNIVERSE_LIST_OLDEST,
                   ARGS(db_text("owner_id", actor->others ? NULL : actor->subject),
                        db_text("search", text_empty(search) ? NULL : search), db_int("limit", page.limit),
                        db_int("offset", page.offset)),
                   mem, &universe_row_shape, out, err);
}

bool universe_update(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                     const struct universe_change *change, struct universe *out, struct error *err)
{
    struct universe row;
    int64_t changed = 0;
    if (!universe_get(lib, mem, actor, id, &row, err) ||
        !db_run(lib->db, SQL_UNIVERSE_UPDATE,
                ARGS(db_text("id", row.id), db_text("name", change->name),
                     db_text("description", change->description), db_int("updated_at", time_now())),
                &changed, err))
        return false;
    return changed ? universe_get(lib, mem, actor, row.id, out, err)
                   : fail(err, CAUSE_NOT_FOUND, "Universe not found");
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
