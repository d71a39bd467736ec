#include "api/exchange.h"

#include <string.h>
#include <unistd.h>

/* The largest is a page of universes: 24 MB of their own texts and 25 MB of elements, both if every character
 * needs an escape, and 9 MB of components (the limits in library/universe.h, element.h and component.h). */
enum { REPLY_MAX_BYTES = 64 << 20 };

void reply_init(struct reply *rp, struct arena *mem)
{
    *rp = (struct reply){ .mem = mem, .fd = -1, .body = BUF(REPLY_MAX_BYTES) };
}

/* Drops whatever body there is; headers and status stay. */
static void drop_body(struct reply *rp)
{
    fd_cleanup(&rp->fd);
    rp->fd = -1;
    if (rp->kind == REPLY_STREAM) stream_clear(&rp->stream);
    rp->kind = REPLY_BYTES;
    rp->body.size = 0;
    rp->body.full = rp->body.starved = false;
}

void reply_clear(struct reply *rp)
{
    drop_body(rp);
    buf_cleanup(&rp->body);
}

void reply_status(struct reply *rp, int status) { rp->status = status; }

/* Text from a request can land in a header: what could end the line never gets through. */
void reply_header(struct reply *rp, const char *name, const char *value)
{
    char *const safe = text_line(rp->mem, value);
    for (size_t i = 0; i < rp->headers.count; i++)
        if (text_is(rp->headers.items[i].name, name)) {
            rp->headers.items[i].value = safe;
            return;
        }
    pairs_add(&rp->headers, rp->mem, name, safe);
}

struct json_out reply_json(struct reply *rp)
{
    drop_body(rp);
    rp->type = "application/json";
    return (struct json_out){ .buf = &rp->body };
}

void reply_object(struct reply *rp, const struct shape *shape, const void *object)
{
    struct json_out out = reply_json(rp);
    shape_write(shape, object, &out);
}

void reply_list(struct reply *rp, const struct shape *shape, const struct list *list)
{
    struct json_out out = reply_json(rp);
    shape_write_list(shape, list, &out);
}

void reply_bytes(struct reply *rp, const char *type, const void *bytes, size_t size_bytes)
{
    drop_body(rp);
    rp->type = type;
    buf_add(&rp->body, bytes, size_bytes);
}

void reply_text(struct reply *rp, const char *type, const char *text)
{
    reply_bytes(rp, type, text, strlen(text));
}

void reply_redirect(struct reply *rp, int status, const char *location)
{
    drop_body(rp);
    rp->type = NULL;
    rp->status = status;
    reply_header(rp, "Location", location);
}

void reply_stream(struct reply *rp, const char *type, stream_next *next, void *with, stream_release *release)
{
    drop_body(rp);
    rp->kind = REPLY_STREAM;
    rp->type = type;
    rp->stream = (struct stream){ .next = next, .with = with, .release = release };
    rp->stream.events = text_starts(type, "text/event-stream");
    reply_header(rp, "Cache-Control", "no-store");
    reply_header(rp, "X-Accel-Buffering", "no");
}

void reply_issues(struct reply *rp, const struct issues *issues)
{
    struct json_out out = reply_json(rp);
    rp->status = 422;
    json_put_open(&out, '{');
    json_put_key(&out, "detail");
    issues_write(issues, &out);
    json_put_close(&out, '}');
}

static const char *place_of(const struct request *rq, const char *field)
{
    const struct route *const route = rq->route;
    if (route && route->in && shape_field(route->in, field)) return "body";
    if (route && route->query && shape_field(route->query, field)) return "query";
    return pairs_find(&rq->param_pairs, field) ? "path" : "body";
}

/* A handler that refuses one field says it in the form of the validator. */
static void reply_field_error(struct reply *rp, const struct request *rq, const struct error *err)
{
    const char *const place = place_of(rq, err->field);
    const struct json *input = json_get(rq->json, err->field);
    const char *const given = place[0] == 'q'   ? request_query(rq, err->field)
                              : place[0] == 'p' ? pairs_find(&rq->param_pairs, err->field)
                                                : NULL;
    const struct json text = { .kind = JSON_IS_TEXT, .text = given };
    if (given) input = &text;
    struct issues issues = { 0 };
    issues_add(&issues, rp->mem, "value_error", json_texts(rp->mem, (const char *[]){ place, err->field }, 2),
               err->text, input, NULL);
    reply_issues(rp, &issues);
}

void reply_error(struct reply *rp, const struct request *rq, const struct error *err)
{
    if (err->cause == CAUSE_INVALID && err->field[0]) {
        reply_field_error(rp, rq, err);
        return;
    }
    struct json_out out = reply_json(rp);
    rp->status = cause_http_status(err->cause);
    if (rp->status == 401) reply_header(rp, "WWW-Authenticate", "Bearer");
    if (err->retry_after_s) reply_header(rp, "Retry-After", arena_printf(rp->mem, "%d", err->retry_after_s));
    json_put_open(&out, '{');
    json_put_pair(&out, "detail", err->cause == CAUSE_INTERNAL ? "Internal Server Error" : err->text);
    json_put_pair(&out, "code", cause_code(err->cause));
    json_put_close(&out, '}');
}
