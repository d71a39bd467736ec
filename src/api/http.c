#include "api/http.h"

#include <string.h>
#include <strings.h>

const char *const method_names[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", NULL };
static_assert(COUNT_OF(method_names) == METHOD_COUNT + 1, "one name per method");

const char *const need_names[] = { "default", "read", "create", "admin", "known", "nothing", NULL };
static_assert(COUNT_OF(need_names) == NEED_NOTHING + 2, "one name per need");

void pairs_add(struct pairs *pairs, struct arena *mem, const char *name, const char *value)
{
    if (pairs->count == pairs->room) {
        const size_t room = pairs->room ? pairs->room * 2 : 8;
        struct pair *const items = arena_array(mem, room, sizeof *items);
        if (pairs->count) memcpy(items, pairs->items, pairs->count * sizeof *items);
        pairs->items = items;
        pairs->room = room;
    }
    pairs->items[pairs->count++] = (struct pair){ name, value };
}

const char *pairs_find(const struct pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0) return pairs->items[i].value;
    return NULL;
}

const char *pairs_find_header(const struct pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcasecmp(pairs->items[i].name, name) == 0) return pairs->items[i].value;
    return NULL;
}

enum need route_needs(const struct route *route)
{
    if (route->needs != NEED_DEFAULT) return route->needs;
    return route->method == METHOD_GET ? NEED_READ : NEED_CREATE;
}

unsigned route_permission(const struct route *route)
{
    static const unsigned permissions[] = {
        [NEED_READ] = MAY_READ, [NEED_CREATE] = MAY_CREATE, [NEED_ADMIN] = MAY_ADMIN, [NEED_NOTHING] = 0
    };
    return permissions[route_needs(route)];
}

bool route_takes_key(const struct route *route)
{
    const enum need needs = route_needs(route);
    return route->by_key || route->method == METHOD_GET || (needs != NEED_ADMIN && needs != NEED_KNOWN);
}

const char *request_param(const struct request *rq, const char *name)
{
    const char *const value = pairs_find(&rq->param_pairs, name);
    assert(value && "the route has no such parameter");
    return value;
}

const char *request_query(const struct request *rq, const char *name)
{
    return pairs_find(&rq->query_pairs, name);
}

const char *request_header(const struct request *rq, const char *name)
{
    return pairs_find_header(&rq->header_pairs, name);
}
