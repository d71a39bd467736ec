/* Accounts and tokens. */
#include "api/app.h"

#include "base/text.h"
#include "base/time.h"
#include "library/token.h"

struct user_out {
    const char *id, *username, *email, *display_name;
    struct texts roles;
    bool is_test_user;
};

static const struct field user_fields[] = {
    TEXT(struct user_out, id, .format = "uuid", .doc = "UUID."),
    TEXT(struct user_out, username, .doc = "Name for logging in."),
    TEXT(struct user_out, email, .nullable = true, .doc = "Address."),
    TEXT(struct user_out, display_name, .nullable = true, .doc = "Name to show."),
    TEXTS(struct user_out, roles, .doc = "Roles."),
    BOOL(struct user_out, is_test_user, .doc = "Made for tests."),
    { 0 },
};
static const struct shape user_shape = SHAPE("User", struct user_out, user_fields);

struct session_out {
    const char *access_token, *token_type;
    const struct user_out *user;
};

static const struct field session_fields[] = {
    TEXT(struct session_out, access_token, .doc = "Send it as Authorization: Bearer <token>."),
    TEXT(struct session_out, token_type, .doc = "bearer"),
    OBJECT(struct session_out, user, struct user_out, &user_shape, .doc = "Whose it is."),
    { 0 },
};
static const struct shape session_shape = SHAPE("Session", struct session_out, session_fields);

struct token_out {
    const char *token;
};

static const struct field token_fields[] = {
    TEXT(struct token_out, token, .doc = "An administrator's token."),
    { 0 },
};
static const struct shape token_shape = SHAPE("DevToken", struct token_out, token_fields);

const char *account_token(const struct app *app, struct arena *mem, const char *subject,
                          const struct texts *roles)
{
    const int64_t now = time_now();
    const struct claims claims = { .subject = subject,
                                   .roles = *roles,
                                   .issued_at = now,
                                   .expires_at = now + app->settings->token_hours * 3600 * SECOND };
    return token_new(mem, app->secret, &claims);
}

/* A role taken from an account ends at once, not with its token. */
static struct texts in_both(struct arena *mem, const struct texts *claimed, const struct texts *held)
{
    struct texts both = { .items = arena_array(mem, claimed->count, sizeof(char *)) };
    for (size_t i = 0; i < claimed->count; i++)
        for (size_t k = 0; k < held->count; k++)
            if (text_is(claimed->items[i], held->items[k])) {
                both.items[both.count++] = claimed->items[i];
                break;
            }
    return both;
}

bool account_admit(void *with, struct arena *mem, struct caller *caller, struct error *err)
{
    struct app *const app = with;
    struct user user;
    bool found = false;
    if (!user_find(&app->lib, mem, caller->subject, &user, &found, err)) return false;
    if (!found) return true; /* somebody an outside issuer of tokens knows */
    if (!user.is_active) return fail(err, CAUSE_UNAUTHENTICATED, "Invalid token");
    caller->roles = in_both(mem, &caller->roles, &user.roles);
    return true;
}

static struct user_out shown(const struct user *user)
{
    return (struct user_out){ user->id,           user->username, user->email,
                              user->display_name, user->roles,    user->is_test_user };
}

static bool reply_session(struct request *rq, struct reply *rp, const struct user *user)
{
    const struct user_out out = shown(user);
    const struct session_out session = { account_token(rq->app, rq->mem, user->username, &user->roles),
                                         "bearer", &out };
    reply_object(rp, &session_shape, &session);
    reply_header(rp, "Cache-Control", "no-store");
    return true;
}

static bool register_user(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct user user;
    if (text_is(app->settings->registration, "closed"))
        return fail(err, CAUSE_FORBIDDEN, "registration is closed here; ask an administrator for an account");
    const struct texts roles = text_split(rq->mem, app->settings->register_roles, ',');
    return user_register(&app->lib, rq->mem, rq->in, &roles, &user, err) && reply_session(rq, rp, &user);
}

static bool login(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct login_in *const in = rq->in;
    struct user user;
    if (!throttle_begin(&app->throttle, rq, in->username, err)) return false;
    const bool good = user_login(&app->lib, rq->mem, in, &user, err);
    throttle_end(&app->throttle, rq, in->username, good ? CAUSE_NONE : err->cause);
    return good && reply_session(rq, rp, &user);
}

static bool me(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct user user;
    if (!user_get(&app->lib, rq->mem, rq->caller.subject, &user, err)) return false;
    const struct user_out out = shown(&user);
    reply_object(rp, &user_shape, &out);
    return true;
}

static bool dev_token(struct request *rq, struct reply *rp, struct error *err)
{
    static const char *admin[] = { "admin" };
    struct app *const app = rq->app;
    if (!app->settings->allow_dev_token)
        return fail(err, CAUSE_FORBIDDEN,
                    "the development token is switched off; set UMAM_ALLOW_DEV_TOKEN=true, or log in");
    const struct token_out out = { account_token(app, rq->mem, "dev", &(struct texts){ admin, 1 }) };
    reply_object(rp, &token_shape, &out);
    reply_header(rp, "Cache-Control", "no-store");
    return true;
}

const struct route account_routes[] = {
    { METHOD_POST, "/auth/register", register_user, .needs = NEED_NOTHING, .rate = RATE_AUTH,
      .body = BODY_JSON, .in = &register_in_shape, .out = &session_shape, .status = 201, .tag = "auth",
      .doc = "Makes an account with the roles of UMAM_REGISTER_ROLES and logs it in." },
    { METHOD_POST, "/auth/login", login, .needs = NEED_NOTHING, .rate = RATE_AUTH, .body = BODY_JSON,
      .in = &login_in_shape, .out = &session_shape, .tag = "auth", .doc = "A token for name and password." },
    { METHOD_GET, "/auth/me", me, .needs = NEED_KNOWN, .out = &user_shape, .tag = "auth",
      .doc = "Whose token this is." },
    { METHOD_POST, "/auth/dev-token", dev_token, .needs = NEED_NOTHING, .rate = RATE_AUTH,
      .out = &token_shape, .tag = "auth",
      .doc = "An administrator's token without a password, where UMAM_ALLOW_DEV_TOKEN allows it." },
    { 0 },
};
