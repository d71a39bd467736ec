#include "library/secret.h"

#include "base/hash.h"
#include "base/id.h"

#include <sodium.h>
#include <string.h>

char *secret_new(struct arena *mem, const char *prefix)
{
    unsigned char bytes[32];
    char text[SECRET_TEXT_BYTES + 1];
    random_bytes(bytes, sizeof bytes);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *const secret = arena_printf(mem, "%s%s", prefix, text);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
    return secret;
}

void secret_mac(const char *key, const char *text, size_t size_bytes, unsigned char mac[SECRET_MAC_BYTES])
{
    static_assert(SECRET_MAC_BYTES == crypto_auth_hmacsha256_BYTES, "the mac of libsodium");
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key, strlen(key));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, size_bytes);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
}

const char *secret_seal(struct arena *mem, const char *key, const char *purpose, const char *text)
{
    unsigned char mac[SECRET_MAC_BYTES];
    char hex[2 * sizeof mac + 1];
    const char *const whole =
        arena_printf(mem, "%s %s", purpose, text); /* no token is signed with a space in it */
    secret_mac(key, whole, strlen(whole), mac);
    sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    return arena_text_n(mem, hex, SECRET_SEAL_BYTES);
}

const char *secret_hash(struct arena *mem, const char *secret)
{
    const struct digest digest = hash_bytes(secret, strlen(secret));
    return arena_text(mem, digest.hex);
}
