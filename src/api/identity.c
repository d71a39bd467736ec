/* Who calls: the Authorization header against the secret, then against what the route needs. */
#include "api/exchange.h"

#include "base/time.h"
#include "library/token.h"

#include <string.h>
#include <strings.h>

/* The token behind an optional "Bearer" scheme, "" when nothing follows. */
static const char *token_of(const char *header)
{
    while (*header == ' ') header++;
    if (strncasecmp(header, "Bearer", 6) != 0 || (header[6] && header[6] != ' ')) return header;
    for (header += 6; *header == ' ';) header++;
    return header;
}

static bool identify(struct request *rq, struct error *err)
{
    static const char *dev_roles[] = { "admin" };
    const struct auth_rules *const auth = &rq->config->auth;
    if (auth->disabled) {
        rq->caller =
            (struct caller){ .known = true, .subject = "dev", .roles = { dev_roles, 1 }, .may = MAY_ALL };
        return true;
    }
    const char *const header = request_header(rq, "Authorization");
    if (!header) return fail(err, CAUSE_UNAUTHENTICATED, "Missing Authorization header");
    struct claims claims;
    const int64_t now = auth->now ? auth->now() : time_now();
    if (!token_read(token_of(header), auth->secret, now, rq->mem, &claims, err)) return false;
    struct caller caller = { .known = true, .subject = claims.subject, .roles = claims.roles };
    if (auth->admit && !auth->admit(rq->app, rq->mem, &caller, err)) return false;
    caller.may = roles_permit(&caller.roles);
    rq->caller = caller;
    return true;
}

bool identity_check(struct request *rq, struct error *err)
{
    if (rq->route->needs == NEED_NOTHING && !rq->config->auth.disabled) return true;
    if (!identify(rq, err)) return false;
    const unsigned missing = route_permission(rq->route) & ~rq->caller.may;
    return !missing || fail(err, CAUSE_FORBIDDEN,
                            "Forbidden: this needs the permission '%s'; what you come with permits: %s",
                            permission_name(missing), permissions_text(rq->mem, rq->caller.may));
}
