/* Media for whom: links that are good without a token until a time, for players, pages and caches that can
 * send none.
 *
 *     PATH?expires=SECONDS&signature=HEX[&download=NAME]
 *
 * `expires` counts from 1970 UTC. The signature is HMAC-SHA256 over scope, time and name, under a key derived
 * from the server's secret for this use alone. The scope is a path: that of a file, or of everything an asset
 * offers below one, so that a playlist's signature is good for its segments. */
#pragma once

#include "api/app.h"

enum { SIGNED_MIN_S = 1, SIGNED_MAX_S = 30 * 24 * 3600 };

/* What a signed link carries; members of the query of every route that takes one. */
struct signed_terms {
    const char *expires, *signature, *download;
};
#define SIGNED_FIELDS(S)                                                                                     \
    TEXT(S, terms.expires, .name = "expires", .nullable = true, .max = 20,                                   \
         .doc = "Of a signed link: when it ends, in seconds since 1970."),                                   \
        TEXT(S, terms.signature, .name = "signature", .nullable = true, .max = 64,                           \
             .doc = "Of a signed link: what nobody else can make."),                                         \
        TEXT(S, terms.download, .name = "download", .nullable = true, .max = 255,                            \
             .doc = "Of a signed link: the name it is saved under.")

/* "expires=...&signature=...": behind a path of this scope. `download` may be NULL. */
const char *signed_query(const struct app *app, struct arena *mem, const char *scope, int64_t expires_at,
                         const char *download);

/* Who came and how long a cache may keep what he gets. */
struct admission {
    bool by_link, anybody; /* by a signed link; nobody needs to be known */
    const char *cache;     /* Cache-Control */
};

/* Whether the caller gets what lies at `scope`. A link whose time is over or that was altered is FORBIDDEN,
 * also where none is needed; without one where it is needed, and without a token: UNAUTHENTICATED. */
bool signed_admit(const struct request *rq, const struct signed_terms *terms, const char *scope,
                  struct admission *out, struct error *err) MUST_USE;

/* The asset `asset_id` of the path, for a caller who is admitted to `what` of it: "picture", "hls". */
bool signed_asset(struct request *rq, const struct signed_terms *terms, const char *what,
                  struct asset *asset_out, struct admission *out, struct error *err) MUST_USE;

const char *signed_scope(struct arena *mem, const char *asset_id, const char *what);
