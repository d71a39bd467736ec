#include "library/trash.h"

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "library/derivative.h"

static const struct field query_fields[] = {
    TEXT(struct trash_query, reason, .nullable = true, .max = TRASH_REASON_MAX,
         .doc = "Why, for those who find it."),
    { 0 },
};
const struct shape trash_query_shape = SHAPE("TrashQuery", struct trash_query, query_fields);

static const struct field held_fields[] = {
    TEXT(struct trash_held, id, .format = "uuid", .doc = "The asset."),
    TEXT(struct trash_held, why, .doc = "What keeps it."),
    { 0 },
};
static const struct shape held_shape = SHAPE("TrashHeld", struct trash_held, held_fields);

static const struct field purge_fields[] = {
    INT(struct trash_purge, purged, .doc = "Assets that are gone for good."),
    INT(struct trash_purge, purged_bytes, .doc = "Bytes of their originals."),
    INT(struct trash_purge, kept, .doc = "Assets that were due and stay."),
    LIST(struct trash_purge, held, &held_shape, .doc = "Those and why, the first 100."),
    { 0 },
};
const struct shape trash_purge_shape = SHAPE("TrashPurge", struct trash_purge, purge_fields);

/* ---- in and out ---- */

struct moving {
    const struct actor *actor;
    const struct texts *ids;
    const char *reason;
    bool out;
};

static bool move_one(struct tx *tx, const struct moving *moving, const char *given, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const id = id_canonical(&mem, given);
    struct asset asset;
    bool found = false;
    if (id && !asset_find(tx, &mem, id, &asset, &found, err)) return false;
    if (!found || !actor_owns(moving->actor, asset.owner_id))
        return fail(err, CAUSE_NOT_FOUND, "there is no asset '%.64s'", given);
    if (moving->out)
        return tx_run(tx, SQL_TRASH_UNDO, ARGS(db_text("id", id), db_int("now", time_now())), NULL, err);
    return tx_run(tx, SQL_TRASH_PUT,
                  ARGS(db_text("id", id), db_int("now", time_now()),
                       db_text("trashed_by", moving->actor->subject),
                       db_text("trash_reason", moving->reason)),
                  NULL, err);
}

static bool move_body(struct tx *tx, void *with, struct error *err)
{
    const struct moving *const moving = with;
    for (size_t i = 0; i < moving->ids->count; i++)
        if (!move_one(tx, moving, moving->ids->items[i], err)) return false;
    return true;
}

bool trash_put(struct library *lib, const struct actor *actor, const struct texts *ids, const char *reason,
               struct error *err)
{
    struct moving moving = { actor, ids, text_empty(reason) ? NULL : reason, false };
    return db_write(lib->db, move_body, &moving, err);
}

bool trash_undo(struct library *lib, const struct actor *actor, const struct texts *ids, struct error *err)
{
    struct moving moving = { actor, ids, NULL, true };
    return db_write(lib->db, move_body, &moving, err);
}

bool trash_put_of_job(struct tx *tx, const char *job_id, const struct actor *actor, const char *reason,
                      struct error *err)
{
    return tx_run(tx, SQL_TRASH_PUT_OF_JOB,
                  ARGS(db_text("job_id", job_id), db_int("now", time_now()),
                       db_text("trashed_by", actor->subject), db_text("trash_reason", reason)),
                  NULL, err);
}

bool trash_holds(struct library *lib, struct arena *mem, const char *blob_name, bool *out, struct error *err)
{
    int64_t rows = 0;
    const struct db_args args = ARGS(db_text("name", blob_name), db_text("url", media_url(mem, blob_name)));
    if (!db_count(lib->db, SQL_TRASH_HOLDS_FILE, args, &rows, err)) return false;
    *out = rows > 0;
    return true;
}

/* ---- for good ---- */

struct due {
    const char *id;
    int64_t trashed_at;
};

static const struct field due_fields[] = {
    TEXT(struct due, id, .doc = "The asset."),
    TIME(struct due, trashed_at, .doc = "Since when it is in quarantine."),
    { 0 },
};
static const struct shape due_shape = SHAPE("TrashDue", struct due, due_fields);

struct word {
    const char *word;
};

static const struct field word_fields[] = { TEXT(struct word, word, .doc = "What keeps it."), { 0 } };
static const struct shape word_shape = SHAPE("TrashWord", struct word, word_fields);

struct purging {
    struct library *lib;
    struct arena *mem;
    const char *by;
    int64_t before;
    struct trash_purge *out;
};

/* One asset as it was seen. */
struct seen {
    const struct purging *purging;
    struct asset asset;
    struct list derivatives;
};

static struct db_args question(const char *id, const struct purging *purging, struct db_value values[2])
{
    values[0] = db_text("id", id);
    values[1] = db_int("before", purging->before);
    return (struct db_args){ .values = values, .count = 2 };
}

