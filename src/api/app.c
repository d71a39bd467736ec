#include "api/app.h"

#include "api/docs_page.h"
#include "api/exchange.h"
#include "base/time.h"

enum { TURN_US = 30 * SECOND };

const struct openapi_info app_info = {
    .title = "UMAM, the Unified Media Asset Manager",
    .doc = "Universes, strategies, generated media and their jobs. Log in with POST /auth/login and send the "
           "token as "
           "Authorization: Bearer.",
    .version = UMAM_VERSION,
};

const struct route *const app_routes[] = {
    health_routes,     account_routes,  session_routes, key_routes,    user_routes,
    production_routes, universe_routes, element_routes, upload_routes, video_routes,
    link_routes,       picture_routes,  timeline_routes, asset_routes,
    collection_routes,
    playback_routes,   transcode_routes,
    asset_in_routes,   import_routes,   tus_routes,
    job_routes,        quota_routes,    storage_routes, trash_routes, audit_routes,  docs_routes,
    NULL,
};

struct actor request_actor(const struct request *rq)
{
    return (struct actor){ .subject = rq->caller.subject,
                           .others = rq->caller.may & MAY_OTHERS,
                           .admin = rq->caller.may & MAY_ADMIN };
}

bool request_run(struct request *rq, enum load load, const struct worker_call *call, void *out,
                 struct error *err)
{
    struct app *const app = rq->app;
    struct loads *const loads = rq->config->loads;
    struct hold hold = { 0 };
    if (!loads_await(loads, load, admission_who(rq), 1, TURN_US, &hold, err)) return false;
    const bool good = worker_run(app->worker, call, rq->mem, out, err);
    loads_lower(loads, load, 0, &hold);
    return good;
}

bool request_may_prioritise(const struct request *rq, int64_t priority, struct error *err)
{
    return priority <= QUEUE_PRIORITY_OPEN || rq->caller.may & MAY_ADMIN ||
           fail_field(err, CAUSE_FORBIDDEN, "priority", "a priority above 0 is for administrators");
}
