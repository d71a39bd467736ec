/* Who calls: the token or the API key, then what the route needs. */
#include "api/exchange.h"

#include "base/time.h"
#include "library/key.h"
#include "library/token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a connection came with last, and who that was. */
struct recent {
    struct arena mem;
    struct caller caller; /* unknown when it was not good */
    uint64_t version;
    int64_t until; /* monotonic; an account or a session may end by the clock alone */
};

/* The token behind an optional "Bearer" scheme, "" when nothing follows. */
static const char *token_of(const char *header)
{
    while (*header == ' ') header++;
    if (strncasecmp(header, "Bearer", 6) != 0 || (header[6] && header[6] != ' ')) return header;
    for (header += 6; *header == ' ';) header++;
    return header;
}

static bool by_token(const struct server_config *config, struct arena *mem, const char *token,
                     struct caller *caller, struct error *err)
{
    const struct auth_rules *const auth = &config->auth;
    const int64_t now = auth->now ? auth->now() : time_now();
    struct claims claims;
    if (!token_read(token, auth->secret, now, mem, &claims, err)) return false;
    caller->subject = claims.subject;
    caller->roles = claims.roles;
    caller->session_id = claims.session_id;
    caller->issued_at = claims.issued_at;
    caller->expires_at = claims.expires_at;
    if (auth->admit && !auth->admit(config->app, mem, caller, err)) return false;
    caller->may = roles_permit(&caller->roles);
    return true;
}

static bool by_key(const struct server_config *config, struct arena *mem, const char *key,
                   struct caller *caller, struct error *err)
{
    const struct auth_rules *const auth = &config->auth;
    if (!auth->unlock) return fail(err, CAUSE_UNAUTHENTICATED, "Invalid API key");
    if (!auth->unlock(config->app, mem, key, caller, err)) return false;
    caller->may = roles_permit(&caller->roles) & caller->scopes;
    return true;
}

bool identity_renew(const struct server_config *config, struct arena *mem, const char *credential,
                    struct caller *out, struct error *err)
{
    static const char *dev_roles[] = { "admin" };
    struct caller caller = { .known = true, .credential = credential };
    if (config->auth.disabled) {
        *out = (struct caller){ .known = true, .subject = "dev", .roles = { dev_roles, 1 }, .may = MAY_ALL };
        return true;
    }
    const bool good = (key_is(credential) ? by_key : by_token)(config, mem, credential, &caller, err);
    *out = good ? caller : (struct caller){ .subject = caller.subject, .ended = caller.ended };
    return good;
}

/* ---- the same again ---- */

void recent_free(struct recent *recent)
{
    if (!recent) return;
    arena_clear(&recent->mem);
    free(recent);
}

static bool still_good(const struct recent *recent, const struct auth_rules *auth, uint64_t version,
                       const char *credential)
{
    const struct caller *const caller = &recent->caller;
    const int64_t now = auth->now ? auth->now() : time_now();
    return caller->known && recent->version == version && time_mono() < recent->until &&
           (!caller->expires_at || now < caller->expires_at) && text_is(caller->credential, credential);
}

/* Before the store is read, so that a change during it is not taken for an old one. */
static bool ask_again(const struct request *rq, struct recent *recent, uint64_t version,
                      const char *credential, struct error *err)
{
    arena_clear(&recent->mem);
    *recent = (struct recent){ .version = version, .until = time_mono() + SECOND };
    return identity_renew(rq->config, &recent->mem, arena_text(&recent->mem, credential), &recent->caller,
                          err);
}

static bool recognise(struct request *rq, const char *credential, struct error *err)
{
    const struct auth_rules *const auth = &rq->config->auth;
    if (rq->recent && !*rq->recent) *rq->recent = calloc(1, sizeof **rq->recent);
    if (!rq->recent || !*rq->recent || !auth->version)
        return identity_renew(rq->config, rq->mem, credential, &rq->caller, err);
    struct recent *const recent = *rq->recent;
    const uint64_t version = auth->version(rq->app);
    const bool good = still_good(recent, auth, version, credential) ||
                      ask_again(rq, recent, version, credential, err);
    rq->caller = recent->caller;
    return good;
}

static bool identify(struct request *rq, struct error *err)
{
    const char *const header = request_header(rq, "Authorization"), *key = request_header(rq, "X-API-Key");
    if (rq->config->auth.disabled) return identity_renew(rq->config, rq->mem, NULL, &rq->caller, err);
    if (header && key)
        return fail(err, CAUSE_UNAUTHENTICATED, "send either Authorization or X-API-Key, not both");
    if (!header && !key) return fail(err, CAUSE_UNAUTHENTICATED, "Missing Authorization header");
    if (key && !key_is(key)) return fail(err, CAUSE_UNAUTHENTICATED, "Invalid API key");
    return recognise(rq, header ? token_of(header) : key, err);
}

static bool key_allowed(const struct request *rq, struct error *err)
{
    if (!rq->caller.key_id || route_takes_key(rq->route)) return true;
    return fail(err, CAUSE_FORBIDDEN, "Forbidden: an API key cannot do this; log in and use the token");
}

/* Where none is needed, a credential that is not good counts as none. */
static bool identify_perhaps(struct request *rq)
{
    struct error ignored;
    if (rq->route->optional_login && !identify(rq, &ignored)) rq->caller = (struct caller){ 0 };
    return true;
}

bool identity_check(struct request *rq, struct error *err)
{
    if (rq->route->needs == NEED_NOTHING && !rq->config->auth.disabled) return identify_perhaps(rq);
    if (!identify(rq, err)) return false;
    const unsigned missing = route_permission(rq->route) & ~rq->caller.may;
    if (!missing) return key_allowed(rq, err);
    return fail(err, CAUSE_FORBIDDEN,
                "Forbidden: this needs the permission '%s'; what you come with permits: %s",
                permission_name(missing), permissions_text(rq->mem, rq->caller.may));
}
