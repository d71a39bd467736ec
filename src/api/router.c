#include "api/router.h"

#include <ctype.h>
#include <string.h>

enum { SEGMENTS_MAX = 16 };

enum segment_kind { SEGMENT_LITERAL, SEGMENT_PARAM, SEGMENT_REST };

struct segment {
    enum segment_kind kind;
    const char *text; /* literal, or the name of the parameter */
};

struct rule {
    const struct route *route;
    struct segment segments[SEGMENTS_MAX];
    size_t count;
};

struct router {
    struct rule *rules;
    size_t count;
};

/* A path from a request, split and decoded. */
struct parts {
    const char *texts[64];
    size_t count;
    bool slash; /* ended in one */
};

/* ---- compiling ---- */

static struct segment compile_segment(struct arena *mem, const char *at, size_t size_bytes)
{
    if (at[0] != '{') return (struct segment){ SEGMENT_LITERAL, arena_text_n(mem, at, size_bytes) };
    assert(size_bytes > 2 && at[size_bytes - 1] == '}' && "a parameter is a whole segment: /{name}");
    const bool rest = at[size_bytes - 2] == '*';
    return (struct segment){ rest ? SEGMENT_REST : SEGMENT_PARAM,
                             arena_text_n(mem, at + 1, size_bytes - 2 - rest) };
}

static void compile(struct rule *rule, struct arena *mem, const struct route *route, const char *path)
{
    assert(path[0] == '/' && route->handle);
    *rule = (struct rule){ .route = route };
    for (const char *at = path; *at == '/' && at[1];) {
        const size_t size = strcspn(++at, "/");
        assert(size && rule->count < SEGMENTS_MAX);
        assert((!rule->count || rule->segments[rule->count - 1].kind != SEGMENT_REST) &&
               "{rest*} comes last");
        rule->segments[rule->count++] = compile_segment(mem, at, size);
        at += size;
    }
}

/* Negative when `a` is the more particular: at the first difference, literal before parameter before rest. */
static int compare_rules(const struct rule *a, const struct rule *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (a->segments[i].kind != b->segments[i].kind)
            return (int)a->segments[i].kind - (int)b->segments[i].kind;
    return 0;
}

static bool same_requests(const struct rule *a, const struct rule *b)
{
    if (a->route->method != b->route->method || a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct segment *const x = &a->segments[i], *const y = &b->segments[i];
        if (x->kind != y->kind || (x->kind == SEGMENT_LITERAL && !text_is(x->text, y->text))) return false;
    }
    return true;
}

static void add_rule(struct router *router, struct arena *mem, const struct route *route, const char *path)
{
    struct rule *const rule = &router->rules[router->count];
    compile(rule, mem, route, path);
    for (size_t i = 0; i < router->count; i++)
        assert(!same_requests(&router->rules[i], rule) && "two rows for the same requests");
    router->count++;
}

struct router *router_new(struct arena *mem, const struct route *const *tables)
{
    struct router *const router = arena_new(mem, struct router);
    size_t count = 0;
    for (size_t t = 0; tables[t]; t++)
        for (const struct route *route = tables[t]; route->path; route++) count += route->also_under ? 2 : 1;
    router->rules = arena_array(mem, count, sizeof *router->rules);
    for (size_t t = 0; tables[t]; t++)
        for (const struct route *route = tables[t]; route->path; route++) {
            add_rule(router, mem, route, route->path);
            if (route->also_under)
                add_rule(router, mem, route, arena_printf(mem, "%s%s", route->also_under, route->path));
        }
    return router;
}

/* ---- matching ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *url_decode(struct arena *mem, const char *text, size_t size_bytes, bool plus)
{
    char *const out = arena_alloc(mem, size_bytes + 1);
    size_t length = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < size_bytes ? hex_digit(text[i + 1]) : -1;
            const int low = high < 0 ? -1 : hex_digit(text[i + 2]);
            if (low < 0) return NULL;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        out[length++] = c;
    }
    return text_valid_utf8(out, length) ? out : NULL;
}

static bool segment_acceptable(const char *text)
{
    return text && !strchr(text, '/') && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/* False when some segment can match nothing. */
