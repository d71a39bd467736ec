/* Collections and saved searches: assets put together by hand, and by what is looked for. */
#include "api/app.h"
#include "api/paging.h"

#include "library/saved_search.h"

static struct library *library_of(const struct request *rq)
{
    struct app *const app = rq->app;
    return &app->lib;
}

/* ---- collections ---- */

static bool reply_collection(struct reply *rp, const struct collection *collection)
{
    reply_object(rp, &collection_shape, collection);
    return true;
}

static bool create(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct collection made;
    return collection_create(library_of(rq), rq->mem, &actor, rq->in, &made, err) &&
           reply_collection(rp, &made);
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct list rows;
    const char *next;
    if (!collection_list(library_of(rq), rq->mem, &actor, rq->query, &rows, &next, err)) return false;
    reply_next_page(rq, rp, next);
    reply_list(rp, &collection_shape, &rows);
    return true;
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct collection row;
    return collection_get(library_of(rq), rq->mem, &actor, request_param(rq, "collection_id"), &row, err) &&
           reply_collection(rp, &row);
}

static bool update(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct collection row;
    return collection_update(library_of(rq), rq->mem, &actor, request_param(rq, "collection_id"), rq->in,
                             &row, err) &&
           reply_collection(rp, &row);
}

static bool drop(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    const struct actor actor = request_actor(rq);
    return collection_drop(library_of(rq), rq->mem, &actor, request_param(rq, "collection_id"), err);
}

struct members_in {
    struct texts ids;
};

static const struct field members_fields[] = {
    TEXTS(struct members_in, ids, .required = true, .max = COLLECTION_IDS_MAX,
          .doc = "Assets, in their order."),
    { 0 },
};
static const struct shape members_shape = SHAPE("CollectionAssets", struct members_in, members_fields);

struct members_query {
    int64_t limit, offset;
};

static const struct field members_query_fields[] = {
    INT(struct members_query, limit, .max = 1000000, .initial = 100, .doc = "Page length; 1000 at most."),
    INT(struct members_query, offset, .max = INT32_MAX, .doc = "Rows to skip."),
    { 0 },
};
static const struct shape members_query_shape =
    SHAPE("CollectionAssetsQuery", struct members_query, members_query_fields);

static bool members(struct request *rq, struct reply *rp, struct error *err)
{
    const struct members_query *const query = rq->query;
    const struct actor actor = request_actor(rq);
    struct list rows;
    if (!collection_assets(library_of(rq), rq->mem, &actor, request_param(rq, "collection_id"), query->limit,
                           query->offset, &rows, err))
        return false;
    reply_list(rp, &found_asset_shape, &rows);
    return true;
}

/* PUT replaces, POST adds. */
static bool put_members(struct request *rq, struct reply *rp, struct error *err)
{
    const struct members_in *const in = rq->in;
    const struct actor actor = request_actor(rq);
    struct collection row;
    return collection_put(library_of(rq), rq->mem, &actor, request_param(rq, "collection_id"), &in->ids,
                          rq->method == METHOD_PUT, &row, err) &&
           reply_collection(rp, &row);
}

static bool drop_member(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    const struct actor actor = request_actor(rq);
    return collection_remove(library_of(rq), rq->mem, &actor, request_param(rq, "collection_id"),
                             request_param(rq, "asset_id"), err);
}

/* ---- saved searches ---- */

static bool reply_search(struct reply *rp, const struct saved_search *search)
{
    reply_object(rp, &saved_search_shape, search);
    return true;
}

static bool create_search(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct saved_search made;
    return saved_search_create(library_of(rq), rq->mem, &actor, rq->in, &made, err) &&
           reply_search(rp, &made);
}

static bool list_searches(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct list rows;
    const char *next;
    if (!saved_search_list(library_of(rq), rq->mem, &actor, rq->query, &rows, &next, err)) return false;
    reply_next_page(rq, rp, next);
    reply_list(rp, &saved_search_shape, &rows);
    return true;
}

static bool get_search(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct saved_search row;
    return saved_search_get(library_of(rq), rq->mem, &actor, request_param(rq, "search_id"), &row, err) &&
           reply_search(rp, &row);
}

static bool update_search(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct saved_search row;
    return saved_search_update(library_of(rq), rq->mem, &actor, request_param(rq, "search_id"), rq->in, &row,
                               err) &&
           reply_search(rp, &row);
}

