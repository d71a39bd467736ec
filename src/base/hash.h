/* Digests: SHA-256 for content, SHA-1 only where a protocol asks for it, 64-bit mixing for seeds. nettle
 * stays inside hash.c. */
#pragma once

#include "base/error.h"

struct digest {
    char hex[65]; /* SHA-256, lower-case hex */
};

struct digest hash_bytes(const void *bytes, size_t size_bytes);

/* The whole file behind `fd`, from its start; the file offset is left alone. */
bool hash_file(int fd, struct digest *out, struct error *err) MUST_USE;

/* The same, asking before each piece of 256 KiB whether to go on: INTERRUPTED when not. */
typedef bool hash_asked(void *with, int64_t done_bytes);
bool hash_file_watched(int fd, hash_asked *go_on, void *with, struct digest *out, struct error *err) MUST_USE;

/* A digest of what comes in pieces. It may be copied, and what is left of it dropped, at any time. */
enum hash_kind { HASH_SHA256, HASH_SHA1, HASH_KIND_COUNT };

/* Names of the kinds, NULL-terminated, in the order of the enum: sha256, sha1. */
extern const char *const hash_kind_names[];

struct hasher {
    enum hash_kind kind;
    _Alignas(16) unsigned char state[128];
};

struct hasher hasher_new(enum hash_kind kind);
void hasher_add(struct hasher *hasher, const void *bytes, size_t size_bytes);

enum { HASH_BYTES_MAX = 32 };

/* Writes the digest and returns its size in bytes; the hasher is used up. */
size_t hasher_end(struct hasher *hasher, unsigned char out[HASH_BYTES_MAX]);

/* The end of a SHA-256 as text. */
struct digest hasher_digest(struct hasher *hasher);

/* A well-mixed 64-bit number of a text (FNV-1a, then the SplitMix64 finisher). Not for security. */
uint64_t hash_seed(const char *text);
