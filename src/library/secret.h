/* Secrets handed out once, such as API keys: 256 random bits as text. Only the SHA-256 of one is ever kept,
 * which is enough here: nobody guesses 256 bits, so a slow hash would protect nothing. */
#pragma once

#include "base/arena.h"

enum { SECRET_TEXT_BYTES = 43, SECRET_SEAL_BYTES = 16, SECRET_MAC_BYTES = 32 };

/* `prefix` and 43 characters of base64url. */
char *secret_new(struct arena *mem, const char *prefix) MUST_USE;

/* What is stored: 64 hexadecimal digits. */
const char *secret_hash(struct arena *mem, const char *secret) MUST_USE;

/* HMAC-SHA256 under a key of any length (RFC 2104). */
void secret_mac(const char *key, const char *text, size_t size_bytes, unsigned char mac[SECRET_MAC_BYTES]);

/* What is put behind a text to know it again as one of ours without a look at the database: 16 hexadecimal
 * digits, which nobody without the key can make for another text. A use of the key that `purpose` tells from
 * all others. */
const char *secret_seal(struct arena *mem, const char *key, const char *purpose, const char *text) MUST_USE;