static bool drop_search(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    const struct actor actor = request_actor(rq);
    return saved_search_drop(library_of(rq), rq->mem, &actor, request_param(rq, "search_id"), err);
}

static const struct field run_fields[] = {
    INT(struct assets_query, limit, .max = 1000000, .initial = 100, .doc = "Page length; 1000 at most."),
    INT(struct assets_query, offset, .max = INT32_MAX, .doc = "Rows to skip."),
    TEXT(struct assets_query, cursor, .nullable = true, .max = SEARCH_CURSOR_MAX,
         .doc = "Where the page begins: what the page before said in next_cursor."),
    { 0 },
};
static const struct shape run_shape = SHAPE("SavedSearchRun", struct assets_query, run_fields);

static bool run_search(struct request *rq, struct reply *rp, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct assets_page page;
    if (!saved_search_run(library_of(rq), rq->mem, &actor, request_param(rq, "search_id"), rq->query, &page,
                          err))
        return false;
    reply_next_page(rq, rp, page.next_cursor);
    reply_object(rp, &assets_page_shape, &page);
    return true;
}

#define COLLECTIONS "/api/media/collections"
#define COLLECTION  COLLECTIONS "/{collection_id}"
#define SEARCHES    "/api/media/searches"
#define SEARCH      SEARCHES "/{search_id}"

const struct route collection_routes[] = {
    { METHOD_POST, COLLECTIONS, create, .body = BODY_JSON, .in = &collection_in_shape,
      .out = &collection_shape, .status = 201, .tag = "library",
      .doc = "Makes a collection of the caller's." },
    { METHOD_GET, COLLECTIONS, list, .query = &collections_query_shape, .out = &collection_shape,
      .list = true, .tag = "library",
      .doc = "The caller's collections, oldest first; with the permission `others`, all." },
    { METHOD_GET, COLLECTION, get, .out = &collection_shape, .tag = "library", .doc = "One collection." },
    { METHOD_PATCH, COLLECTION, update, .body = BODY_JSON, .in = &collection_change_shape,
      .out = &collection_shape, .tag = "library", .doc = "Changes name or description." },
    { METHOD_DELETE, COLLECTION, drop, .status = 204, .tag = "library",
      .doc = "Removes it; its assets stay." },
    { METHOD_GET, COLLECTION "/assets", members, .query = &members_query_shape, .out = &found_asset_shape,
      .list = true, .large = true, .tag = "library",
      .doc = "Its assets in their order, without those in quarantine." },
    { METHOD_PUT, COLLECTION "/assets", put_members, .body = BODY_JSON, .in = &members_shape,
      .out = &collection_shape, .tag = "library",
      .doc = "Puts these assets, in this order, in the place of all that are in it." },
    { METHOD_POST, COLLECTION "/assets", put_members, .body = BODY_JSON, .in = &members_shape,
      .out = &collection_shape, .tag = "library",
      .doc = "Adds assets at its end; one that is in it stays where it is." },
    { METHOD_DELETE, COLLECTION "/assets/{asset_id}", drop_member, .status = 204, .tag = "library",
      .doc = "Takes an asset out of it." },
    { METHOD_POST, SEARCHES, create_search, .body = BODY_JSON, .in = &saved_search_in_shape,
      .out = &saved_search_shape, .status = 201, .tag = "library", .doc = "Saves a search of the caller's." },
    { METHOD_GET, SEARCHES, list_searches, .query = &collections_query_shape, .out = &saved_search_shape,
      .list = true, .large = true, .tag = "library",
      .doc = "The caller's saved searches, oldest first; with the permission `others`, all." },
    { METHOD_GET, SEARCH, get_search, .out = &saved_search_shape, .tag = "library",
      .doc = "One saved search." },
    { METHOD_PATCH, SEARCH, update_search, .body = BODY_JSON, .in = &saved_search_change_shape,
      .out = &saved_search_shape, .tag = "library", .doc = "Changes its name or what it looks for." },
    { METHOD_DELETE, SEARCH, drop_search, .status = 204, .tag = "library", .doc = "Forgets it." },
    { METHOD_GET, SEARCH "/assets", run_search, .query = &run_shape, .out = &assets_page_shape, .large = true,
      .tag = "library", .doc = "What it finds now." },
    { 0 },
};
