#include "base/hash.h"

#include <errno.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const hash_kind_names[] = { "sha256", "sha1", NULL };

static_assert(sizeof(struct sha256_ctx) <= sizeof(((struct hasher *)NULL)->state), "a state fits");
static_assert(sizeof(struct sha1_ctx) <= sizeof(((struct hasher *)NULL)->state), "a state fits");

struct hasher hasher_new(enum hash_kind kind)
{
    struct hasher hasher = { .kind = kind };
    if (kind == HASH_SHA1)
        sha1_init((struct sha1_ctx *)hasher.state);
    else
        sha256_init((struct sha256_ctx *)hasher.state);
    return hasher;
}

void hasher_add(struct hasher *hasher, const void *bytes, size_t size_bytes)
{
    if (hasher->kind == HASH_SHA1)
        sha1_update((struct sha1_ctx *)hasher->state, size_bytes, bytes);
    else
        sha256_update((struct sha256_ctx *)hasher->state, size_bytes, bytes);
}

size_t hasher_end(struct hasher *hasher, unsigned char out[HASH_BYTES_MAX])
{
    const size_t size = hasher->kind == HASH_SHA1 ? SHA1_DIGEST_SIZE : SHA256_DIGEST_SIZE;
    if (hasher->kind == HASH_SHA1)
        sha1_digest((struct sha1_ctx *)hasher->state, size, out);
    else
        sha256_digest((struct sha256_ctx *)hasher->state, size, out);
    return size;
}

struct digest hasher_digest(struct hasher *hasher)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[HASH_BYTES_MAX];
    struct digest digest = { { 0 } };
    const size_t size = hasher_end(hasher, raw);
    for (size_t i = 0; i < size; i++) {
        digest.hex[2 * i] = digits[raw[i] >> 4];
        digest.hex[2 * i + 1] = digits[raw[i] & 15];
    }
    return digest;
}

struct digest hash_bytes(const void *bytes, size_t size_bytes)
{
    struct hasher hasher = hasher_new(HASH_SHA256);
    hasher_add(&hasher, bytes, size_bytes);
    return hasher_digest(&hasher);
}

static bool always(void *with, int64_t done_bytes)
{
    (void)with;
    (void)done_bytes;
    return true;
}

bool hash_file(int fd, struct digest *out, struct error *err)
{
    return hash_file_watched(fd, always, NULL, out, err);
}

bool hash_file_watched(int fd, hash_asked *go_on, void *with, struct digest *out, struct error *err)
{
    enum { CHUNK = 1 << 18 };
    unsigned char *const chunk = malloc(CHUNK);
    if (!chunk) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to hash a file; try again later");
    struct hasher hasher = hasher_new(HASH_SHA256);
    off_t offset = 0;
    ssize_t got = 1;
    bool asked = true;
    while (got && (asked = go_on(with, offset)) &&
           ((got = pread(fd, chunk, CHUNK, offset)) > 0 || (got < 0 && errno == EINTR))) {
        if (got < 0) continue;
        hasher_add(&hasher, chunk, (size_t)got);
        offset += got;
    }
    const int reason = errno;
    free(chunk);
    if (!asked) return fail(err, CAUSE_INTERRUPTED, "it was stopped while a file was read");
    if (got < 0) return fail_errno(err, reason, "a file could not be read to hash it");
    *out = hasher_digest(&hasher);
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
