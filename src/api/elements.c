/* Elements of universes and their components, under /universes and /api/universes alike. */
#include "api/app.h"
#include "api/paging.h"

#include "library/component.h"

/* With its components. */
static bool reply_element(struct request *rq, struct reply *rp, struct element *element, struct error *err)
{
    struct app *const app = rq->app;
    bool whole;
    if (!component_add_to(&app->lib, rq->mem, &(struct list){ element, 1 }, &whole, err)) return false;
    reply_object(rp, &element_shape, element);
    return true;
}

static bool create(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct universe universe;
    struct element element;
    return request_universe(rq, &universe, err) &&
           element_create(&app->lib, rq->mem, &universe, rq->in, &element, err) &&
           reply_element(rq, rp, &element, err);
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct universe universe;
    struct list elements;
    const char *next;
    if (!request_universe(rq, &universe, err) ||
        !element_list(&app->lib, rq->mem, &universe, rq->query, &elements, &next, err))
        return false;
    reply_next_page(rq, rp, next);
    reply_list(rp, &element_shape, &elements);
    return true;
}

/* The element in the path and its universe, which is one that the caller may touch. */
static bool find_both(struct request *rq, struct universe *universe, struct element *out, struct error *err)
{
    struct app *const app = rq->app;
    return request_universe(rq, universe, err) &&
           element_get(&app->lib, rq->mem, universe, request_param(rq, "element_id"), out, err);
}

static bool find(struct request *rq, struct element *out, struct error *err)
{
    struct universe universe;
    return find_both(rq, &universe, out, err);
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    struct element element;
    return find(rq, &element, err) && reply_element(rq, rp, &element, err);
}

static bool update(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct universe universe;
    struct element element;
    struct element_change change = *(const struct element_change *)rq->in;
    change.keeps_subtype = !json_get(rq->json, "entity_subtype");
    return request_universe(rq, &universe, err) &&
           element_update(&app->lib, rq->mem, &universe, request_param(rq, "element_id"), &change, &element,
                          err) &&
           reply_element(rq, rp, &element, err);
}

static bool drop(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    struct universe universe;
    return request_universe(rq, &universe, err) &&
           element_drop(&app->lib, rq->mem, &universe, request_param(rq, "element_id"), err);
}

/* ---- components ---- */

static bool component_reply(struct reply *rp, const struct component *component)
{
    reply_object(rp, &component_shape, component);
    return true;
}

static bool create_component(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct universe universe;
    struct element element;
    struct component component;
    return find_both(rq, &universe, &element, err) &&
           component_create(&app->lib, rq->mem, universe.owner, &element, rq->in, &component, err) &&
           component_reply(rp, &component);
}

static bool list_components(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct element element;
    struct list components;
    const char *next;
    if (!find(rq, &element, err) ||
        !component_list(&app->lib, rq->mem, &element, rq->query, &components, &next, err))
        return false;
    reply_next_page(rq, rp, next);
    reply_list(rp, &component_shape, &components);
    return true;
}

static bool get_component(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct element element;
    struct component component;
    return find(rq, &element, err) &&
           component_get(&app->lib, rq->mem, &element, request_param(rq, "component_id"), &component, err) &&
           component_reply(rp, &component);
}

static bool update_component(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct universe universe;
    struct element element;
    struct component component;
    return find_both(rq, &universe, &element, err) &&
           component_update(&app->lib, rq->mem, universe.owner, &element, request_param(rq, "component_id"),
                            rq->in, &component, err) &&
           component_reply(rp, &component);
}

static bool drop_component(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    struct element element;
    return find(rq, &element, err) &&
           component_drop(&app->lib, rq->mem, &element, request_param(rq, "component_id"), err);
}

#define ELEMENTS   "/universes/{universe_id}/elements"
#define ELEMENT    ELEMENTS "/{element_id}"
#define COMPONENTS ELEMENT "/components"
#define COMPONENT  COMPONENTS "/{component_id}"

const struct route element_routes[] = {
    { METHOD_POST, ELEMENTS, create, .also_under = "/api", .body = BODY_JSON, .in = &element_in_shape,
      .out = &element_shape, .status = 201, .tag = "elements", .doc = "Makes an element of the universe." },
    { METHOD_GET, ELEMENTS, list, .also_under = "/api", .query = &elements_query_shape,
      .out = &element_shape, .list = true, .large = true, .tag = "elements",
      .doc = "Elements with their components, oldest first." },
    { METHOD_GET, ELEMENT, get, .also_under = "/api", .out = &element_shape, .large = true,
      .tag = "elements", .doc = "One element with its components." },
    { METHOD_PUT, ELEMENT, update, .also_under = "/api", .body = BODY_JSON, .in = &element_change_shape,
      .out = &element_shape, .large = true, .tag = "elements", .doc = "Changes what is given." },
    { METHOD_DELETE, ELEMENT, drop, .also_under = "/api", .status = 204, .tag = "elements",
      .doc = "Removes it with its components; media of it stay." },
    { METHOD_POST, COMPONENTS, create_component, .also_under = "/api", .body = BODY_JSON,
      .in = &component_in_shape, .out = &component_shape, .status = 201, .tag = "components",
      .doc = "Adds a component to the element." },
    { METHOD_GET, COMPONENTS, list_components, .also_under = "/api", .query = &components_query_shape,
      .out = &component_shape, .list = true, .large = true, .tag = "components",
      .doc = "Components, oldest first." },
    { METHOD_GET, COMPONENT, get_component, .also_under = "/api", .out = &component_shape,
      .tag = "components", .doc = "One component." },
    { METHOD_PUT, COMPONENT, update_component, .also_under = "/api", .body = BODY_JSON,
      .in = &component_change_shape, .out = &component_shape, .tag = "components",
      .doc = "Changes the type, or takes new data in place of the old." },
    { METHOD_DELETE, COMPONENT, drop_component, .also_under = "/api", .status = 204, .tag = "components",
      .doc = "Removes it." },
    { 0 },
};
