/* The audit log: what of a request goes into it, and showing it. */
#include "api/app.h"
#include "api/paging.h"

#include "base/log.h"

/* The path parameters, unless the handler said what it acted on or why it refused. */
static const char *target_of(const struct request *rq, enum cause cause)
{
    if (rq->acted_on) return rq->acted_on;
    if (cause == CAUSE_TOO_MANY) return "too many attempts";
    const char *text = "";
    for (size_t i = 0; i < rq->param_pairs.count; i++)
        text = arena_printf(rq->mem, "%s%s%s", text, i ? "/" : "", rq->param_pairs.items[i].value);
    return text;
}

/* Acts of the route table that were done; and whoever was not let: by name, by permission, or too often. */
static bool worth_noting(const struct request *rq, enum cause cause)
{
    if (cause == CAUSE_NONE || cause == CAUSE_UNAUTHENTICATED || cause == CAUSE_TOO_MANY)
        return rq->route->act || rq->caller.ended;
    return cause == CAUSE_FORBIDDEN;
}

void account_audit(struct request *rq, enum cause cause)
{
    struct app *const app = rq->app;
    struct error err;
    if (!worth_noting(rq, cause)) return;
    const bool other = rq->caller.ended || !rq->route->act;
    const struct audit_note note = {
        .actor = rq->acted_by ? rq->acted_by : rq->caller.subject,
        .remote = rq->remote,
        .act = rq->caller.ended ? "token.ended" : other ? "denied" : rq->route->act,
        .target = other ? arena_printf(rq->mem, "%s %s", method_names[rq->route->method], rq->route->path)
                        : target_of(rq, cause),
        .refused = cause != CAUSE_NONE,
    };
    if (!audit_put(&app->lib, &note, &err))
        log_error("audit note lost", LOG_TEXT("act", note.act), LOG_TEXT("actor", note.actor),
                  LOG_TEXT("error", err.text));
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const char *next;
    struct list entries;
    if (!audit_list(&app->lib, rq->mem, rq->query, &entries, &next, err)) return false;
    reply_next_page(rq, rp, next);
    reply_list(rp, &audit_entry_shape, &entries);
    return true;
}

const struct route audit_routes[] = {
    { METHOD_GET, "/api/audit", list, .needs = NEED_ADMIN, .query = &audit_query_shape,
      .out = &audit_entry_shape, .list = true, .tag = "audit",
      .doc = "Who did what and who was refused, newest first." },
    { 0 },
};
