/* A whole request without a socket, against the real route table with handlers that only look: request line,
 * header lines, an empty line, the body. Whatever comes in is answered, and no handler runs for a caller
 * without its permission or with an input that is not valid. */
#include "fuzz.h"

#include "api/app.h"
#include "api/exchange.h"
#include "api/loads.h"
#include "api/part_header.h"
#include "base/time.h"

#include <arpa/inet.h>

enum { TABLES_MAX = 40, ROUTES_MAX = 400 };

static int64_t clock_of_tokens(void) { return 1700000000LL * SECOND; }

static const char *origins[] = { "http://localhost:3000" }, *proxies[] = { "127.0.0.1", "::1" };
static const struct route *tables[TABLES_MAX];
static struct server_config config = {
    .tables = tables,
    .auth = { .secret = "the secret of this test", .now = clock_of_tokens },
    .cors_origins = { origins, 1 },
    .trusted_proxies = { proxies, 2 },
    .upload_dir = "/tmp",
    .file_max = 3000,
    .body_max = 8000,
};
static bool handled;

static bool look(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    const struct route *const route = rq->route;
    const unsigned needed = route->needs == NEED_NOTHING ? 0 : route_permission(route);
    handled = true;
    EXPECT((rq->caller.may & needed) == needed && (!needed || rq->caller.known));
    EXPECT((!route->in || rq->in) && (!route->query || rq->query) && (!route->params || rq->params));
    EXPECT(route->body != BODY_FILE || (rq->upload.fd >= 0 && rq->upload.size_bytes <= config.file_max));
    if (route->in) json_read(rq->mem, shape_text(rq->mem, route->in, rq->in));
    reply_text(rp, "text/plain", "looked");
    return true;
}

/* The product's routes with `look` for a handler. */
static const struct router *the_router(void)
{
    static struct arena forever;
    static struct router *router;
    static struct route routes[ROUTES_MAX];
    size_t used = 0;
    for (size_t t = 0; !router && app_routes[t]; t++) {
        tables[t] = &routes[used];
        for (const struct route *route = app_routes[t]; route->path; route++) {
            EXPECT(used < ROUTES_MAX - 1 && t < TABLES_MAX - 1);
            routes[used] = *route;
            routes[used].open = NULL; /* the body goes into a file without a name */
            routes[used++].handle = look;
        }
        used++; /* the row of zeros */
    }
    if (!router) router = router_new(&forever, tables);
    return router;
}

static void check_reply(const struct exchange *ex, struct arena *mem)
{
    const struct reply *const rp = &ex->rp;
    const char *const location = pairs_find_header(&rp->headers, "Location");
    EXPECT(rp->status >= 200 && rp->status < 500 && rp->kind == REPLY_BYTES);
    EXPECT(handled == text_is(buf_str(&rp->body), "looked"));
    for (size_t i = 0; i < rp->headers.count; i++) EXPECT(!has_control(rp->headers.items[i].value));
    if (text_is(rp->type, "application/json"))
        EXPECT(json_read(mem, buf_str(&rp->body))->kind == JSON_IS_OBJECT);
    if (rp->status == 401) EXPECT(pairs_find_header(&rp->headers, "WWW-Authenticate"));
    if (location) EXPECT(!text_starts(location, "//"));
    EXPECT(pairs_find_header(&rp->headers, "X-Request-Id"));
    unsigned char address[16];
    EXPECT(inet_pton(strchr(ex->rq.remote, ':') ? AF_INET6 : AF_INET, ex->rq.remote, address) == 1);
}

static void read_head(struct exchange *ex, struct input *in, struct arena *mem)
{
    AUTO(buf) struct buf head = BUF(1 << 16);
    for (const char *line; *(line = input_line(in, mem));) buf_printf(&head, "%s\r\n", line);
    if (!part_headers_parse(&ex->mem, buf_str(&head), head.size, &ex->rq.header_pairs))
        ex->rq.header_pairs.count = 0;
    ex->rq.remote = "127.0.0.1";
}

FUZZ(mem, in)
{
    const char *const line = input_line(in, mem), *const space = strchrnul(line, ' ');
    if (!text_valid_utf8(line, strlen(line)) || has_control(line)) return;
    static const struct load_limit no_limits[LOAD_COUNT];
    if (!config.loads) config.loads = loads_new(no_limits); /* for the life of the program */
    EXPECT(config.loads);
    struct exchange *const ex = exchange_new(&config, the_router(), *space ? space + 1 : "/");
    ex->method_name = arena_text_n(&ex->mem, line, (size_t)(space - line));
    handled = false;
    read_head(ex, in, mem);
    exchange_begin(ex, in->end - in->at);
    const bool whole = in->at == in->end || exchange_feed(ex, in->at, (size_t)(in->end - in->at));
    EXPECT(whole || ex->settled);
    exchange_answer(ex);
    exchange_finish(ex);
    check_reply(ex, mem);
    exchange_unref(ex);
}
