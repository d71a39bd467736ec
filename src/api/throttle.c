#include "api/throttle.h"

#include "base/time.h"

static const struct rate_penalty account_penalty = { 8, 60 * (int64_t)SECOND };
static const struct rate_penalty network_penalty = { 32, 60 * (int64_t)SECOND };

bool throttle_open(struct throttle *out, struct error *err) { return rate_open(&out->misses, err); }

void throttle_close(struct throttle *throttle)
{
    rate_close(throttle->misses);
    *throttle = (struct throttle){ 0 };
}

static struct throttle_attempt attempt_of(const struct request *rq, const char *name, bool acquainted)
{
    const char *const network = request_network(rq);
    return (struct throttle_attempt){ .network = network,
                                      .acquainted = acquainted,
                                      .account_kind = acquainted ? "acquainted" : "account",
                                      .account =
                                          acquainted ? arena_printf(rq->mem, "%s %s", network, name) : name };
}

static bool refuse(int64_t wait_us, struct error *err)
{
    return fail_for(err, CAUSE_TOO_MANY, wait_us, "too many failed logins; try again in %lld s",
                    (long long)((wait_us + SECOND - 1) / SECOND));
}

bool throttle_begin(const struct throttle *throttle, const struct request *rq, const char *name,
                    bool acquainted, struct throttle_attempt *out, struct error *err)
{
    const struct throttle_attempt attempt = attempt_of(rq, name, acquainted);
    const int64_t now = time_mono();
    int64_t wait_us;
    if (!attempt.acquainted &&
        !penalty_begin(throttle->misses, "network", attempt.network, &network_penalty, now, &wait_us))
        return refuse(wait_us, err);
    if (penalty_begin(throttle->misses, attempt.account_kind, attempt.account, &account_penalty, now,
                      &wait_us)) {
        *out = attempt;
        return true;
    }
    if (!attempt.acquainted) penalty_undo(throttle->misses, "network", attempt.network, now);
    return refuse(wait_us, err);
}

void throttle_end(const struct throttle *throttle, const struct throttle_attempt *attempt, enum cause cause)
{
    const int64_t now = time_mono();
    if (cause == CAUSE_UNAUTHENTICATED) return;
    if (!attempt->acquainted) penalty_undo(throttle->misses, "network", attempt->network, now);
    if (cause == CAUSE_NONE)
        penalty_forgive(throttle->misses, attempt->account_kind, attempt->account, now);
    else
        penalty_undo(throttle->misses, attempt->account_kind, attempt->account, now);
}
