/* Tokens and the sessions they belong to: handing out, admitting, refreshing, ending. */
#include "api/account.h"

#include "base/time.h"
#include "library/key.h"

static const int64_t hour_us = 3600 * (int64_t)SECOND;

static const struct field user_fields[] = {
    TEXT(struct user_out, id, .format = "uuid", .doc = "UUID."),
    TEXT(struct user_out, username, .doc = "Name for logging in."),
    TEXT(struct user_out, email, .nullable = true, .doc = "Address."),
    TEXT(struct user_out, display_name, .nullable = true, .doc = "Name to show."),
    TEXTS(struct user_out, roles, .doc = "Roles."),
    BOOL(struct user_out, is_test_user, .doc = "Made for tests."),
    { 0 },
};
const struct shape user_shape = SHAPE("User", struct user_out, user_fields);

#define SESSION_FIELDS                                                                                       \
    TEXT(struct session_out, access_token, .doc = "Send it as Authorization: Bearer <token>."),              \
        TEXT(struct session_out, token_type, .doc = "bearer"),                                               \
        TEXT(struct session_out, refresh_token,                                                              \
             .doc = "Good once, for POST /auth/refresh. Using it twice ends the session."),                  \
        INT(struct session_out, expires_in, .doc = "Seconds until the access token ends."),                  \
        OBJECT(struct session_out, user, struct user_out, &user_shape, .doc = "Whose it is.")

static const struct field session_fields[] = { SESSION_FIELDS, { 0 } };
const struct shape session_shape = SHAPE("Session", struct session_out, session_fields);

static const struct field renewed_fields[] = {
    SESSION_FIELDS,
    INT(struct session_out, revoked_api_keys, .doc = "How many API keys ended with the old password."),
    { 0 },
};
const struct shape renewed_shape = SHAPE("SessionRenewed", struct session_out, renewed_fields);

struct refresh_in {
    const char *refresh_token;
};

static const struct field refresh_fields[] = {
    TEXT(struct refresh_in, refresh_token, .required = true, .secret = true, .max = 256,
         .doc = "From the last login or refresh."),
    { 0 },
};
static const struct shape refresh_shape = SHAPE("RefreshRequest", struct refresh_in, refresh_fields);

/* ---- handing out ---- */

const char *account_token(const struct app *app, struct arena *mem, const char *subject,
                          const struct texts *roles, const char *session_id)
{
    const int64_t now = time_now();
    const struct claims claims = { .subject = subject,
                                   .roles = *roles,
                                   .session_id = session_id,
                                   .issued_at = now,
                                   .expires_at = now + app->settings->token_hours * hour_us };
    return token_new(mem, app->secret, &claims);
}

/* A session outlives its access tokens. */
static struct session_rules rules_of(const struct app *app)
{
    const int64_t hours = app->settings->session_days * 24, least = app->settings->token_hours;
    return (struct session_rules){ app->secret, (hours > least ? hours : least) * hour_us };
}

struct user_out account_shown(const struct user *user)
{
    return (struct user_out){ user->id,           user->username, user->email,
                              user->display_name, user->roles,    user->is_test_user };
}

static void reply_session(struct request *rq, struct reply *rp, const struct user *user,
                          const struct session *session, int64_t revoked_api_keys)
{
    const struct app *const app = rq->app;
    const struct user_out shown = account_shown(user);
    const struct session_out out = {
        .access_token = account_token(app, rq->mem, user->username, &user->roles, session->id),
        .token_type = "bearer",
        .refresh_token = session->refresh_token,
        .expires_in = app->settings->token_hours * 3600,
        .user = &shown,
        .revoked_api_keys = revoked_api_keys,
    };
    reply_object(rp, rq->route->out, &out);
    reply_header(rp, "Cache-Control", "no-store");
}

bool account_log_in(struct request *rq, struct reply *rp, const struct user *user, int64_t revoked_api_keys,
                    struct error *err)
{
    struct app *const app = rq->app;
    const struct session_rules rules = rules_of(app);
    const struct session_origin from = { rq->remote, request_network(rq) };
    struct session session;
    if (!session_open(&app->lib, rq->mem, user, &from, &rules, &session, err)) return false;
    reply_session(rq, rp, user, &session, revoked_api_keys);
    return true;
}

/* ---- admitting ---- */

uint64_t account_version(void *app) { return db_version(((struct app *)app)->lib.db); }

bool account_admit(void *with, struct arena *mem, struct caller *caller, struct error *err)
{
    struct app *const app = with;
    struct admission admission;
    const struct claims claims = { .subject = caller->subject,
                                   .roles = caller->roles,
                                   .session_id = caller->session_id,
                                   .issued_at = caller->issued_at };
    const bool good = session_admit(&app->lib, mem, &claims, &admission, err);
    caller->ended = admission.ended;
    if (!good) return false;
    caller->roles = admission.roles;
    return true;
}

bool account_unlock(void *with, struct arena *mem, const char *key, struct caller *caller, struct error *err)
{
    struct app *const app = with;
    struct key_admission admission;
    if (!key_admit(&app->lib, mem, key, &admission, err)) return false;
    caller->subject = admission.username;
    caller->roles = admission.roles;
    caller->scopes = admission.scopes;
    caller->key_id = admission.id;
    caller->expires_at = admission.expires_at;
    return true;
}

/* ---- refreshing, ending ---- */

/* Two hold this refresh token: that has to be known, whether or not anybody may still use it. */
static bool replayed(struct request *rq, struct error *err)
{
    struct app *const app = rq->app;
    const struct audit_note note = { rq->acted_by, rq->remote, "refresh.replay", "session ended", true };
    struct error why;
    if (!audit_put(&app->lib, &note, &why)) *err = why;
    return false;
}

static bool refresh(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct refresh_in *const in = rq->in;
    const struct session_rules rules = rules_of(app);
    struct session session;
    struct user user;
    if (!session_refresh(&app->lib, rq->mem, in->refresh_token, &rules, &session, &user, &rq->acted_by, err))
        return rq->acted_by ? replayed(rq, err) : false;
    reply_session(rq, rp, &user, &session, 0);
    return true;
}

static bool log_out(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    if (!rq->caller.session_id)
        return fail(err, CAUSE_CONFLICT,
                    "this token did not come from a login, so there is no session to end; POST "
                    "/auth/logout-all ends every token of an account");
    return session_close(&app->lib, rq->caller.session_id, err);
}

static bool log_out_all(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    return user_end_sessions(&app->lib, rq->mem, rq->caller.subject, err);
}

const struct route session_routes[] = {
    { METHOD_POST, "/auth/refresh", refresh, .needs = NEED_NOTHING, .rate = RATE_AUTH, .body = BODY_JSON,
      .in = &refresh_shape, .out = &session_shape, .tag = "auth",
      .doc = "New tokens for a refresh token, which ends with this." },
    { METHOD_POST, "/auth/logout", log_out, .needs = NEED_KNOWN, .status = 204, .act = "logout",
      .tag = "auth", .doc = "Ends this session: its tokens are refused from now on." },
    { METHOD_POST, "/auth/logout-all", log_out_all, .needs = NEED_KNOWN, .status = 204, .act = "logout.all",
      .tag = "auth",
      .doc = "Ends every session of the caller and every token made before now; API keys stay." },
    { 0 },
};
