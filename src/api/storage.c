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

const struct route storage_routes[] = {
    { METHOD_POST, "/api/storage/check", check_start, .needs = NEED_ADMIN, .by_key = true, .status = 202,
      .out = &check_status_shape, .tag = "storage",
      .doc = "Starts to hold every row against every file. It deletes nothing; 409 while one runs." },
    { METHOD_GET, "/api/storage/check", check_get, .needs = NEED_ADMIN, .out = &check_status_shape, .tag = "storage",
      .doc = "How far the last check is, and what it found." },
    { 0 },
};
