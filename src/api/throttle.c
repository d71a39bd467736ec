#include "api/throttle.h"

#include "base/time.h"

static const struct rate_penalty account_penalty = { 8, 60 * (int64_t)SECOND };
static const struct rate_penalty network_penalty = { 32, 60 * (int64_t)SECOND };

static const int64_t acquaintance_us = 30 * 86400 * (int64_t)SECOND;

bool throttle_open(struct throttle *out, struct error *err)
{
    struct throttle throttle = { 0 };
    if (!rate_open(&throttle.misses, err) || !rate_open(&throttle.acquainted, err)) {
        throttle_close(&throttle);
        return false;
    }
    *out = throttle;
    return true;
}

void throttle_close(struct throttle *throttle)
{
    rate_close(throttle->misses);
    rate_close(throttle->acquainted);
    *throttle = (struct throttle){ 0 };
}

static struct throttle_attempt attempt_of(const struct throttle *throttle, const struct request *rq,
                                          const char *name)
{
    struct throttle_attempt attempt = { .network = request_network(rq) };
    attempt.pair = arena_printf(rq->mem, "%s %s", attempt.network, name);
    attempt.acquainted = rate_noted(throttle->acquainted, "login", attempt.pair, time_mono());
    attempt.account_kind = attempt.acquainted ? "acquainted" : "account";
    attempt.account = attempt.acquainted ? attempt.pair : name;
    return attempt;
}

static bool refuse(int64_t wait_us, struct error *err)
{
    return fail_for(err, CAUSE_TOO_MANY, wait_us, "too many failed logins; try again in %lld s",
                    (long long)((wait_us + SECOND - 1) / SECOND));
}

bool throttle_begin(const struct throttle *throttle, const struct request *rq, const char *name,
                    struct throttle_attempt *out, struct error *err)
{
    const struct throttle_attempt attempt = attempt_of(throttle, rq, name);
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
    if (cause == CAUSE_NONE) {
        penalty_forgive(throttle->misses, attempt->account_kind, attempt->account, now);
        rate_note(throttle->acquainted, "login", attempt->pair, now, now + acquaintance_us);
    } else
        penalty_undo(throttle->misses, attempt->account_kind, attempt->account, now);
}
