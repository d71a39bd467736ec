/* What somebody has and may have. Administrators set it for others. */
#include "api/app.h"

#include "library/quota.h"

struct quota_in {
    int64_t jobs, storage_mb;
};

static const struct field in_fields[] = {
    INT(struct quota_in, jobs, .nullable = true, .max = 1000000,
        .doc = "Jobs under way at most; 0 for no limit, null for the server's setting; absent: as it is."),
    INT(struct quota_in, storage_mb, .nullable = true, .max = 1 << 30,
        .doc = "MiB stored at most; 0 for no limit, null for the server's setting; absent: as it is."),
    { 0 },
};
static const struct shape in_shape = SHAPE("QuotaRequest", struct quota_in, in_fields);

static bool show(struct request *rq, struct reply *rp, const char *subject, struct error *err)
{
    struct app *const app = rq->app;
    struct quota_state state;
    if (!quota_get(&app->lib, rq->mem, subject, &state, err)) return false;
    reply_object(rp, &quota_state_shape, &state);
    return true;
}

static bool own(struct request *rq, struct reply *rp, struct error *err)
{
    return show(rq, rp, rq->caller.subject, err);
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const char *const subject = request_param(rq, "subject");
    return quota_known(&app->lib, subject, err) && show(rq, rp, subject, err);
}

static bool put(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct quota_in *const in = rq->in;
    const char *const subject = request_param(rq, "subject");
    const int64_t jobs = json_get(rq->json, "jobs") ? in->jobs : QUOTA_SAME,
                  storage_mb = json_get(rq->json, "storage_mb") ? in->storage_mb : QUOTA_SAME;
    return quota_change(&app->lib, subject, jobs, storage_mb, err) && show(rq, rp, subject, err);
}

const struct route quota_routes[] = {
    { METHOD_GET, "/api/quota", own, .needs = NEED_KNOWN, .out = &quota_state_shape, .tag = "quota",
      .doc = "What you have under way and stored, and how much you may." },
    { METHOD_GET, "/api/quota/{subject}", get, .needs = NEED_ADMIN, .out = &quota_state_shape, .tag = "quota",
      .doc = "The same of somebody else." },
    { METHOD_PUT, "/api/quota/{subject}", put, .needs = NEED_ADMIN, .by_key = true, .body = BODY_JSON,
      .in = &in_shape, .out = &quota_state_shape, .tag = "quota",
      .doc = "Sets what somebody may have. It holds for what is added from now on." },
    { 0 },
};
