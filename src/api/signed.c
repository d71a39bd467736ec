#include "api/signed.h"

#include "base/text.h"
#include "base/time.h"
#include "library/secret.h"

#include <sodium.h>
#include <string.h>

const char *signed_scope(struct arena *mem, const char *asset_id, const char *what)
{
    return arena_printf(mem, "/api/media/assets/%s/%s", asset_id, what);
}

/* 64 hexadecimal digits. */
static const char *sign(const struct app *app, struct arena *mem, const char *scope, const char *expires,
                        const char *download)
{
    static const char purpose[] = "umam media link 1";
    unsigned char key[SECRET_MAC_BYTES], mac[SECRET_MAC_BYTES];
    char key_hex[2 * sizeof key + 1], mac_hex[2 * sizeof mac + 1];
    const char *const text = arena_printf(mem, "%s\n%s\n%s", scope, expires, download ? download : "");
    secret_mac(app->secret, purpose, strlen(purpose), key);
    sodium_bin2hex(key_hex, sizeof key_hex, key, sizeof key);
    secret_mac(key_hex, text, strlen(text), mac);
    sodium_bin2hex(mac_hex, sizeof mac_hex, mac, sizeof mac);
    sodium_memzero(key, sizeof key);
    sodium_memzero(key_hex, sizeof key_hex);
    return arena_text(mem, mac_hex);
}

static const char *url_encode(struct arena *mem, const char *text)
{
    AUTO(buf) struct buf out = BUF(4096);
    for (const char *at = text; *at; at++)
        buf_printf(&out,
                   strchr("-_.~", *at) || (*at >= '0' && *at <= '9') ||
                           ((*at | 32) >= 'a' && (*at | 32) <= 'z')
                       ? "%c"
                       : "%%%02X",
                   (unsigned char)*at);
    return arena_text(mem, buf_str(&out));
}

const char *signed_query(const struct app *app, struct arena *mem, const char *scope, int64_t expires_at,
                         const char *download)
{
    const char *const expires = arena_printf(mem, "%lld", (long long)(expires_at / SECOND));
    const char *const query =
        arena_printf(mem, "expires=%s&signature=%s", expires, sign(app, mem, scope, expires, download));
    return download ? arena_printf(mem, "%s&download=%s", query, url_encode(mem, download)) : query;
}

static bool check_link(const struct request *rq, const struct signed_terms *terms, const char *scope,
                       struct admission *out, struct error *err)
{
    int64_t expires_s;
    const char *const given = terms->signature ? terms->signature : "";
    const char *const right =
        sign(rq->app, rq->mem, scope, terms->expires ? terms->expires : "", terms->download);
    const bool same = strlen(given) == strlen(right) && sodium_memcmp(given, right, strlen(right)) == 0;
    if (!same || !text_to_int(terms->expires, &expires_s))
        return fail(err, CAUSE_FORBIDDEN, "this link is not as it was signed: it was altered or cut short");
    const int64_t left_s = expires_s - time_now() / SECOND;
    if (left_s <= 0)
        return fail(err, CAUSE_FORBIDDEN,
                    "this link was good until %s UTC; whoever made it can make a new one",
                    time_text(rq->mem, expires_s * SECOND));
    out->by_link = true;
    out->cache = arena_printf(rq->mem, "public, max-age=%lld", (long long)left_s);
    return true;
}

bool signed_admit(const struct request *rq, const struct signed_terms *terms, const char *scope,
                  struct admission *out, struct error *err)
{
    const struct app *const app = rq->app;
    *out = (struct admission){ .anybody = !text_is(app->settings->media_access, "signed"),
                               .cache = "public, max-age=31536000, immutable" };
    if (terms->expires || terms->signature) return check_link(rq, terms, scope, out, err);
    if (out->anybody) return true;
    out->cache = "private, max-age=31536000, immutable";
    if (!rq->caller.known) return fail(err, CAUSE_UNAUTHENTICATED, "Not authenticated");
    return rq->caller.may & MAY_READ || fail(err, CAUSE_FORBIDDEN, "you need the permission 'read'");
}

bool signed_asset(struct request *rq, const struct signed_terms *terms, const char *what,
                  struct asset *asset_out, struct admission *out, struct error *err)
{
    struct app *const app = rq->app;
    const char *const id = request_param(rq, "asset_id");
    struct actor actor = request_actor(rq);
    if (!signed_admit(rq, terms, signed_scope(rq->mem, id, what), out, err)) return false;
    if (out->by_link || out->anybody) actor.others = true;
    return asset_get(&app->lib, rq->mem, &actor, id, asset_out, err) &&
           (!asset_out->trashed_at || fail(err, CAUSE_NOT_FOUND, "this asset was deleted"));
}
