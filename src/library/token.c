#include "library/token.h"

#include "base/json.h"
#include "base/time.h"
#include "library/secret.h"

#include <ctype.h>
#include <math.h>
#include <sodium.h>
#include <string.h>

enum { TOKEN_MAX_BYTES = 8192 };

static char *base64_text(struct arena *mem, const void *bytes, size_t size_bytes)
{
    const size_t room = sodium_base64_encoded_len(size_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *const text = arena_alloc(mem, room);
    return sodium_bin2base64(text, room, bytes, size_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* The bytes of base64url text; NULL when it is anything else. */
static char *base64_bytes(struct arena *mem, const char *text, size_t text_size, size_t *size_out)
{
    char *const bytes = arena_alloc(mem, text_size + 1);
    for (size_t i = 0; i < text_size; i++) /* libsodium 1.0.18 takes some other bytes for letters */
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_') return NULL;
    if (sodium_base642bin((unsigned char *)bytes, text_size + 1, text, text_size, NULL, size_out, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return NULL;
    return bytes;
}

/* ---- writing ---- */

static void write_claims(struct json_out *out, const struct claims *claims)
{
    json_put_open(out, '{');
    if (claims->subject) json_put_pair(out, "sub", claims->subject);
    json_put_key(out, "roles");
    json_put_texts(out, claims->roles.items, claims->roles.count);
    if (claims->session_id) json_put_pair(out, "sid", claims->session_id);
    json_put_key(out, "iat");
    json_put_int(out, claims->issued_at / SECOND);
    if (claims->expires_at) {
        json_put_key(out, "exp");
        json_put_int(out, claims->expires_at / SECOND);
    }
    json_put_close(out, '}');
}

char *token_new(struct arena *mem, const char *secret, const struct claims *claims)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    assert(secret[0] && sodium_init() >= 0);
    AUTO(buf) struct buf payload = BUF(TOKEN_MAX_BYTES / 2);
    write_claims(&(struct json_out){ .buf = &payload }, claims);
    char *const text = arena_printf(mem, "%s.%s", base64_text(mem, header, sizeof header - 1),
                                    base64_text(mem, buf_str(&payload), payload.size));
    unsigned char mac[SECRET_MAC_BYTES];
    secret_mac(secret, text, strlen(text), mac);
    return arena_printf(mem, "%s.%s", text, base64_text(mem, mac, sizeof mac));
}

/* ---- reading ---- */

static bool invalid(struct error *err) { return fail(err, CAUSE_UNAUTHENTICATED, "Invalid token"); }

static bool decode_object(struct arena *mem, const char *text, size_t text_size, const struct json **out)
{
    size_t size_bytes;
    const char *const bytes = base64_bytes(mem, text, text_size, &size_bytes);
    return bytes && json_parse(bytes, size_bytes, mem, out, NULL, NULL) && (*out)->kind == JSON_IS_OBJECT;
}

/* Nearly every token has the header token_new writes, which needs no look inside. */
static bool header_good(struct arena *mem, const char *text, size_t text_size)
{
    static const char ours[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    const struct json *header;
    if (text_size == sizeof ours - 1 && memcmp(text, ours, text_size) == 0) return true;
    return decode_object(mem, text, text_size, &header) &&
           text_is(json_get_text(header, "alg", NULL), "HS256") && !json_get(header, "crit");
}

static bool signature_good(const char *token, const char *last_dot, const char *secret, struct arena *mem)
{
    unsigned char mac[SECRET_MAC_BYTES];
    size_t size_bytes;
    const char *const given = base64_bytes(mem, last_dot + 1, strlen(last_dot + 1), &size_bytes);
    if (!given || size_bytes != sizeof mac) return false;
    secret_mac(secret, token, (size_t)(last_dot - token), mac);
    return sodium_memcmp(mac, given, sizeof mac) == 0;
}

/* A NumericDate claim: absent is 0 and fine, anything but a sane number is not. */
static bool read_date(const struct json *payload, const char *name, int64_t *out)
{
    const struct json *const value = json_get(payload, name);
    *out = 0;
    if (!value) return true;
    if (value->kind != JSON_IS_INT && value->kind != JSON_IS_REAL) return false;
    const double seconds = value->kind == JSON_IS_INT ? (double)value->integer : value->real;
    if (!(fabs(seconds) < 1e12)) return false;
    *out = (int64_t)(seconds * SECOND);
    if (*out == 0) *out = 1; /* 1970 is a date too */
    return true;
}

static bool read_roles(const struct json *payload, struct arena *mem, struct texts *out)
{
    const struct json *const roles = json_get(payload, "roles");
    *out = (struct texts){ 0 };
    if (!roles || roles->kind == JSON_IS_NULL) return true;
    if (roles->kind != JSON_IS_ARRAY) return false;
    out->items = arena_array(mem, roles->count, sizeof(char *));
    for (; out->count < roles->count; out->count++) {
        if (roles->items[out->count].kind != JSON_IS_TEXT) return false;
        out->items[out->count] = roles->items[out->count].text;
    }
    return true;
}

static bool read_claims(const struct json *payload, int64_t now, struct arena *mem, struct claims *out,
                        struct error *err)
{
    const struct json *const subject = json_get(payload, "sub"), *const session = json_get(payload, "sid");
    int64_t not_before;
    if ((subject && subject->kind != JSON_IS_TEXT) || (session && session->kind != JSON_IS_TEXT))
        return invalid(err);
    out->session_id = session ? session->text : NULL;
    out->subject = subject ? subject->text : "";
    if (!read_roles(payload, mem, &out->roles) || !read_date(payload, "iat", &out->issued_at) ||
        !read_date(payload, "exp", &out->expires_at) || !read_date(payload, "nbf", &not_before))
        return invalid(err);
    const int64_t latest = now + TOKEN_LEEWAY_S * (int64_t)SECOND;
    if (out->issued_at > latest || not_before > latest) return invalid(err);
    if (out->expires_at && out->expires_at <= now) return fail(err, CAUSE_UNAUTHENTICATED, "Token expired");
    return true;
}

bool token_read(const char *token, const char *secret, int64_t now, struct arena *mem, struct claims *out,
                struct error *err)
{
    if (sodium_init() < 0 || text_empty(secret) || strlen(token) > TOKEN_MAX_BYTES) return invalid(err);
    const char *const first_dot = strchr(token, '.'), *const last_dot = strrchr(token, '.');
    const struct json *payload;
    if (!first_dot || first_dot == last_dot || strchr(first_dot + 1, '.') != last_dot) return invalid(err);
    if (!header_good(mem, token, (size_t)(first_dot - token))) return invalid(err);
    if (!signature_good(token, last_dot, secret, mem)) return invalid(err);
    if (!decode_object(mem, first_dot + 1, (size_t)(last_dot - first_dot - 1), &payload)) return invalid(err);
    struct claims claims;
    if (!read_claims(payload, now, mem, &claims, err)) return false;
    *out = claims;
    return true;
}
