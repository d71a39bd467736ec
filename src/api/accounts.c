/* Accounts: making one, logging in, one's own account. */
#include "api/account.h"

#include "library/acquaintance.h"

struct token_out {
    const char *token;
};

static const struct field token_fields[] = {
    TEXT(struct token_out, token, .doc = "An administrator's token."),
    { 0 },
};
static const struct shape token_shape = SHAPE("DevToken", struct token_out, token_fields);

static bool register_user(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct user user;
    if (text_is(app->settings->registration, "closed"))
        return fail(err, CAUSE_FORBIDDEN, "registration is closed here; ask an administrator for an account");
    const struct texts roles = text_split(rq->mem, app->settings->register_roles, ',');
    struct register_in in = *(const struct register_in *)rq->in;
    in.stranger = true;
    if (!user_register(&app->lib, rq->mem, &in, &roles, &user, err)) return false;
    rq->acted_by = rq->acted_on = user.username;
    return account_log_in(rq, rp, &user, 0, err);
}

/* For the audit log: who it was, or why he was refused, which the reply does not tell. A name that nobody has
 * may be a password in the wrong field: it is not noted. */
static void name_for_audit(struct request *rq, const char *username, bool refused)
{
    struct app *const app = rq->app;
    struct user user;
    struct error ignored;
    bool found = false;
    const bool asked = user_find(&app->lib, rq->mem, username, &user, &found, &ignored);
    rq->acted_by = asked && found ? user.username : "";
    if (asked && refused)
        rq->acted_on = !found            ? "no such account"
                       : !user.is_active ? "the account is switched off"
                                         : "wrong password";
}

/* Where the account is known the misses of others do not count. */
static bool begin_attempt(struct request *rq, const char *name, struct throttle_attempt *out,
                          struct error *err)
{
    struct app *const app = rq->app;
    bool acquainted;
    return acquaintance_find(&app->lib, name, request_network(rq), &acquainted, err) &&
           throttle_begin(&app->throttle, rq, name, acquainted, out, err);
}

static bool login(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct login_in *const in = rq->in;
    struct throttle_attempt attempt;
    struct user user;
    if (!begin_attempt(rq, in->username, &attempt, err)) return false;
    const bool good = user_login(&app->lib, rq->mem, in, &user, err);
    throttle_end(&app->throttle, &attempt, good ? CAUSE_NONE : err->cause);
    name_for_audit(rq, in->username, !good && err->cause == CAUSE_UNAUTHENTICATED);
    return good && account_log_in(rq, rp, &user, 0, err);
}

bool account_of_caller(struct request *rq, struct user *out, struct error *err)
{
    struct app *const app = rq->app;
    return user_get(&app->lib, rq->mem, rq->caller.subject, out, err);
}

static bool me(struct request *rq, struct reply *rp, struct error *err)
{
    struct user user;
    if (!account_of_caller(rq, &user, err)) return false;
    const struct user_out out = account_shown(&user);
    reply_object(rp, &user_shape, &out);
    return true;
}

/* A wrong current password counts like a failed login. */
static bool change_password(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const char *const name = rq->caller.subject;
    struct throttle_attempt attempt;
    struct user user;
    int64_t keys = 0;
    if (!begin_attempt(rq, name, &attempt, err)) return false;
    const bool good = user_change_password(&app->lib, rq->mem, name, rq->in, &user, &keys, err);
    throttle_end(&app->throttle, &attempt,
                 good                           ? CAUSE_NONE
                 : err->cause == CAUSE_FORBIDDEN ? CAUSE_UNAUTHENTICATED
                                                 : err->cause);
    if (!good && err->cause == CAUSE_FORBIDDEN) rq->acted_on = "wrong password";
    if (!good) return false;
    if (keys) rq->acted_on = arena_printf(rq->mem, "API keys revoked: %lld", (long long)keys);
    return account_log_in(rq, rp, &user, keys, err);
}

static bool dev_token(struct request *rq, struct reply *rp, struct error *err)
{
    static const char *admin[] = { "admin" };
    struct app *const app = rq->app;
    if (!app->settings->allow_dev_token)
        return fail(err, CAUSE_FORBIDDEN,
                    "the development token is switched off; set UMAM_ALLOW_DEV_TOKEN=true, or log in");
    const struct token_out out = { account_token(app, rq->mem, "dev", &(struct texts){ admin, 1 }, NULL) };
    reply_object(rp, &token_shape, &out);
    reply_header(rp, "Cache-Control", "no-store");
    return true;
}

const struct route account_routes[] = {
    { METHOD_POST, "/auth/register", register_user, .needs = NEED_NOTHING, .rate = RATE_AUTH,
      .body = BODY_JSON, .in = &register_in_shape, .out = &session_shape, .status = 201,
      .act = "account.create", .tag = "auth",
      .doc = "Makes an account with the roles of UMAM_REGISTER_ROLES and logs it in." },
    { METHOD_POST, "/auth/login", login, .needs = NEED_NOTHING, .rate = RATE_AUTH, .body = BODY_JSON,
      .in = &login_in_shape, .out = &session_shape, .act = "login", .tag = "auth",
      .doc = "Tokens for name and password." },
    { METHOD_GET, "/auth/me", me, .needs = NEED_KNOWN, .out = &user_shape, .tag = "auth",
      .doc = "Whose token this is." },
    { METHOD_POST, "/auth/password", change_password, .needs = NEED_KNOWN, .rate = RATE_AUTH,
      .body = BODY_JSON, .in = &password_in_shape, .out = &renewed_shape, .act = "password.change",
      .tag = "auth",
      .doc =
          "Changes the caller's password. Every session and every token made before ends, and every API key "
          "unless they are kept; the reply is a new session." },
    { METHOD_POST, "/auth/dev-token", dev_token, .needs = NEED_NOTHING, .rate = RATE_AUTH,
      .out = &token_shape, .act = "dev-token", .tag = "auth",
      .doc = "An administrator's token without a password, where UMAM_ALLOW_DEV_TOKEN allows it." },
    { 0 },
};