static bool split(struct arena *mem, const char *path, struct parts *parts)
{
    *parts = (struct parts){ 0 };
    if (path[0] != '/') return false;
    const char *at = path + 1;
    while (*at) {
        const size_t size = strcspn(at, "/");
        if (parts->count == COUNT_OF(parts->texts)) return false;
        char *const text = url_decode(mem, at, size, false);
        if (!segment_acceptable(text)) return false;
        parts->texts[parts->count++] = text;
        at += size;
        if (!*at) return true;
        parts->slash = !*++at;
    }
    return true;
}

/* a//b names nothing. */
static bool none_empty(const struct parts *parts, size_t from)
{
    for (size_t i = from; i < parts->count; i++)
        if (!parts->texts[i][0]) return false;
    return true;
}

static bool rule_matches(const struct rule *rule, const struct parts *parts)
{
    for (size_t i = 0; i < rule->count; i++) {
        if (i >= parts->count) return false;
        const struct segment *const segment = &rule->segments[i];
        if (segment->kind == SEGMENT_LITERAL && strcmp(segment->text, parts->texts[i]) != 0) return false;
        if (segment->kind != SEGMENT_LITERAL && !parts->texts[i][0]) return false;
        if (segment->kind == SEGMENT_REST) return none_empty(parts, i);
    }
    return rule->count == parts->count;
}

static const char *rest_of(struct arena *mem, const struct parts *parts, size_t from)
{
    const char *text = parts->texts[from];
    for (size_t i = from + 1; i < parts->count; i++) text = arena_printf(mem, "%s/%s", text, parts->texts[i]);
    return text;
}

static void take_params(const struct rule *rule, const struct parts *parts, struct arena *mem,
                        struct pairs *out)
{
    for (size_t i = 0; i < rule->count; i++) {
        const struct segment *const segment = &rule->segments[i];
        if (segment->kind == SEGMENT_LITERAL) continue;
        pairs_add(out, mem, segment->text,
                  segment->kind == SEGMENT_REST ? rest_of(mem, parts, i) : parts->texts[i]);
    }
}

static const char *allowed_methods(const struct router *router, const struct parts *parts, struct arena *mem)
{
    bool there[METHOD_COUNT] = { false };
    for (size_t i = 0; i < router->count; i++)
        if (rule_matches(&router->rules[i], parts)) there[router->rules[i].route->method] = true;
    const char *text = "";
    for (int method = 0; method < METHOD_COUNT; method++)
        if (there[method])
            text = arena_printf(mem, "%s%s%s%s", text, *text ? ", " : "", method_names[method],
                                method == METHOD_GET ? ", HEAD" : "");
    return text;
}

/* The most particular rule of the method; `any` tells whether another method would have one. */
static const struct rule *best_rule(const struct router *router, int method, const struct parts *parts,
                                    bool *any)
{
    const struct rule *best = NULL;
    *any = false;
    for (size_t i = 0; i < router->count; i++) {
        const struct rule *const rule = &router->rules[i];
        if (rule->count > parts->count || !rule_matches(rule, parts)) continue;
        *any = true;
        if ((int)rule->route->method == method && (!best || compare_rules(rule, best) < 0)) best = rule;
    }
    return best;
}

struct route_match router_find(const struct router *router, struct arena *mem, const char *method,
                               const char *path)
{
    struct route_match match = { .result = ROUTE_UNKNOWN };
    struct parts parts;
    bool any;
    if (!split(mem, path, &parts)) return match;
    const struct rule *const rule = best_rule(
        router, text_find(method_names, strcmp(method, "HEAD") == 0 ? "GET" : method), &parts, &any);
    if (any && parts.slash) {
        match.result = ROUTE_SLASH;
    } else if (rule) {
        match.result = ROUTE_FOUND;
        match.route = rule->route;
        take_params(rule, &parts, mem, &match.params);
    } else if (any) {
        match.result = ROUTE_WRONG_METHOD;
        match.allow = allowed_methods(router, &parts, mem);
    }
    return match;
}
