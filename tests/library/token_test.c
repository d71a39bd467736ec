/* Tokens: the vectors of RFC 7515 A.1, tokens minted elsewhere, and everything that must not pass. */
#include "test.h"

#include "base/time.h"
#include "library/token.h"

#include <sodium.h>

static const int64_t now = 1700000000 * (int64_t)SECOND;
#define SECRET "a secret that is long enough for HS256"

static char *base64(struct arena *mem, const char *text)
{
    const size_t room = sodium_base64_ENCODED_LEN(strlen(text), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return sodium_bin2base64(arena_alloc(mem, room), room, (const unsigned char *)text, strlen(text),
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* A token of exactly these texts, signed by HMAC-SHA-256 as a stranger would. */
static char *mint(struct arena *mem, const char *secret, const char *header, const char *payload)
{
    unsigned char mac[32];
    char encoded[64];
    crypto_auth_hmacsha256_state state;
    char *const text = arena_printf(mem, "%s.%s", base64(mem, header), base64(mem, payload));
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(encoded, sizeof encoded, mac, sizeof mac, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return arena_printf(mem, "%s.%s", text, encoded);
}

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static const char *outcome(struct arena *mem, const char *token)
{
    struct claims claims;
    struct error err = { .cause = CAUSE_NONE };
    if (token_read(token, SECRET, now, mem, &claims, &err)) return "ok";
    return err.cause == CAUSE_UNAUTHENTICATED ? arena_text(mem, err.text) : "another cause";
}

TEST(what_we_mint_we_read)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err;
    const char *roles[] = { "editor", "viewer" };
    const struct claims in = {
        .subject = "ann", .roles = { roles, 2 }, .issued_at = now, .expires_at = now + 60 * (int64_t)SECOND
    };
    struct claims out;
    CHECK_OK(token_read(token_new(&mem, SECRET, &in), SECRET, now, &mem, &out, &err));
    CHECK_TEXT(out.subject, "ann");
    CHECK_INT(out.roles.count, 2);
    CHECK_TEXT(out.roles.items[1], "viewer");
    CHECK_INT(out.issued_at, now);
    CHECK_INT(out.expires_at, in.expires_at);
}

/* RFC 7515 appendix A.1, with its key, its odd line breaks and its signature. */
TEST(example_of_the_rfc)
{
    AUTO(arena) struct arena mem = { 0 };
    static const char input[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                                "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                                "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    static const char key64[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    unsigned char key[65] = { 0 };
    size_t size;
    CHECK(sodium_base642bin(key, 64, key64, strlen(key64), NULL, &size, NULL,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0);
    CHECK_INT(size, 64);
    CHECK_INT(strlen((char *)key), 64); /* it is fit to be a secret of ours */
    const char *const token = arena_printf(&mem, "%s.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", input);
    struct claims claims;
    struct error err;
    CHECK_OK(token_read(token, (char *)key, 1300819370 * (int64_t)SECOND, &mem, &claims, &err));
    CHECK_TEXT(claims.subject, "");
    CHECK_INT(claims.expires_at, 1300819380 * (int64_t)SECOND);
    CHECK(!token_read(token, (char *)key, now, &mem, &claims, &err));
    CHECK_TEXT(err.text, "Token expired");
}

TEST(payloads)
{
    static const struct {
        const char *payload, *outcome;
    } rows[] = {
        { "{}", "ok" },
        { "{\"sub\":\"x\"}", "ok" },
        { "{\"sub\":\"\"}", "ok" },
        { "{\"sub\":7}", "Invalid token" },
        { "{\"sub\":null}", "Invalid token" },
        { "{\"roles\":[]}", "ok" },
        { "{\"roles\":[\"admin\"]}", "ok" },
        { "{\"roles\":\"admin\"}", "Invalid token" },
        { "{\"roles\":[1]}", "Invalid token" },
        { "{\"exp\":1700000001}", "ok" },
        { "{\"exp\":1700000000}", "Token expired" },
        { "{\"exp\":1}", "Token expired" },
        { "{\"exp\":0}", "Token expired" },
        { "{\"exp\":-5}", "Token expired" },
        { "{\"exp\":1700000000.5}", "ok" },
        { "{\"exp\":\"1700000001\"}", "Invalid token" },
        { "{\"exp\":1e300}", "Invalid token" },
        { "{\"exp\":null}", "Invalid token" },
        { "{\"iat\":1700000000}", "ok" },
        { "{\"iat\":1700000004}", "ok" },
        { "{\"iat\":1700000060}", "Invalid token" },
        { "{\"iat\":true}", "Invalid token" },
        { "{\"nbf\":1700000060}", "Invalid token" },
        { "{\"nbf\":1600000000}", "ok" },
        { "{\"extra\":{\"deep\":[1,2]}}", "ok" },
        { "{\"sub\":\"a\",\"sub\":\"b\"}", "Invalid token" },
        { "[]", "Invalid token" },
        { "7", "Invalid token" },
        { "", "Invalid token" },
        { "{", "Invalid token" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const char *const got = outcome(&mem, mint(&mem, SECRET, HS256, rows[i].payload));
        CHECK_MSG(strcmp(got, rows[i].outcome) == 0, "%s gives \"%s\", not \"%s\"", rows[i].payload, got,
                  rows[i].outcome);
    }
}

TEST(headers)
{
    static const struct {
        const char *header, *outcome;
    } rows[] = {
        { "{\"alg\":\"HS256\"}", "ok" },
        { "{\"alg\":\"HS256\",\"kid\":\"1\"}", "ok" },
        { "{\"alg\":\"none\"}", "Invalid token" },
        { "{\"alg\":\"None\"}", "Invalid token" },
        { "{\"alg\":\"hs256\"}", "Invalid token" },
        { "{\"alg\":\"HS384\"}", "Invalid token" },
        { "{\"alg\":\"HS512\"}", "Invalid token" },
        { "{\"alg\":\"RS256\"}", "Invalid token" },
        { "{\"alg\":[\"HS256\"]}", "Invalid token" },
        { "{\"typ\":\"JWT\"}", "Invalid token" },
        { "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", "Invalid token" },
        { "{\"alg\":\"none\",\"alg\":\"HS256\"}", "Invalid token" },
        { "\"HS256\"", "Invalid token" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const char *const got = outcome(&mem, mint(&mem, SECRET, rows[i].header, "{}"));
        CHECK_MSG(strcmp(got, rows[i].outcome) == 0, "%s gives \"%s\"", rows[i].header, got);
    }
}

TEST(forgeries)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_TEXT(outcome(&mem, mint(&mem, "another secret", HS256, "{}")), "Invalid token");
    static const char *const shapes[] = { "",
                                          ".",
                                          "..",
                                          "a",
                                          "a.b",
                                          "a.b.c",
                                          "a.b.c.d",
                                          "....",
                                          "e30.e30.",
                                          "e30..e30",
                                          "\xff\xfe.\xff.\xff",
                                          "e30=.e30=.e30=" };
    for (size_t i = 0; i < COUNT_OF(shapes); i++) CHECK_TEXT(outcome(&mem, shapes[i]), "Invalid token");
    const char *const none =
        arena_printf(&mem, "%s.%s.", base64(&mem, "{\"alg\":\"none\"}"), base64(&mem, "{}"));
    CHECK_TEXT(outcome(&mem, none), "Invalid token");
}

/* Every single character changed, dropped or added must matter. */
TEST(tampering)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const token = mint(&mem, SECRET, HS256, "{\"sub\":\"ann\",\"roles\":[\"viewer\"]}");
    const size_t size = strlen(token);
    CHECK_TEXT(outcome(&mem, token), "ok");
    for (size_t i = 0; i < size; i++) {
        char *const changed = arena_text(&mem, token);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK_MSG(strcmp(outcome(&mem, changed), "Invalid token") == 0, "character %zu changed", i);
        changed[i] = (char)(token[i] ^ 0x80);
        CHECK_MSG(strcmp(outcome(&mem, changed), "Invalid token") == 0, "character %zu not ASCII", i);
        const char *const dropped = arena_printf(&mem, "%.*s%s", (int)i, token, token + i + 1);
        CHECK_MSG(strcmp(outcome(&mem, dropped), "Invalid token") == 0, "character %zu dropped", i);
    }
    CHECK_TEXT(outcome(&mem, arena_printf(&mem, "%s=", token)), "Invalid token");
    CHECK_TEXT(outcome(&mem, arena_printf(&mem, "%s ", token)), "Invalid token");
}

TEST(oversize_and_no_secret)
{
    AUTO(arena) struct arena mem = { 0 };
    struct claims claims;
    struct error err;
    char *const big = arena_alloc(&mem, 20001);
    memset(big, 'a', 20000);
    CHECK_TEXT(outcome(&mem, big), "Invalid token");
    CHECK(!token_read(mint(&mem, "", HS256, "{}"), "", now, &mem, &claims, &err));
    CHECK(!token_read(mint(&mem, "", HS256, "{}"), NULL, now, &mem, &claims, &err));
}

TEST_MAIN
