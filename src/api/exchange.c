#include "api/exchange.h"

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How much of an unwanted body is read so that the connection can stay open. */
enum {
    DRAIN_MAX = 256 << 10,
    STRANGER_BODY_MAX = 16 << 10, /* of JSON that is looked at before its sender hears that he may not */
    SMALL_BYTES = 64 << 10,       /* what takes less is not counted */
    TURN_US = 2 * SECOND,         /* that somebody waits for memory */
};

/* "http://host/path" is the form proxies use; what counts is the path. */
static const char *origin_form(const char *uri)
{
    const char *const rest = strstr(uri, "://");
    const char *const path = uri[0] != '/' && rest ? rest + 3 + strcspn(rest + 3, "/?") : uri;
    return *path ? path : "/";
}

static bool is_plain(const char *uri)
{
    for (; *uri; uri++)
        if ((unsigned char)*uri <= ' ' || *uri == 127) return false;
    return true;
}

struct exchange *exchange_new(const struct server_config *config, const struct router *router,
                              const char *uri)
{
    struct exchange *const ex = calloc(1, sizeof *ex);
    if (!ex) return NULL;
    *ex = (struct exchange){ .config = config, .router = router, .references = 1, .started_at = time_mono() };
    ex->uri = uri;
    ex->uri_size_bytes = strlen(uri);
    ex->uri_plain = is_plain(uri);
    uri = origin_form(uri);
    const size_t path_size = strcspn(uri, "?");
    ex->rq = (struct request){ .mem = &ex->mem, .app = config->app, .config = config };
    ex->rq.path = arena_text_n(&ex->mem, uri, path_size);
    ex->rq.query_string = arena_text(&ex->mem, uri[path_size] ? uri + path_size + 1 : "");
    ex->rq.upload.fd = -1;
    reply_init(&ex->rp, &ex->mem);
    return ex;
}

static struct loads *loads_of(const struct exchange *ex) { return ex->config->loads; }

void exchange_unref(struct exchange *ex)
{
    if (!ex || --ex->references > 0) return;
    for (enum load load = 0; load < LOAD_COUNT; load++) loads_lower(loads_of(ex), load, 0, &ex->holds[load]);
    reply_clear(&ex->rp);
    intake_forget(ex);
    buf_cleanup(&ex->body);
    arena_clear(&ex->mem);
    free(ex);
}

void exchange_refuse(struct exchange *ex, const struct error *err)
{
    reply_error(&ex->rp, &ex->rq, err);
    ex->settled = true;
}

/* ---- the head ---- */

static struct id process_id;

static void make_process_id(void) { process_id = id_new(); }

/* A few random digits from the start of the process and a count: unique enough to find a request in the logs,
 * and cheap enough for every request. */
static const char *next_id(struct arena *mem)
{
    static _Atomic uint64_t count;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_process_id);
    return arena_printf(mem, "%.13s-%llx", process_id.text, (unsigned long long)++count);
}

static const char *request_id(struct arena *mem, const char *given)
{
    bool sane = given && *given && strlen(given) <= 64;
    for (const char *at = given; sane && *at; at++) sane = isalnum((unsigned char)*at) || strchr("-_.", *at);
    return sane ? arena_text(mem, given) : next_id(mem);
}

static void redirect_without_slash(struct exchange *ex)
{
    struct request *const rq = &ex->rq;
    size_t size = strlen(rq->path);
    while (size > 1 && rq->path[size - 1] == '/') size--;
    reply_redirect(&ex->rp, 307,
                   arena_printf(rq->mem, "%.*s%s%s", (int)size, rq->path, *rq->query_string ? "?" : "",
                                rq->query_string));
}

static bool find_route(struct exchange *ex, struct error *err)
{
    const struct route_match match = router_find(ex->router, &ex->mem, ex->method_name, ex->rq.path);
    ex->rq.route = match.route;
    ex->rq.param_pairs = match.params;
    switch (match.result) {
    case ROUTE_FOUND:
        ex->rq.method = match.route->method;
        return true;
    case ROUTE_UNKNOWN:
        return fail(err, CAUSE_NOT_FOUND, "Not Found");
    case ROUTE_WRONG_METHOD:
        reply_header(&ex->rp, "Allow", match.allow);
        return fail(err, CAUSE_METHOD, "Method Not Allowed");
    case ROUTE_SLASH:
        redirect_without_slash(ex);
        ex->settled = true;
    }
    return true;
}

static bool takes_file(const struct exchange *ex)
{
    return ex->rq.route->body == BODY_FILE || ex->rq.route->body == BODY_RAW;
}

