/* Query strings, read into the query shape of every route that has one. */
#include "fuzz.h"

#include "api/app.h"
#include "api/exchange.h"

static void put_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) buf_printf(out, "%%%02X", (unsigned char)*text);
}

static const char *spell(struct arena *mem, const struct pairs *pairs)
{
    AUTO(buf) struct buf out = BUF(1 << 20);
    for (size_t i = 0; i < pairs->count; i++) {
        if (i) buf_char(&out, '&');
        put_escaped(&out, pairs->items[i].name);
        buf_char(&out, '=');
        put_escaped(&out, pairs->items[i].value);
    }
    return arena_text(mem, buf_str(&out));
}

static void check_route(const struct route *route, const struct request *decoded)
{
    const struct route only_query = { .query = route->query };
    struct request rq = *decoded;
    struct issues issues = { 0 };
    rq.route = &only_query;
    request_validate(&rq, NULL, &issues);
    EXPECT(!rq.query == !!issues.count);
    if (rq.query) json_read(rq.mem, shape_text(rq.mem, route->query, rq.query));
}

FUZZ(mem, in)
{
    struct request rq = { .mem = mem, .query_string = input_rest(in, mem) };
    struct error err = { 0 };
    if (!request_decode_query(&rq, &err)) {
        EXPECT(err.cause == CAUSE_BAD_REQUEST);
        return;
    }
    struct request again = { .mem = mem, .query_string = spell(mem, &rq.query_pairs) };
    EXPECT(request_decode_query(&again, &err) && again.query_pairs.count == rq.query_pairs.count);
    for (size_t i = 0; i < rq.query_pairs.count; i++) {
        EXPECT(text_is(again.query_pairs.items[i].name, rq.query_pairs.items[i].name));
        EXPECT(text_is(again.query_pairs.items[i].value, rq.query_pairs.items[i].value));
    }
    for (size_t t = 0; app_routes[t]; t++)
        for (const struct route *route = app_routes[t]; route->path; route++)
            if (route->query) check_route(route, &rq);
}
