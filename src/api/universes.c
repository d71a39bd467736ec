/* Universes, under /universes and /api/universes alike. */
#include "api/app.h"
#include "api/paging.h"

#include "library/element.h"

/* With its elements and their components. */
static bool reply_universe(struct request *rq, struct reply *rp, struct universe *universe, struct error *err)
{
    struct app *const app = rq->app;
    if (!element_add_to(&app->lib, rq->mem, &(struct list){ universe, 1 }, err)) return false;
    reply_object(rp, &universe_shape, universe);
    return true;
}

static bool create(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct universe universe;
    return universe_create(&app->lib, rq->mem, &actor, rq->in, &universe, err) &&
           reply_universe(rq, rp, &universe, err);
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct list universes;
    const char *next;
    if (!universe_list(&app->lib, rq->mem, &actor, rq->query, &universes, &next, err) ||
        !element_add_to(&app->lib, rq->mem, &universes, err))
        return false;
    reply_next_page(rq, rp, next);
    reply_list(rp, &universe_shape, &universes);
    return true;
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    struct universe universe;
    return request_universe(rq, &universe, err) && reply_universe(rq, rp, &universe, err);
}

static bool update(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct universe universe;
    return universe_update(&app->lib, rq->mem, &actor, request_param(rq, "universe_id"), rq->in, &universe,
                           err) &&
           reply_universe(rq, rp, &universe, err);
}

static bool drop(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    return universe_drop(&app->lib, rq->mem, &actor, request_param(rq, "universe_id"), err);
}

bool request_universe(struct request *rq, struct universe *out, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    return universe_get(&app->lib, rq->mem, &actor, request_param(rq, "universe_id"), out, err);
}

const struct route universe_routes[] = {
    { METHOD_POST, "/universes", create, .also_under = "/api", .body = BODY_JSON, .in = &universe_in_shape,
      .out = &universe_shape, .status = 201, .tag = "universes", .doc = "Makes a universe of the caller's." },
    { METHOD_GET, "/universes", list, .also_under = "/api", .query = &universes_query_shape,
      .out = &universe_shape, .list = true, .large = true, .tag = "universes",
      .doc = "The caller's universes, oldest first; with the permission `others`, all." },
    { METHOD_GET, "/universes/{universe_id}", get, .also_under = "/api", .out = &universe_shape,
      .large = true, .tag = "universes", .doc = "One universe." },
    { METHOD_PUT, "/universes/{universe_id}", update, .also_under = "/api", .body = BODY_JSON,
      .in = &universe_change_shape, .out = &universe_shape, .large = true, .tag = "universes",
      .doc = "Changes name or description." },
    { METHOD_DELETE, "/universes/{universe_id}", drop, .also_under = "/api", .status = 204,
      .act = "universe.delete", .tag = "universes",
      .doc = "Removes it with its elements; its media stay with their makers." },
    { 0 },
};
