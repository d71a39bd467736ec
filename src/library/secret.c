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

const char *secret_hash(struct arena *mem, const char *secret)
{
    const struct digest digest = hash_bytes(secret, strlen(secret));
    return arena_text(mem, digest.hex);
}
