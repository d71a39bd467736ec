/* Tokens. First line "raw": the rest is the token. First line "signed": header and payload follow as a line
 * of text each and are signed here, so that the search gets behind the signature; "forged" signs with another
 * key. No token is good unless its signature is, and no claim goes unnoticed. */
#include "fuzz.h"

#include "base/time.h"
#include "library/token.h"

#include <sodium.h>

static const char secret[] = "the secret of this test";
static const int64_t now = 1700000000LL * SECOND;

enum { VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

static const char *encoded(struct arena *mem, const void *bytes, size_t size)
{
    const size_t room = sodium_base64_encoded_len(size, VARIANT);
    return sodium_bin2base64(arena_alloc(mem, room), room, bytes, size, VARIANT);
}

static const char *signature(struct arena *mem, const char *key, const char *text, size_t size)
{
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key, strlen(key));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, size);
    crypto_auth_hmacsha256_final(&state, mac);
    return encoded(mem, mac, sizeof mac);
}

static void check_claims(const struct json *header, const struct json *payload, const struct claims *claims)
{
    EXPECT(text_is(json_get_text(header, "alg", ""), "HS256") && !json_get(header, "crit"));
    EXPECT(text_is(json_get_text(payload, "sub", ""), claims->subject));
    EXPECT(!json_get(payload, "exp") || json_get_real(payload, "exp", 0) * SECOND > (double)now);
    EXPECT(json_get_real(payload, "nbf", 0) < 1.7e9 + 10 && json_get_real(payload, "iat", 0) < 1.7e9 + 10);
    EXPECT(claims->roles.count == (json_get(payload, "roles") ? json_get(payload, "roles")->count : 0));
}

static void make_and_read(struct input *in, const char *key, struct arena *mem)
{
    const char *const header = input_line(in, mem), *const payload = input_rest(in, mem);
    const char *const text = arena_printf(mem, "%s.%s", encoded(mem, header, strlen(header)),
                                          encoded(mem, payload, strlen(payload)));
    const char *const token = arena_printf(mem, "%s.%s", text, signature(mem, key, text, strlen(text)));
    struct claims claims;
    struct error err = { 0 };
    if (token_read(token, secret, now, mem, &claims, &err)) {
        EXPECT(key == secret);
        check_claims(json_read(mem, header), json_read(mem, payload), &claims);
    } else {
        EXPECT(err.cause == CAUSE_UNAUTHENTICATED);
    }
}

static void read_raw(const char *token, struct arena *mem)
{
    struct claims claims;
    struct error err = { 0 };
    if (!token_read(token, secret, now, mem, &claims, &err)) return;
    const char *const dot = strrchr(token, '.');
    EXPECT(text_is(dot + 1, signature(mem, secret, token, (size_t)(dot - token))));
}

FUZZ(mem, in)
{
    const char *const how = input_line(in, mem);
    if (text_is(how, "raw"))
        read_raw(input_rest(in, mem), mem);
    else
        make_and_read(in, text_is(how, "forged") ? "the secret of this tesT" : secret, mem);
}
