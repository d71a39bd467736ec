/* Secrets handed out once, such as API keys: 256 random bits as text. Only the SHA-256 of one is ever kept, which is
 * enough here: nobody guesses 256 bits, so a slow hash would protect nothing. */
#pragma once

#include "base/arena.h"

enum { SECRET_TEXT_BYTES = 43 };

/* `prefix` and 43 characters of base64url. */
char *secret_new(struct arena *mem, const char *prefix) MUST_USE;

/* What is stored: 64 hexadecimal digits. */
const char *secret_hash(struct arena *mem, const char *secret) MUST_USE;
