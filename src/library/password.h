/* Passwords at rest: argon2id by libsodium. Four hashes run at once at most, since each takes 64 MiB; sixteen
 * more wait, for three seconds at most. Beyond that the answer is TOO_MANY at once. */
#pragma once

#include "base/error.h"

enum { PASSWORD_MIN = 8, PASSWORD_MAX = 256 }; /* characters */

/* INVALID for one that is too short, too long or no text. */
bool password_check(const char *password, struct error *err) MUST_USE;

struct password_hash {
    char text[128]; /* "$argon2id$..." */
};

bool password_hash(const char *password, struct password_hash *out, struct error *err) MUST_USE;

/* `*matches_out`: whether `password` is the one behind `hash`. A NULL or foreign hash costs the same time and
 * is false, so that unknown users cannot be told apart by a stopwatch. */
bool password_matches(const char *hash, const char *password, bool *matches_out, struct error *err) MUST_USE;

/* True when the hash was made with weaker settings than today's and should be made again at login. */
bool password_outdated(const char *hash);
