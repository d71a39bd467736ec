/* What the files about accounts share: how an account is shown, and how a login is answered. */
#pragma once

#include "api/app.h"
#include "library/session.h"

struct user_out {
    const char *id, *username, *email, *display_name;
    struct texts roles;
    bool is_test_user;
};

struct session_out {
    const char *access_token, *token_type, *refresh_token;
    int64_t expires_in;
    const struct user_out *user;
    int64_t revoked_api_keys; /* shown in a reply about a new password only */
};

extern const struct shape user_shape, session_shape, renewed_shape;

struct user_out account_shown(const struct user *user);

/* The account of the caller; NOT_FOUND for somebody an outside issuer of tokens knows. */
bool account_of_caller(struct request *rq, struct user *out, struct error *err) MUST_USE;

/* Opens a session for the user and answers with its tokens, as the route's shape shows them. */
bool account_log_in(struct request *rq, struct reply *rp, const struct user *user, int64_t revoked_api_keys,
                    struct error *err) MUST_USE;
