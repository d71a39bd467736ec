/* What is stored and whether it is well; for administrators. */
#include "api/app.h"

static bool check_get(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    const struct app *const app = rq->app;
    const struct check_status status = keeper_check_status(app->keeper, rq->mem);
    reply_object(rp, &check_status_shape, &status);
    return true;
}

static bool check_start(struct request *rq, struct reply *rp, struct error *err)
{
    const struct app *const app = rq->app;
    return keeper_check(app->keeper, rq->caller.subject, err) && check_get(rq, rp, err);
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
    { METHOD_POST, "/api/backup/database", database, .needs = NEED_ADMIN, .act = "backup.database", .rate = RATE_NONE,
      .out_type = "application/vnd.sqlite3", .tag = "storage",
      .doc = "A consistent copy of the database, made while it is in use. The command `umam backup` asks for it, then "
             "copies the media. No API key will do: there are password hashes in it." },
    { METHOD_POST, "/api/storage/check", check_start, .needs = NEED_ADMIN, .by_key = true, .status = 202,
      .out = &check_status_shape, .tag = "storage",
      .doc = "Starts to hold every row against every file. It deletes nothing; 409 while one runs." },
    { METHOD_GET, "/api/storage/check", check_get, .needs = NEED_ADMIN, .out = &check_status_shape, .tag = "storage",
      .doc = "How far the last check is, and what it found." },
    { 0 },
};
