/* JSON Web Tokens, HS256 only (RFC 7515, 7519). Tokens minted elsewhere with the same secret are as good as
 * ours. */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum { TOKEN_LEEWAY_S = 5 }; /* how far the clock of another issuer may be ahead of ours */

struct claims {
    const char *subject; /* "" when the token names none */
    struct texts roles;
    const char *session_id; /* claim sid; NULL: the token belongs to no session of ours */
    int64_t issued_at;  /* 0: not stated */
    int64_t expires_at; /* 0: never */
};

/* The compact token of these claims. `secret` must not be empty. */
char *token_new(struct arena *mem, const char *secret, const struct claims *claims) MUST_USE;

/* Checks signature, algorithm and times against `now` (microseconds). Fails with CAUSE_UNAUTHENTICATED and
 * "Token expired" or "Invalid token". */
bool token_read(const char *token, const char *secret, int64_t now, struct arena *mem, struct claims *out,
                struct error *err) MUST_USE;
