/* From method and path to a route: by segments, percent-decoded after splitting, literals before parameters.
 *
 * A segment that decodes to NUL, invalid UTF-8, a slash, "." or ".." matches nothing. The tables stay the
 * caller's and must outlive the router. */
#pragma once

#include "api/http.h"

struct router;

/* `tables` is a NULL-terminated array of tables that end with { 0 }. Two rows that match the same requests,
 * or a malformed path, are programmer errors. */
struct router *router_new(struct arena *mem, const struct route *const *tables) MUST_USE;

enum route_result {
    ROUTE_FOUND,
    ROUTE_UNKNOWN,      /* 404 */
    ROUTE_WRONG_METHOD, /* 405, `allow` is set */
    ROUTE_SLASH,        /* the path without its trailing slash exists: 307 */
};

struct route_match {
    enum route_result result;
    const struct route *route;
    struct pairs params;
    const char *allow; /* "GET, HEAD, POST" */
};

/* `method` is the word from the request line; HEAD finds GET rows. Texts of the match live in `mem`. */
struct route_match router_find(const struct router *router, struct arena *mem, const char *method,
                               const char *path);

/* Undoes percent-encoding (and '+' where `plus`); NULL for bad escapes, NUL bytes or invalid UTF-8. */
char *url_decode(struct arena *mem, const char *text, size_t size_bytes, bool plus) MUST_USE;
