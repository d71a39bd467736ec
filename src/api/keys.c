/* API keys: each account its own; an administrator sees and revokes all. */
#include "api/account.h"
#include "api/paging.h"

#include "library/key.h"

struct key_out {
    const char *key;
    const struct key *details;
};

static const struct field key_out_fields[] = {
    TEXT(struct key_out, key, .doc = "The key itself. It is shown this once; only a hash of it is kept."),
    OBJECT(struct key_out, details, struct key, &key_row_shape, .doc = "What is kept."),
    { 0 },
};
static const struct shape key_out_shape = SHAPE("ApiKeyCreated", struct key_out, key_out_fields);

static bool create(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct user user;
    struct key made;
    struct key_out out = { .details = &made };
    if (!rq->caller.session_id) /* a key would outlast a token that was lent or narrowed */
        return fail(err, CAUSE_FORBIDDEN,
                    "Forbidden: only a login can make a key; POST /auth/login and use the token from there");
    struct key_in in = *(const struct key_in *)rq->in;
    in.session_id = rq->caller.session_id;
    if (!account_of_caller(rq, &user, err) ||
        !key_create(&app->lib, rq->mem, &user, rq->caller.may, &in, &made, &out.key, err))
        return false;
    rq->acted_on = made.id;
    reply_object(rp, &key_out_shape, &out);
    reply_header(rp, "Cache-Control", "no-store");
    return true;
}

/* Whose keys the caller may touch: his own, an administrator everybody's (NULL). */
static bool reach(struct request *rq, const char **user_id_out, struct error *err)
{
    struct user user;
    *user_id_out = NULL;
    if (rq->caller.may & MAY_ADMIN) return true;
    if (!account_of_caller(rq, &user, err)) return false;
    *user_id_out = user.id;
    return true;
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const char *user_id, *next;
    struct list keys;
    if (!reach(rq, &user_id, err) || !key_list(&app->lib, rq->mem, user_id, rq->query, &keys, &next, err))
        return false;
    reply_next_page(rq, rp, next);
    reply_list(rp, &key_row_shape, &keys);
    return true;
}

static bool drop(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    const char *user_id;
    return reach(rq, &user_id, err) &&
           key_drop(&app->lib, rq->mem, request_param(rq, "key_id"), user_id, err);
}

const struct route key_routes[] = {
    { METHOD_POST, "/auth/keys", create, .needs = NEED_KNOWN, .body = BODY_JSON, .in = &key_in_shape,
      .out = &key_out_shape, .status = 201, .act = "key.create", .tag = "auth",
      .doc = "Makes an API key for whoever is logged in, with scopes he has. Send it as X-API-Key or as "
             "Authorization: Bearer." },
    { METHOD_GET, "/auth/keys", list, .needs = NEED_KNOWN, .query = &keys_query_shape, .out = &key_row_shape,
      .list = true, .tag = "auth", .doc = "The caller's keys, oldest first; an administrator sees all." },
    { METHOD_DELETE, "/auth/keys/{key_id}", drop, .needs = NEED_KNOWN, .status = 204, .act = "key.revoke",
      .tag = "auth",
      .doc = "Revokes a key: it is refused from now on." },
    { 0 },
};
