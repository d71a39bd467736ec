/* Random identifiers: UUID version 4, lower case with hyphens (RFC 9562 section 5.4). */
#pragma once

#include "base/arena.h"

struct id {
    char text[37];
};

struct id id_new(void);

/* True for exactly the form id_new makes (any version digit). */
bool id_valid(const char *text);

/* The canonical form of a UUID in any accepted spelling (hyphens optional, braces, urn:uuid:, any case);
 * NULL when it is none. */
char *id_canonical(struct arena *mem, const char *text) MUST_USE;

/* Cryptographically random bytes; never fails (aborts if the kernel has none). */
void random_bytes(void *at, size_t size_bytes);
