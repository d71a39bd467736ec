/* Signed links. Lines: scope, seconds it is good from now, name to download as; then the query of a link that
 * somebody made up. One we make is good for its scope until its time, and nothing else is good at all. */
#include "fuzz.h"

#include "api/exchange.h"
#include "api/signed.h"
#include "base/time.h"

static const struct settings settings = { .media_access = "signed" };
static struct app app = { .settings = &settings };

static bool admitted(struct arena *mem, const char *query, const char *scope, struct error *err)
{
    struct request rq = { .mem = mem, .app = &app, .query_string = query };
    struct admission got;
    if (!request_decode_query(&rq, err)) return false;
    const struct signed_terms terms = { request_query(&rq, "expires"), request_query(&rq, "signature"),
                                        request_query(&rq, "download") };
    if (!signed_admit(&rq, &terms, scope, &got, err)) return false;
    EXPECT(got.by_link && !got.anybody && text_starts(got.cache, "public, max-age=") && got.cache[16] != '-');
    return true;
}

/* It is one of ours: what we would write with its terms. */
static void check_made_up(struct arena *mem, const char *query, const char *scope)
{
    struct request rq = { .mem = mem, .query_string = query };
    struct error err = { 0 };
    int64_t expires_s;
    if (!admitted(mem, query, scope, &err)) {
        EXPECT(err.cause == CAUSE_FORBIDDEN || err.cause == CAUSE_UNAUTHENTICATED ||
               err.cause == CAUSE_BAD_REQUEST);
        return;
    }
    EXPECT(request_decode_query(&rq, &err) && text_to_int(request_query(&rq, "expires"), &expires_s));
    const char *const right =
        signed_query(&app, mem, scope, expires_s * SECOND, request_query(&rq, "download"));
    EXPECT(strstr(right, request_query(&rq, "signature")));
}

FUZZ(mem, in)
{
    struct error err = { 0 };
    if (!app.secret) app.secret = "a secret for this test only";
    const char *const scope = input_line(in, mem);
    const int64_t good_s = input_int(in, mem) % SIGNED_MAX_S;
    const char *const name = input_line(in, mem), *const download = *name ? name : NULL;
    const int64_t until = time_now() + good_s * SECOND;
    const char *const query = signed_query(&app, mem, scope, until, download);
    const bool is_text = text_valid_utf8(name, strlen(name));
    EXPECT(!has_control(query) && !strpbrk(query, " \"<>#"));
    if (good_s > 60 && is_text) {
        EXPECT(admitted(mem, query, scope, &err));
        EXPECT(!admitted(mem, query, arena_printf(mem, "%s/", scope), &err));
        EXPECT(!admitted(mem, arena_printf(mem, "%s0", query), scope, &err));
        EXPECT(!admitted(mem, query + 1, scope, &err));
    }
    if (good_s < 0) EXPECT(!admitted(mem, query, scope, &err));
    check_made_up(mem, input_rest(in, mem), scope);
}