static int64_t body_max(const struct exchange *ex)
{
    const struct route *const route = ex->rq.route;
    if (route->body_max) return (int64_t)route->body_max;
    return takes_file(ex) ? ex->config->file_max : (int64_t)ex->config->body_max;
}

static bool too_large(struct exchange *ex, struct error *err)
{
    return fail(err, CAUSE_TOO_LARGE, "the request body is larger than the %lld bytes accepted here",
                (long long)body_max(ex));
}

/* The faults of the head of a file are told before the file is sent. */
static bool head_valid(struct exchange *ex)
{
    struct issues issues = { 0 };
    request_validate(&ex->rq, NULL, &issues);
    if (!issues.count) return true;
    reply_issues(&ex->rp, &issues);
    ex->settled = true;
    return false;
}

static bool prepare_body(struct exchange *ex, int64_t declared_bytes, struct error *err)
{
    const enum body body = ex->rq.route->body;
    if (body == BODY_NONE || (body == BODY_RAW && !head_valid(ex))) return true;
    if (declared_bytes > body_max(ex) + (body == BODY_FILE ? INTAKE_FORM_BYTES : 0))
        return too_large(ex, err);
    ex->body = BUF((size_t)body_max(ex));
    return !takes_file(ex) || intake_begin(ex, declared_bytes, body_max(ex), err);
}

static bool begin(struct exchange *ex, int64_t declared_bytes, struct error *err)
{
    if (!find_route(ex, err)) return false;
    if (ex->settled) return true;
    if (!request_decode_query(&ex->rq, err)) return false;
    const bool known = identity_check(&ex->rq, &ex->refusal);
    if (!admission_check(&ex->rq, &ex->rp, err)) return false;
    /* malformed JSON is told first, so that one waits when it is small */
    if (!known && (ex->rq.route->body != BODY_JSON || declared_bytes > STRANGER_BODY_MAX)) {
        *err = ex->refusal;
        return false;
    }
    return prepare_body(ex, declared_bytes, err);
}

static bool hold_one(struct exchange *ex, enum load load, const char *who, struct error *err)
{
    return loads_raise(loads_of(ex), load, who, 1, &ex->holds[load], err);
}

static void audit(struct exchange *ex, enum cause cause)
{
    const struct auth_rules *const auth = &ex->config->auth;
    if (auth->audit && ex->rq.route) auth->audit(&ex->rq, cause);
}

void exchange_begin(struct exchange *ex, int64_t declared_bytes)
{
    struct error err;
    struct request *const rq = &ex->rq;
    ex->begun = true;
    rq->head = text_is(ex->method_name, "HEAD");
    rq->remote = admission_remote(rq);
    rq->id = request_id(rq->mem, request_header(rq, "X-Request-Id"));
    if (!ex->settled && !hold_one(ex, LOAD_REQUESTS, admission_network(rq), &err)) exchange_refuse(ex, &err);
    if (cors_answer_preflight(rq, ex->method_name, &ex->rp))
        ex->settled = true;
    else if (!ex->settled && !begin(ex, declared_bytes, &err)) {
        exchange_refuse(ex, &err);
        audit(ex, err.cause);
    }
}

/* ---- the body ---- */

static bool hold_json(struct exchange *ex, size_t size_bytes, struct error *err)
{
    return size_bytes <= SMALL_BYTES || loads_await(loads_of(ex), LOAD_JSON, NULL, (int64_t)size_bytes,
                                                    TURN_US, &ex->holds[LOAD_JSON], err);
}

static bool take(struct exchange *ex, const char *bytes, size_t size_bytes, struct error *err)
{
    ex->received_bytes += (int64_t)size_bytes;
    if (intake_going_on(ex)) return intake_feed(ex, bytes, size_bytes, err);
    if (ex->rq.route->body != BODY_JSON) {
        ex->drained_bytes += (int64_t)size_bytes;
        return true;
    }
    if (ex->refusal.cause && ex->received_bytes > STRANGER_BODY_MAX) {
        *err = ex->refusal;
        return false;
    }
    buf_add(&ex->body, bytes, size_bytes);
    if (ex->body.starved) return buf_check(&ex->body, "the request body", err);
    return ex->body.full ? too_large(ex, err) : hold_json(ex, ex->body.room, err);
}

bool exchange_feed(struct exchange *ex, const char *bytes, size_t size_bytes)
{
    struct error err;
    if (ex->settled)
        ex->drained_bytes += (int64_t)size_bytes;
    else if (!take(ex, bytes, size_bytes, &err))
        exchange_refuse(ex, &err);
    if (ex->drained_bytes <= DRAIN_MAX) return true;
    if (!ex->settled) {
        fail(&err, CAUSE_TOO_LARGE, "this request takes no body");
        exchange_refuse(ex, &err);
    }
    return false;
}

