#include "agent/import.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "library/quota.h"
#include "task/fetch.h"

#include <string.h>

static const char *const status_names[] = {
    "pending", "processing", "completed", "failed", "cancelled", NULL
};

#define SHOWN                                                                                                \
    TEXT(struct media_import, id, .format = "uuid", .doc = "The order, and its job in the queue."),          \
        TEXT(struct media_import, owner_id, .doc = "Who gave it."),                                          \
        TEXT(struct media_import, origin, .doc = "The address, without what may be secret in it."),          \
        TEXT(struct media_import, universe_id, .nullable = true, .doc = "Universe the file belongs to."),    \
        TEXT(struct media_import, element_id, .nullable = true, .doc = "Element the file belongs to."),      \
        TEXT(struct media_import, title, .nullable = true,                                                   \
             .doc = "Title; the name at the end of the address where none is given."),                       \
        TEXT(struct media_import, description, .nullable = true, .doc = "Description."),                     \
        TEXTS(struct media_import, tags, .doc = "Free words."),                                              \
        TEXT(struct media_import, asset_id, .nullable = true, .doc = "The asset that came of it."),          \
        ENUM(struct media_import, status, status_names, .doc = "Where it stands."),                          \
        TEXT(struct media_import, error, .nullable = true, .doc = "Why it failed."),                         \
        TIME(struct media_import, created_at, .doc = "When it was ordered."),                                \
        TIME(struct media_import, updated_at, .doc = "When it last changed.")

static const struct field shown_fields[] = { SHOWN, { 0 } };
static const struct field row_fields[] = {
    SHOWN, TEXT(struct media_import, url, .nullable = true, .secret = true, .doc = "The address."), { 0 }
};
const struct shape import_shape = SHAPE("MediaImport", struct media_import, shown_fields);
const struct shape import_row_shape = SHAPE("MediaImportRow", struct media_import, row_fields);

/* ---- ordering ---- */

/* umam-net takes the address apart for good; this is for telling at once. */
static bool check_url(const char *url, struct error *err)
{
    const bool http = strncasecmp(url, "http://", 7) == 0, https = strncasecmp(url, "https://", 8) == 0;
    const char *const host = url + (https ? 8 : 7);
    if ((!http && !https) || !strcspn(host, "/?#"))
        return fail_field(err, CAUSE_INVALID, "url",
                          "this is no address to fetch from; it begins with http:// or https://");
    if (memchr(host, '@', strcspn(host, "/?#")))
        return fail_field(err, CAUSE_INVALID, "url", "an address must hold no user and no password");
    return text_plain(url, strlen(url)) ||
           fail_field(err, CAUSE_INVALID, "url", "the address cannot be read");
}

struct ordering {
    struct generation *gen;
    const struct media_import *row;
};

static bool put_order(struct tx *tx, void *with, struct error *err)
{
    const struct ordering *const ordering = with;
    const struct media_import *const row = ordering->row;
    const struct queue_order order = { .id = row->id,
                                       .kind = import_job_kind.name,
                                       .owner_id = row->owner_id };
    return tx_run(tx, SQL_MEDIA_IMPORT_INSERT, ARGS_OF(&import_row_shape, row), NULL, err) &&
           work_put(ordering->gen->work, tx, &order, err);
}

static bool can_fetch(const struct generation *gen, struct error *err)
{
    if (!gen->net)
        return fail(err, CAUSE_UNAVAILABLE, "this server fetches nothing: umam-net does not run beside it");
    if (!worker_alive(gen->net))
        return fail(err, CAUSE_UNAVAILABLE,
                    "the program that fetches is gone; it comes back when the server is restarted");
    return worker_allowed(gen->net, err);
}