/* The proof and the end of the row in one transaction. */
static bool drop_body(struct tx *tx, void *with, struct error *err)
{
    struct seen *const seen = with;
    struct db_value values[2];
    struct word word;
    bool held = false;
    int64_t dropped = 0;
    const struct asset *const asset = &seen->asset;
    if (!tx_find(tx, SQL_TRASH_HELD_BY, question(asset->id, seen->purging, values), seen->purging->mem,
                 &word_shape, &word, &held, err))
        return false;
    if (held) return fail(err, CAUSE_CONFLICT, "%s", word.word);
    if (!tx_run(tx, SQL_TRASH_DROP, ARGS(db_text("id", asset->id), db_int("updated_at", asset->updated_at)),
                &dropped, err))
        return false;
    if (!dropped) return fail(err, CAUSE_CONFLICT, "it changed just now");
    return tx_run(tx, SQL_TRASH_DROP_JOB, ARGS(db_text("id", asset->id)), NULL, err);
}

static bool is_new(const struct blob *files, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(files[i].name, name)) return false;
    return true;
}

/* Original, thumbnail and derivatives; the thumbnail may be one of the latter, or that of another asset too.
 */
static size_t files_of(struct arena *mem, const struct seen *seen, struct blob **out)
{
    const struct asset *const asset = &seen->asset;
    const struct list *const derivatives = &seen->derivatives;
    const struct derivative *const rows = derivatives->items;
    const char *const thumbnail = media_url_blob(mem, asset->thumbnail_url);
    struct blob *const files = arena_array(mem, derivatives->count + 2, sizeof *files);
    size_t count = 0;
    files[count++] = (struct blob){ .name = asset->file_path, .fd = -1 };
    if (thumbnail && is_new(files, count, thumbnail))
        files[count++] = (struct blob){ .name = thumbnail, .fd = -1 };
    for (size_t i = 0; i < derivatives->count; i++)
        if (is_new(files, count, rows[i].name))
            files[count++] = (struct blob){ .name = rows[i].name, .fd = -1 };
    *out = files;
    return count;
}

static void keep(const struct purging *purging, const char *id, const char *why)
{
    struct list *const held = &purging->out->held;
    purging->out->kept++;
    if (held->count == 100) return;
    ((struct trash_held *)held->items)[held->count++] =
        (struct trash_held){ arena_text(purging->mem, id), arena_text(purging->mem, why) };
}

static bool purge_one(const struct purging *purging, const char *id, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct actor anybody = { .subject = "", .others = true };
    struct purging own = *purging;
    struct seen seen = { .purging = &own };
    struct blob *files;
    struct error why;
    own.mem = &mem;
    if (!asset_get(purging->lib, &mem, &anybody, id, &seen.asset, &why))
        return why.cause == CAUSE_NOT_FOUND || fail(err, why.cause, "%s", why.text);
    if (!derivative_list(purging->lib, &mem, id, &seen.derivatives, err)) return false;
    const size_t count = files_of(&mem, &seen, &files);
    if (library_drop(purging->lib, files, count, drop_body, &seen, &why)) {
        purging->out->purged++;
        purging->out->purged_bytes += seen.asset.file_size == INT_NONE ? 0 : seen.asset.file_size;
        const struct audit_note note = { purging->by, "local", "asset.purge", id, false };
        return audit_put(purging->lib, &note, err);
    }
    if (cause_worth_retrying(why.cause)) return fail(err, why.cause, "%s", why.text);
    keep(purging, id, why.text);
    return true;
}

enum { PAGE = 100 };

static bool purge_page(const struct purging *purging, struct due *after, bool (*go_on)(void *with),
                       void *with, bool *more_out, struct error *err)
{
    struct list page;
    AUTO(arena) struct arena mem = { 0 };
    if (!db_list(purging->lib->db, SQL_TRASH_DUE,
                 ARGS(db_int("before", purging->before), db_int("after_at", after->trashed_at),
                      db_text("after", after->id), db_int("limit", PAGE)),
                 &mem, &due_shape, &page, err))
        return false;
    const struct due *const due = page.items;
    *more_out = page.count == PAGE;
    for (size_t i = 0; i < page.count; i++) {
        if (go_on && !go_on(with))
            return fail(err, CAUSE_INTERRUPTED, "the purge was stopped before its end");
        if (!purge_one(purging, due[i].id, err)) return false;
    }
    if (page.count)
        *after =
            (struct due){ arena_text(purging->mem, due[page.count - 1].id), due[page.count - 1].trashed_at };
    return true;
}

bool trash_purge(struct library *lib, struct arena *mem, int64_t before, const char *by,
                 bool (*go_on)(void *with), void *with, struct trash_purge *out, struct error *err)
{
    struct trash_purge report = { .held.items = arena_array(mem, 100, sizeof(struct trash_held)) };
    const struct purging purging = { lib, mem, by, before, &report };
    struct due after = { "", 0 };
    for (bool more = true; more;)
        if (!purge_page(&purging, &after, go_on, with, &more, err)) return false;
    *out = report;
    return true;
}
