/* What is stored and whether it is well; for administrators. */
#include "api/app.h"

#include "base/id.h"
#include "library/cache.h"
#include "library/storage.h"

static bool show(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct storage storage;
    if (!storage_get(&app->lib, rq->mem, &storage, err)) return false;
    storage.cache_bytes = cache_bytes(app->cache);
    reply_object(rp, &storage_shape, &storage);
    return true;
}

struct limit_in {
    int64_t storage_mb;
};

static const struct field limit_fields[] = {
    INT(struct limit_in, storage_mb, .nullable = true, .max = 1 << 30,
        .doc = "MiB it may hold; null or 0 for no limit."),
    { 0 },
};
static const struct shape limit_shape = SHAPE("UniverseLimit", struct limit_in, limit_fields);

static bool limit_universe(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct limit_in *const in = rq->in;
    const char *const id = id_canonical(rq->mem, request_param(rq, "universe_id"));
    if (!id) return fail(err, CAUSE_NOT_FOUND, "Universe not found");
    if (!storage_limit_universe(&app->lib, id, in->storage_mb, err)) return false;
    reply_object(rp, &limit_shape, in);
    return true;
}

static bool check_get(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    const struct app *const app = rq->app;
    const struct check_status status = keeper_check_status(app->keeper, rq->mem);
    reply_object(rp, &check_status_shape, &status);
    return true;
}

struct check_query {
    bool repair;
};

static const struct field check_query_fields[] = {
    BOOL(struct check_query, repair,
         .doc = "Look again at assets whose derived files are missing or damaged, to make them anew."),
    { 0 },
};
static const struct shape check_query_shape = SHAPE("CheckQuery", struct check_query, check_query_fields);

static bool check_start(struct request *rq, struct reply *rp, struct error *err)
{
    const struct app *const app = rq->app;
    const struct check_query *const query = rq->query;
    return keeper_check(app->keeper, query->repair, rq->caller.subject, err) && check_get(rq, rp, err);
}

static bool database(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct blob_file file;
    if (!library_copy_database(&app->lib, rq->mem, &file, err)) return false;
    reply_file(rq, rp,
               (struct reply_file){ .fd = file.fd,
                                    .size_bytes = file.size_bytes,
                                    .type = "application/vnd.sqlite3",
                                    .cache = "no-store",
                                    .download_as = "umam.db" });
    return true;
}

const struct route storage_routes[] = {
    { METHOD_POST, "/api/backup/database", database, .needs = NEED_ADMIN, .act = "backup.database",
      .rate = RATE_NONE, .out_type = "application/vnd.sqlite3", .tag = "storage",
      .doc = "A consistent copy of the database, made while it is in use. The command `umam backup` asks for "
             "it, then "
             "copies the media. No API key will do: there are password hashes in it." },
    { METHOD_GET, "/api/storage", show, .needs = NEED_ADMIN, .out = &storage_shape, .tag = "storage",
      .doc = "What is stored, by type, owner and universe, what is in quarantine, room left, and how well it "
             "is." },
    { METHOD_PUT, "/api/storage/universes/{universe_id}", limit_universe, .needs = NEED_ADMIN, .by_key = true,
      .body = BODY_JSON, .in = &limit_shape, .out = &limit_shape, .act = "universe.limit", .tag = "storage",
      .doc = "Sets how much media a universe may hold. It holds for what is added from now on." },
    { METHOD_POST, "/api/storage/check", check_start, .needs = NEED_ADMIN, .by_key = true, .status = 202,
      .query = &check_query_shape, .out = &check_status_shape, .tag = "storage",
      .doc = "Starts to hold every row against every file. It deletes nothing; 409 while one runs." },
    { METHOD_GET, "/api/storage/check", check_get, .needs = NEED_ADMIN, .out = &check_status_shape,
      .tag = "storage", .doc = "How far the last check is, and what it found." },
    { 0 },
};
