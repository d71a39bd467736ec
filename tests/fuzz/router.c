/* Paths against the real route table: "METHOD path". What a path means does not depend on how it is spelled.
 */
#include "fuzz.h"

#include "api/app.h"
#include "api/router.h"

/* Everything but letters and digits escaped; of a rest parameter the slashes stay. */
static void put_escaped(struct buf *out, const char *text, bool slashes)
{
    for (; *text; text++)
        if ((*text >= 'a' && *text <= 'z') || (*text == '/' && slashes))
            buf_char(out, *text);
        else
            buf_printf(out, "%%%02x", (unsigned char)*text);
}

/* The route's path with the parameters in their places. */
static const char *spell(struct arena *mem, const struct route *route, const struct pairs *params)
{
    AUTO(buf) struct buf out = BUF(1 << 20);
    size_t used = 0;
    for (const char *at = route->path; *at; at++) {
        if (*at != '{') {
            buf_char(&out, *at);
            continue;
        }
        const char *const end = strchr(at, '}');
        EXPECT(used < params->count);
        put_escaped(&out, params->items[used++].value, end[-1] == '*');
        at = end;
    }
    EXPECT(used == params->count);
    return arena_text(mem, buf_str(&out));
}

static void check_params(const struct pairs *params)
{
    for (size_t i = 0; i < params->count; i++) {
        const char *const value = params->items[i].value;
        EXPECT(*value && text_valid_utf8(value, strlen(value)));
        EXPECT(!text_is(value, "..") && !text_starts(value, "../") && !strstr(value, "/../") &&
               !text_ends(value, "/..") && !text_starts(value, "/"));
    }
}

static void check_decode(struct arena *mem, const char *text)
{
    AUTO(buf) struct buf escaped = BUF(1 << 20);
    const char *const plain = url_decode(mem, text, strlen(text), false);
    if (!plain) return;
    EXPECT(strlen(plain) <= strlen(text) && text_valid_utf8(plain, strlen(plain)));
    put_escaped(&escaped, plain, false);
    EXPECT(text_is(url_decode(mem, buf_str(&escaped), escaped.size, true), plain));
}

FUZZ(mem, in)
{
    static struct arena forever;
    static struct router *router;
    if (!router) router = router_new(&forever, app_routes);
    const char *const line = input_line(in, mem), *const space = strchrnul(line, ' ');
    const char *const method = arena_text_n(mem, line, (size_t)(space - line)), *const path =
                                                                                    space + !!*space;
    check_decode(mem, path);
    const struct route_match match = router_find(router, mem, method, path);
    const struct texts allowed = text_split(mem, match.allow ? match.allow : "", ',');
    EXPECT(!!allowed.count == (match.result == ROUTE_WRONG_METHOD));
    for (size_t i = 0; i < allowed.count; i++)
        EXPECT(!text_is(allowed.items[i], method) &&
               router_find(router, mem, allowed.items[i], path).result == ROUTE_FOUND);
    if (match.result == ROUTE_SLASH) {
        const char *const bare = arena_text_n(mem, path, strlen(path) - 1);
        EXPECT(router_find(router, mem, method, bare).result != ROUTE_UNKNOWN);
    }
    if (match.result != ROUTE_FOUND) return;
    check_params(&match.params);
    const struct route_match again = router_find(router, mem, method, spell(mem, match.route, &match.params));
    EXPECT(again.result == ROUTE_FOUND && again.route == match.route);
    EXPECT(again.params.count == match.params.count);
    for (size_t i = 0; i < match.params.count; i++)
        EXPECT(text_is(again.params.items[i].value, match.params.items[i].value));
}
