/* Where a request comes from, and whether its caller may ask again already.
 *
 * A known caller is counted by name, anybody else by network. Administrators own the machine and are not
 * limited, except where passwords are tried. */
#include "api/exchange.h"

#include "api/address.h"
#include "base/time.h"

#include <strings.h>

static const char *const class_names[] = { "default", "auth", "agents", "generation" };
static_assert(COUNT_OF(class_names) == RATE_NONE, "one name per limited class");

/* The address in its one spelling; NULL when it is none. */
static const char *spelling(struct arena *mem, const char *text)
{
    struct in6_addr address;
    return address_read(text, &address) ? address_text(mem, &address) : NULL;
}

static bool trusted(const struct request *rq, const char *address)
{
    const struct texts *const proxies = &rq->config->trusted_proxies;
    for (size_t i = 0; i < proxies->count; i++) {
        const char *const proxy = spelling(rq->mem, proxies->items[i]);
        if (proxy && text_is(proxy, address)) return true;
    }
    return false;
}

/* Every proxy appends whom it heard it from, so the list is read from its end, as long as it is trusted. */
const char *admission_remote(const struct request *rq)
{
    const char *remote = spelling(rq->mem, rq->remote);
    if (!remote || !trusted(rq, remote)) return remote ? remote : rq->remote;
    const char *said = "";
    for (size_t i = 0; i < rq->header_pairs.count; i++)
        if (strcasecmp(rq->header_pairs.items[i].name, "X-Forwarded-For") == 0)
            said = arena_printf(rq->mem, "%s,%s", said, rq->header_pairs.items[i].value);
    const struct texts hops = text_split(rq->mem, said, ',');
    for (size_t i = hops.count; i-- > 0;) {
        const char *const hop = spelling(rq->mem, hops.items[i]);
        if (!hop) break;
        remote = hop;
        if (!trusted(rq, hop)) break;
    }
    return remote;
}

const char *request_network(const struct request *rq)
{
    struct in6_addr address;
    if (!address_read(rq->remote, &address) || IN6_IS_ADDR_V4MAPPED(&address)) return rq->remote;
    const struct in6_addr network = address_network(address);
    return arena_printf(rq->mem, "%s/64", address_text(rq->mem, &network));
}

const char *admission_network(const struct request *rq)
{
    return trusted(rq, rq->remote) ? NULL : request_network(rq);
}

const char *admission_who(const struct request *rq)
{
    if (!rq->caller.known || text_empty(rq->caller.subject)) return request_network(rq);
    return arena_printf(rq->mem, "user %s", rq->caller.subject);
}

static bool refuse(const struct request *rq, struct reply *rp, const struct rate_limit *limit,
                   int64_t wait_us, struct error *err)
{
    const long long period_s = limit->period_us / SECOND, count = limit->count;
    fail_for(err, CAUSE_TOO_MANY, wait_us,
             "too many requests: %lld in %lld s are accepted here; try again in %lld s", count, period_s,
             (long long)((wait_us + SECOND - 1) / SECOND));
    reply_header(rp, "RateLimit-Limit", arena_printf(rq->mem, "%lld", count));
    reply_header(rp, "RateLimit-Remaining", "0");
    reply_header(rp, "RateLimit-Reset", arena_printf(rq->mem, "%d", err->retry_after_s));
    return false;
}

bool admission_check(const struct request *rq, struct reply *rp, struct error *err)
{
    const struct rate_rules *const rates = &rq->config->rates;
    const enum rate_class class = rq->route->rate;
    int64_t wait_us;
    if (!rates->table || class == RATE_NONE) return true;
    if (class != RATE_AUTH && (rq->caller.may & MAY_ADMIN)) return true;
    const struct rate_limit *const limit = &rates->limits[class];
    if (rate_take(rates->table, class_names[class], admission_who(rq), limit, time_mono(), &wait_us))
        return true;
    return refuse(rq, rp, limit, wait_us, err);
}
