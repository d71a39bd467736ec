/* Digests: SHA-256 for content, CRC-free 64-bit mixing for seeds. */
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

/* A well-mixed 64-bit number of a text (FNV-1a, then the SplitMix64 finisher). Not for security. */
uint64_t hash_seed(const char *text);