bool import_start(struct generation *gen, struct arena *mem, const struct ingest_order *order,
                  const char *url, struct media_import *out, struct error *err)
{
    const int64_t now = time_now();
    const struct media_import row = { .id = arena_text(mem, id_new().text),
                                      .owner_id = order->owner_id,
                                      .url = url,
                                      .origin = arena_text_n(mem, url, strcspn(url, "?#")),
                                      .universe_id = order->universe_id,
                                      .element_id = order->element_id,
                                      .title = order->title,
                                      .description = order->description,
                                      .tags = order->tags,
                                      .status = "pending",
                                      .created_at = now,
                                      .updated_at = now };
    struct ordering ordering = { gen, &row };
    if (!check_url(url, err) || !can_fetch(gen, err) || !quota_check_disk(gen->lib, err) ||
        !db_write(gen->lib->db, put_order, &ordering, err))
        return false;
    work_wake(gen->work);
    *out = row;
    return true;
}

bool import_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                struct media_import *out, struct error *err)
{
    struct media_import row;
    bool found = false;
    if (!db_find(lib->db, SQL_MEDIA_IMPORT_GET, ARGS(db_text("id", id)), mem, &import_row_shape, &row, &found,
                 err))
        return false;
    if (!found || !actor_owns(actor, row.owner_id))
        return fail(err, CAUSE_NOT_FOUND, "there is no import '%.64s'", id);
    *out = row;
    return true;
}

/* ---- the job ---- */

/* What a run leaves for the transaction that ends it. */
struct fetched {
    struct asset asset;
    struct blob file;
};

static void tell(void *with, double progress, const char *stage, double eta_s)
{
    work_tell(with, progress, stage, eta_s);
}

/* The file is what counts, not what is said of it. */
static bool receive(struct job_run *run, struct worker *net, const struct fetch_in *in, int fd,
                    struct fetch_out *out, struct error *err)
{
    const struct worker_file files[] = { { "out", fd } };
    const struct worker_call call = { .kind = TASK_FETCH,
                                      .in = in,
                                      .files = files,
                                      .file_count = COUNT_OF(files),
                                      .cancel_fd = run->cancel_fd,
                                      .progress = tell,
                                      .with = run };
    int64_t size_bytes;
    if (!worker_run(net, &call, run->mem, out, err) || !file_size(fd, &size_bytes, err)) return false;
    return (size_bytes == out->size_bytes && size_bytes <= in->max_bytes) ||
           fail(err, CAUSE_CRASHED, "the program that fetches said something that makes no sense");
}

static const char *facts_of(struct arena *mem, const struct media_import *row, const struct fetch_out *came)
{
    const char *const keys[] = { "source_url", "fetched_from", "content_type" };
    const char *const values[] = { row->origin, came->url, came->type };
    return json_print(mem, json_from_pairs(mem, keys, values, came->type ? 3 : 2));
}

static bool take(struct job_run *run, const struct media_import *row, const struct fetch_out *came, int fd,
                 struct asset *out, struct error *err)
{
    struct generation *const gen = run->app;
    struct digest digest;
    const char *const name = text_empty(came->filename) ? NULL : came->filename;
    struct ingest_order order = { .owner_id = row->owner_id,
                                  .universe_id = row->universe_id,
                                  .element_id = row->element_id,
                                  .title = row->title ? row->title : name,
                                  .description = row->description,
                                  .original_name = name,
                                  .source_type = "imported",
                                  .tags = row->tags,
                                  .fd = fd,
                                  .size_bytes = came->size_bytes,
                                  .thumb_fd = -1 };
    if (!filetype_admit(&gen->types, fd, order.size_bytes, &order.type, err) || !hash_file(fd, &digest, err))
        return false;
    order.checksum = arena_text(run->mem, digest.hex);
    *out = ingest_asset(run->mem, &order);
    out->source_job_id = row->id;
    out->extra_metadata = facts_of(run->mem, row, came);
    return true;
}