/* ---- the answer ---- */

/* Waits its turn when the reply may be a large one: until it is made, nobody knows what it takes. Refusing
 * comes before, because what the handler changes stays changed. */
static bool handle(struct exchange *ex, struct error *err)
{
    struct request *const rq = &ex->rq;
    if (rq->route->large &&
        (!loads_await(loads_of(ex), LOAD_LARGE, NULL, 1, TURN_US, &ex->holds[LOAD_LARGE], err) ||
         !loads_raise(loads_of(ex), LOAD_REPLIES, admission_who(rq), 1, &ex->holds[LOAD_REPLIES], err)))
        return false;
    return rq->route->handle(rq, &ex->rp, err);
}

static bool answer(struct exchange *ex, struct error *err)
{
    struct issues issues = { 0 };
    struct pairs fields = { 0 };
    struct request *const rq = &ex->rq;
    if (intake_going_on(ex) && !intake_end(ex, &fields, err)) return false;
    if (!hold_json(ex, ex->body.room + json_weight(buf_str(&ex->body), ex->body.size), err)) return false;
    const bool parsed = request_parse_body(rq, &ex->body, &issues);
    if (parsed && ex->refusal.cause) {
        *err = ex->refusal;
        return false;
    }
    if (parsed && rq->route->body != BODY_RAW) request_validate(rq, &fields, &issues);
    if (issues.count) {
        reply_issues(&ex->rp, &issues);
        return true;
    }
    if (!handle(ex, err)) return false;
    if (ex->rp.kind == REPLY_STREAM && !hold_one(ex, LOAD_STREAMS, admission_who(rq), err)) return false;
    if (!ex->rp.body.full || ex->rp.body.starved) return buf_check(&ex->rp.body, "the reply", err);
    return fail(err, CAUSE_INTERNAL, "the reply is larger than the server can hold");
}

static void log_answer(const struct exchange *ex, const struct error *err)
{
    const int64_t took_ms = (time_mono() - ex->started_at) / MS;
    const bool broken = ex->rp.status >= 500;
    if (!broken && !ex->config->log_requests) return;
    log_at(broken ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "request", LOG_TEXT("id", ex->rq.id),
           LOG_TEXT("method", ex->method_name), LOG_TEXT("path", ex->rq.path),
           LOG_INT("status", ex->rp.status), LOG_INT("ms", took_ms), LOG_TEXT("remote", ex->rq.remote),
           LOG_TEXT("subject", ex->rq.caller.subject), LOG_TEXT("error", err->cause ? err->text : ""));
}

/* A reply counts until it is sent, however slowly it is read. */
static void hold_reply(struct exchange *ex)
{
    const struct buf *const body = &ex->rp.body;
    if (ex->rp.kind == REPLY_BYTES && body->size > SMALL_BYTES)
        loads_add(loads_of(ex), LOAD_REPLIES, admission_who(&ex->rq), (int64_t)body->room,
                  &ex->holds[LOAD_REPLIES]);
}

void exchange_answer(struct exchange *ex)
{
    struct error err = { .cause = CAUSE_NONE };
    const bool open = !ex->settled;
    if (open && answer(ex, &err))
        err.cause = CAUSE_NONE; /* of something that was tried on the way */
    else if (open)
        exchange_refuse(ex, &err);
    hold_reply(ex);
    if (!ex->rp.status) ex->rp.status = ex->rq.route->status ? ex->rq.route->status : 200;
    if (open && (err.cause || ex->rp.status < 400)) audit(ex, err.cause);
    log_answer(ex, &err);
}

void exchange_forget(struct exchange *ex)
{
    intake_forget(ex);
    buf_cleanup(&ex->body);
    arena_clear(&ex->mem);
    static const enum load done[] = { LOAD_JSON, LOAD_LARGE, LOAD_UPLOADS };
    for (size_t i = 0; i < COUNT_OF(done); i++) loads_lower(loads_of(ex), done[i], 0, &ex->holds[done[i]]);
}

/* For browsers, unless the route has said something of its own: a reply is data, no page; it belongs into no
 * frame, and its address is told to nobody. */
static const struct pair careful[] = {
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
};

void exchange_finish(struct exchange *ex)
{
    cors_add_headers(&ex->rq, &ex->rp);
    reply_header(&ex->rp, "X-Request-Id", ex->rq.id);
    for (size_t i = 0; i < COUNT_OF(careful); i++)
        if (!pairs_find(&ex->rp.headers, careful[i].name))
            reply_header(&ex->rp, careful[i].name, careful[i].value);
    if (ex->rp.type && ex->rp.status != 204) reply_header(&ex->rp, "Content-Type", ex->rp.type);
}
