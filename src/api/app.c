#include "api/app.h"

const struct route *const app_routes[] = { health_routes, account_routes, universe_routes,
                                           upload_routes, video_routes,   NULL };

struct actor request_actor(const struct request *rq)
{
    return (struct actor){ .subject = rq->caller.subject, .admin = caller_is_admin(&rq->caller) };
}
