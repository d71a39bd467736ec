#include "base/hash.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

static struct digest to_hex(const unsigned char raw[crypto_hash_sha256_BYTES])
{
    struct digest digest;
    sodium_bin2hex(digest.hex, sizeof digest.hex, raw, crypto_hash_sha256_BYTES);
    return digest;
}

struct digest hash_bytes(const void *bytes, size_t size_bytes)
{
    unsigned char raw[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(raw, bytes, size_bytes);
    return to_hex(raw);
}

static bool always(void *with, int64_t done_bytes)
{
    (void)with;
    (void)done_bytes;
    return true;
}

bool hash_file(int fd, struct digest *out, struct error *err) { return hash_file_watched(fd, always, NULL, out, err); }

bool hash_file_watched(int fd, hash_asked *go_on, void *with, struct digest *out, struct error *err)
{
    enum { CHUNK = 1 << 18 };
    unsigned char *const chunk = malloc(CHUNK);
    if (!chunk) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to hash a file; try again later");
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    off_t offset = 0;
    ssize_t got = 1;
    bool asked = true;
    while (got && (asked = go_on(with, offset)) && ((got = pread(fd, chunk, CHUNK, offset)) > 0 || (got < 0 && errno == EINTR))) {
        if (got < 0) continue;
        crypto_hash_sha256_update(&state, chunk, (unsigned long long)got);
        offset += got;
    }
    const int reason = errno;
    free(chunk);
    if (!asked) return fail(err, CAUSE_INTERRUPTED, "it was stopped while a file was read");
    if (got < 0) return fail_errno(err, reason, "a file could not be read to hash it");
    unsigned char raw[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(&state, raw);
    *out = to_hex(raw);
    return true;
}

uint64_t hash_seed(const char *text)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (; *text; text++) h = (h ^ (unsigned char)*text) * 0x100000001B3u;
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return h ^ (h >> 31);
}
