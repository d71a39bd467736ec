/* From what came over the wire to the structs a handler works with. */
#include "api/exchange.h"

#include "base/id.h"

#include <string.h>
#include <strings.h>

enum { QUERY_PAIRS_MAX = 100 };

bool request_decode_query(struct request *rq, struct error *err)
{
    for (const char *at = rq->query_string; *at;) {
        const size_t size = strcspn(at, "&"), name_size = strcspn(at, "=&");
        if (size && rq->query_pairs.count == QUERY_PAIRS_MAX)
            return fail(err, CAUSE_BAD_REQUEST, "the query has more than %d parameters", QUERY_PAIRS_MAX);
        char *const name = url_decode(rq->mem, at, name_size, true);
        const char *const value =
            name_size == size ? "" : url_decode(rq->mem, at + name_size + 1, size - name_size - 1, true);
        if (!name || !value)
            return fail(err, CAUSE_BAD_REQUEST, "the query string is not percent-encoded UTF-8 text");
        if (size) pairs_add(&rq->query_pairs, rq->mem, name, value);
        at += size;
        if (*at) at++;
    }
    return true;
}

/* absent, application/json and application/<anything>+json, with or without parameters */
static bool content_is_json(const char *type)
{
    if (text_empty(type)) return true;
    const size_t size = strcspn(type, "; \t");
    if (size == 16 && strncasecmp(type, "application/json", size) == 0) return true;
    return size > 17 && strncasecmp(type, "application/", 12) == 0 &&
           strncasecmp(type + size - 5, "+json", 5) == 0;
}

static const struct json *text_value(struct arena *mem, const char *text)
{
    struct json *const value = arena_new(mem, struct json);
    *value = (struct json){ .kind = JSON_IS_TEXT, .text = text };
    return value;
}

static bool blank(const struct buf *body)
{
    for (size_t i = 0; i < body->size; i++)
        if (!memchr(" \t\r\n", body->at[i], 4)) return false;
    return true;
}

static const struct json no_members = { .kind = JSON_IS_OBJECT };

static bool parse_fault(struct request *rq, size_t offset, const struct error *fault, struct issues *issues)
{
    AUTO(buf) struct buf ctx = BUF(2048);
    struct json_out out = { .buf = &ctx };
    json_put_open(&out, '{');
    json_put_pair(&out, "error", fault->text);
    json_put_close(&out, '}');
    issues_add(issues, rq->mem, "json_invalid", arena_printf(rq->mem, "[\"body\",%zu]", offset),
               "JSON decode error", &no_members, arena_text(rq->mem, buf_str(&ctx)));
    return false;
}

bool request_parse_body(struct request *rq, const struct buf *body, struct issues *issues)
{
    if (rq->route->body != BODY_JSON || blank(body)) return true;
    if (!content_is_json(request_header(rq, "Content-Type"))) {
        const bool text = text_valid_utf8(body->at, body->size);
        rq->json = text_value(rq->mem, text ? arena_text_n(rq->mem, body->at, body->size) : "");
        return true;
    }
    size_t offset;
    struct error fault;
    return json_parse(body->at, body->size, rq->mem, &rq->json, &offset, &fault) ||
           parse_fault(rq, offset, &fault, issues);
}

/* ---- into structs ---- */

static const struct json *object_of(struct request *rq, const struct pairs *pairs)
{
    const char **const keys = arena_array(rq->mem, pairs->count, sizeof *keys);
    const char **const values = arena_array(rq->mem, pairs->count, sizeof *values);
    for (size_t i = 0; i < pairs->count; i++) {
        keys[i] = pairs->items[i].name;
        values[i] = pairs->items[i].value;
    }
    return json_from_pairs(rq->mem, keys, values, pairs->count);
}

static const void *read_into(struct request *rq, const struct shape *shape, const struct json *from,
                             const char *place, struct issues *issues)
{
    void *const out = arena_alloc(rq->mem, shape->size);
    return shape_read(shape, from, place, rq->mem, out, issues) ? out : NULL;
}

static void check_uuid(struct request *rq, const struct field *field, struct pair *pair,
                       struct issues *issues)
{
    const char *const canonical = id_canonical(rq->mem, pair->value);
    if (canonical) {
        pair->value = canonical;
        return;
    }
    issues_add(issues, rq->mem, "uuid_parsing", arena_printf(rq->mem, "[\"path\",\"%s\"]", field->name),
               "Input should be a valid UUID, it is not 32 hexadecimal digits",
               text_value(rq->mem, pair->value), "{\"error\":\"it is not 32 hexadecimal digits\"}");
}

static void validate_params(struct request *rq, const struct shape *shape, struct issues *issues)
{
    for (size_t i = 0; i < rq->param_pairs.count; i++) {
        const struct field *const field = shape_field(shape, rq->param_pairs.items[i].name);
        if (field && text_is(field->format, "uuid")) check_uuid(rq, field, &rq->param_pairs.items[i], issues);
    }
    rq->params = read_into(rq, shape, object_of(rq, &rq->param_pairs), "path", issues);
}

static bool any_required(const struct shape *shape)
{
    for (const struct field *field = shape->fields; field->name; field++)
        if (field->required) return true;
    return false;
}

/* No body at all: one fault, unless the shape can live without. */
static void validate_body(struct request *rq, const struct shape *shape, struct issues *issues)
{
    if (rq->json)
        rq->in = read_into(rq, shape, rq->json, "body", issues);
    else if (any_required(shape))
        issues_add(issues, rq->mem, "missing", "[\"body\"]", "Field required", NULL, NULL);
    else
        rq->in = read_into(rq, shape, &no_members, "body", issues);
}

/* The file part is there, and is a file. */
static void validate_file(struct request *rq, const struct pairs *fields, struct issues *issues)
{
    const char *const text = pairs_find(fields, "file");
    if (rq->upload.fd >= 0) return;
    if (text)
        issues_add(issues, rq->mem, "value_error", "[\"body\",\"file\"]",
                   "Value error, Expected UploadFile, received: <class 'str'>", text_value(rq->mem, text),
                   "{\"error\":{}}");
    else
        issues_add(issues, rq->mem, "missing", "[\"body\",\"file\"]", "Field required", NULL, NULL);
}

void request_validate(struct request *rq, const struct pairs *fields, struct issues *issues)
{
    const struct route *const route = rq->route;
    if (route->params) validate_params(rq, route->params, issues);
    if (route->query)
        rq->query = read_into(rq, route->query, object_of(rq, &rq->query_pairs), "query", issues);
    if (route->body == BODY_FILE) {
        validate_file(rq, fields, issues);
        rq->json = object_of(rq, fields);
    }
    if (route->in) validate_body(rq, route->in, issues);
}
