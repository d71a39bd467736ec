/* Universes, under /universes and /api/universes alike. */
#include "api/app.h"

#include "library/universe.h"

struct universe_out {
    const char *id, *name, *description, *owner;
    struct list elements;
    int64_t created_at, updated_at;
};

struct element_out {
    const char *id, *universe_id, *name, *element_type;
};

static const struct field element_fields[] = {
    TEXT(struct element_out, id, .format = "uuid", .doc = "UUID."),
    TEXT(struct element_out, universe_id, .format = "uuid", .doc = "Universe it belongs to."),
    TEXT(struct element_out, name, .doc = "Name."),
    TEXT(struct element_out, element_type, .doc = "Free word for what it is."),
    { 0 },
};
static const struct shape element_shape = SHAPE("Element", struct element_out, element_fields);

static const struct field universe_fields[] = {
    TEXT(struct universe_out, id, .format = "uuid", .doc = "UUID."),
    TEXT(struct universe_out, name, .doc = "Name."),
    TEXT(struct universe_out, description, .doc = "What it is about."),
    TEXT(struct universe_out, owner, .doc = "Subject of the maker's token."),
    LIST(struct universe_out, elements, &element_shape, .doc = "Its elements."),
    TIME(struct universe_out, created_at, .doc = "When it was made."),
    TIME(struct universe_out, updated_at, .doc = "When it last changed."),
    { 0 },
};
static const struct shape universe_shape = SHAPE("Universe", struct universe_out, universe_fields);

struct universes_query {
    int64_t limit, offset;
    const char *search;
};

static const struct field universes_query_fields[] = {
    INT(struct universes_query, limit, .max = 1000000, .initial = 100, .doc = "Page length; 1000 at most."),
    INT(struct universes_query, offset, .max = INT32_MAX, .doc = "Rows to skip."),
    TEXT(struct universes_query, search, .nullable = true, .max = 200,
         .doc = "Part of name or description, any case."),
    { 0 },
};
static const struct shape universes_query_shape =
    SHAPE("UniversesQuery", struct universes_query, universes_query_fields);

static bool shown(struct app *app, struct arena *mem, const struct universe *u, struct universe_out *out,
                  struct error *err)
{
    *out = (struct universe_out){ .id = u->id,
                                  .name = u->name,
                                  .description = u->description ? u->description : "",
                                  .owner = u->owner_id ? u->owner_id : "",
                                  .created_at = u->created_at,
                                  .updated_at = u->updated_at };
    return db_list(app->lib.db, SQL_ELEMENT_LIST, ARGS(db_text("universe_id", u->id)), mem, &element_shape,
                   &out->elements, err);
}

static bool reply_universe(struct request *rq, struct reply *rp, const struct universe *universe,
                           struct error *err)
{
    struct universe_out out;
    if (!shown(rq->app, rq->mem, universe, &out, err)) return false;
    reply_object(rp, &universe_shape, &out);
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
    const struct universes_query *const query = rq->query;
    const struct actor actor = request_actor(rq);
    const struct page page = { query->limit > 1000 ? 1000 : query->limit, query->offset };
    struct list rows;
    if (!universe_list(&app->lib, rq->mem, &actor, query->search, page, &rows, err)) return false;
    struct universe_out *const items = arena_array(rq->mem, rows.count, sizeof *items);
    for (size_t i = 0; i < rows.count; i++)
        if (!shown(app, rq->mem, (const struct universe *)rows.items + i, &items[i], err)) return false;
    reply_list(rp, &universe_shape, &(struct list){ items, rows.count });
    return true;
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct universe universe;
    return universe_get(&app->lib, rq->mem, &actor, request_param(rq, "universe_id"), &universe, err) &&
           reply_universe(rq, rp, &universe, err);
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

#define UNIVERSE_ROUTES(prefix, is_hidden)                                                                   \
    { METHOD_POST,          prefix "/universes",      create,                                                \
      .body = BODY_JSON,    .in = &universe_in_shape, .out = &universe_shape,                                \
      .status = 201,        .tag = "universes",       .doc = "Makes a universe of the caller's.",            \
      .hidden = (is_hidden) },                                                                               \
        { METHOD_GET,                                                                                        \
          prefix "/universes",                                                                               \
          list,                                                                                              \
          .query = &universes_query_shape,                                                                   \
          .out = &universe_shape,                                                                            \
          .list = true,                                                                                      \
          .tag = "universes",                                                                                \
          .doc = "The caller's universes, oldest first; with the permission `others`, all.",                  \
          .hidden = (is_hidden) },                                                                           \
        { METHOD_GET,                                                                                        \
          prefix "/universes/{universe_id}",                                                                 \
          get,                                                                                               \
          .out = &universe_shape,                                                                            \
          .tag = "universes",                                                                                \
          .doc = "One universe.",                                                                            \
          .hidden = (is_hidden) },                                                                           \
        { METHOD_PUT,         prefix "/universes/{universe_id}",     update,                                 \
          .body = BODY_JSON,  .in = &universe_change_shape,          .out = &universe_shape,                 \
          .tag = "universes", .doc = "Changes name or description.", .hidden = (is_hidden) },                \
    {                                                                                                        \
        METHOD_DELETE, prefix "/universes/{universe_id}", drop,                                              \
            .status = 204, .tag = "universes",                                                               \
            .doc = "Removes it with its elements; its media stay with their makers.", .hidden = (is_hidden)  \
    }

const struct route universe_routes[] = {
    UNIVERSE_ROUTES("", false),
    UNIVERSE_ROUTES("/api", true),
    { 0 },
};
