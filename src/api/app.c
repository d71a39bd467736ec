#include "api/app.h"

#include "api/docs_page.h"

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
    job_routes,        quota_routes,    audit_routes,   docs_routes,   NULL,
};

struct actor request_actor(const struct request *rq)
{
    return (struct actor){ .subject = rq->caller.subject, .others = rq->caller.may & MAY_OTHERS };
}

bool request_may_prioritise(const struct request *rq, int64_t priority, struct error *err)
{
    return priority <= 0 || rq->caller.may & MAY_ADMIN ||
           fail_field(err, CAUSE_FORBIDDEN, "priority", "a priority above 0 is for administrators");
}