static bool fetch(struct job_run *run, struct error *err)
{
    struct generation *const gen = run->app;
    const struct actor owner = { .subject = run->job->owner_id, .others = true };
    struct fetched *const fetched = arena_new(run->mem, struct fetched);
    struct media_import row;
    struct fetch_out came;
    AUTO(fd) int fd = -1;
    if (!import_get(gen->lib, run->mem, &owner, run->job->id, &row, err) ||
        !blob_draft(&gen->lib->blobs, &fd, err))
        return false;
    const struct fetch_in in = { .url = row.url,
                                 .max_bytes = gen->imports.max_bytes,
                                 .wait_s = gen->imports.wait_s };
    if (!receive(run, gen->net, &in, fd, &came, err) || !take(run, &row, &came, fd, &fetched->asset, err))
        return false;
    fetched->file = (struct blob){ fetched->asset.file_path, fd };
    run->result = fetched;
    return blob_keep(&gen->lib->blobs, &fetched->file, 1, err);
}

/* ---- the rows, in the queue's transactions ---- */

static bool step(struct tx *tx, enum sql sql, struct db_args args, struct error *err)
{
    int64_t changed = 0;
    return tx_run(tx, sql, args, &changed, err) &&
           (changed == 1 ||
            fail(err, CAUSE_CONFLICT, "the import is in another state than its place in the queue"));
}

static bool move(struct tx *tx, const char *id, const char *before, const char *status, struct error *err)
{
    return step(tx, SQL_MEDIA_IMPORT_STEP,
                ARGS(db_text("id", id), db_text("before", before), db_text("status", status),
                     db_text("error", NULL), db_int("now", time_now())),
                err);
}

static bool started(struct tx *tx, struct job_run *run, struct error *err)
{
    return move(tx, run->job->id, "pending", "processing", err);
}

static bool requeued(struct tx *tx, const char *id, const struct error *why, struct error *err)
{
    (void)why;
    return move(tx, id, "processing", "pending", err);
}

static bool succeeded(struct tx *tx, struct job_run *run, struct error *err)
{
    const struct fetched *const fetched = run->result;
    return ingest_put(tx, run->app, &fetched->asset, false, err) &&
           step(tx, SQL_MEDIA_IMPORT_FINISH,
                ARGS(db_text("id", run->job->id), db_text("asset_id", fetched->asset.id),
                     db_int("now", time_now())),
                err);
}

static void settled(struct job_run *run, bool stored)
{
    const struct generation *const gen = run->app;
    const struct fetched *const fetched = run->result;
    blob_settle(&gen->lib->blobs, &fetched->file, 1, stored);
    if (stored) work_wake(gen->work);
}

static bool end(struct tx *tx, const char *id, const char *status, const char *why, struct error *err)
{
    return step(
        tx, SQL_MEDIA_IMPORT_END,
        ARGS(db_text("id", id), db_text("status", status), db_text("error", why), db_int("now", time_now())),
        err);
}

static bool failed(struct tx *tx, const char *id, const struct error *why, struct error *err)
{
    return end(tx, id, "failed", why->text, err);
}

static bool cancelled(struct tx *tx, const char *id, struct error *err)
{
    return end(tx, id, "cancelled", NULL, err);
}

static bool revived(struct tx *tx, const char *id, struct error *err)
{
    return step(tx, SQL_MEDIA_IMPORT_AGAIN, ARGS(db_text("id", id), db_int("now", time_now())), err);
}

static bool title(struct db *db, const char *id, struct arena *mem, const char **out, struct error *err)
{
    struct media_import row = { 0 };
    bool found = false;
    if (!db_find(db, SQL_MEDIA_IMPORT_GET, ARGS(db_text("id", id)), mem, &import_row_shape, &row, &found,
                 err))
        return false;
    const char *const name = row.title ? row.title : row.origin;
    *out = found ? arena_text_n(mem, name, text_head_bytes(name, 200)) : NULL;
    return true;
}

const struct job_kind import_job_kind = {
    .name = "import",
    .outside = true,
    .resource = "/api/media/imports/",
    .title = title,
    .attempts_max = 4,
    .started = started,
    .run = fetch,
    .succeeded = succeeded,
    .settled = settled,
    .requeued = requeued,
    .failed = failed,
    .cancelled = cancelled,
    .revived = revived,
};
