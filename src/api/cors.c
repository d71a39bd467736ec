/* Cross-origin requests: which pages of other origins a browser may let read our replies. */
#include "api/exchange.h"

static bool listed(const struct request *rq, const char *origin)
{
    const struct texts *const allowed = &rq->config->cors_origins;
    for (size_t i = 0; i < allowed->count; i++)
        if (text_is(allowed->items[i], origin)) return true;
    return false;
}

static bool origin_allowed(const struct request *rq, const char *origin)
{
    return listed(rq, origin) || listed(rq, "*");
}

/* Headers of replies that pages may read, beside the few that browsers always let them. */
static const char exposed[] =
    "Link, Location, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, "
    "Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset, "
    "X-Next-Cursor, X-Request-Id";

/* Vary stands on every reply: caches must not hand a reply without the header to a page that needs it. Where
 * everybody is allowed, nobody may use what the browser knows of its user. */
void cors_add_headers(const struct request *rq, struct reply *rp)
{
    const char *const origin = request_header(rq, "Origin");
    reply_header(rp, "Vary", "Origin");
    if (!origin || !origin_allowed(rq, origin)) return;
    reply_header(rp, "Access-Control-Allow-Origin", listed(rq, origin) ? origin : "*");
    reply_header(rp, "Access-Control-Expose-Headers", exposed);
    if (listed(rq, origin)) reply_header(rp, "Access-Control-Allow-Credentials", "true");
}

bool cors_answer_preflight(const struct request *rq, const char *method_name, struct reply *rp)
{
    const char *const origin = request_header(rq, "Origin");
    if (!text_is(method_name, "OPTIONS") || !origin || !request_header(rq, "Access-Control-Request-Method"))
        return false;
    const char *const wanted = request_header(rq, "Access-Control-Request-Headers");
    const bool allowed = origin_allowed(rq, origin);
    reply_text(rp, "text/plain; charset=utf-8", allowed ? "OK" : "Disallowed CORS origin");
    reply_status(rp, allowed ? 200 : 400);
    if (!allowed) return true;
    reply_header(rp, "Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    reply_header(rp, "Access-Control-Max-Age", "600");
    if (wanted) reply_header(rp, "Access-Control-Allow-Headers", wanted);
    return true;
}
