/* Sessions: logins that can be ended. A row is a session that is good; ending one removes its row, and with
 * it go the access tokens that name it (claim `sid`) and its refresh token.
 *
 * A refresh token is good once and replaced by each use. One that was used before says that two hold it, one
 * of them a thief, so the whole session ends. Refresh tokens are sealed with the key that signs access
 * tokens, so that a text somebody made up around the id of a session is none and ends nothing. */
#pragma once

#include "library/token.h"
#include "library/user.h"

enum { SESSIONS_PER_USER_MAX = 100 }; /* the oldest make room */

struct session {
    const char *id;
    const char *refresh_token; /* shown once */
};

struct session_rules {
    const char *secret; /* seals refresh tokens; not empty */
    int64_t life_us;    /* how long a session is good after it was refreshed last */
};

/* Where a login came from. */
struct session_origin {
    const char *remote;  /* the address; NULL: nobody knows */
    const char *network; /* what stands for it when callers are counted; NULL: no acquaintance is made */
};

/* A new session of an account whose password was verified, and an acquaintance with the network it came from.
 * UNAUTHENTICATED when the account was changed or switched off since `user` was read: a login that began
 * before a change of the password does not outlive it. */
bool session_open(struct library *lib, struct arena *mem, const struct user *user,
                  const struct session_origin *from, const struct session_rules *rules, struct session *out,
                  struct error *err) MUST_USE;

/* Takes a refresh token and gives the next. UNAUTHENTICATED when it is not good; `*replayed_out` names the
 * user whose session ended because the token had been used before, else NULL. */
bool session_refresh(struct library *lib, struct arena *mem, const char *refresh_token,
                     const struct session_rules *rules, struct session *out, struct user *user_out,
                     const char **replayed_out, struct error *err) MUST_USE;

/* Ends one session; one that is not there is fine. */
bool session_close(struct library *lib, const char *id, struct error *err) MUST_USE;

/* The time that no token made so far lies after, by whichever clock. Those made right after it was asked are
 * older than it, too. */
int64_t session_tokens_after(void);

/* Inside the transaction that gives the reason: ends all sessions of the user, and all tokens made before
 * now. */
bool session_close_all(struct tx *tx, const char *user_id, struct error *err) MUST_USE;

/* What a good token is worth now. */
struct admission {
    struct texts roles; /* those that token and account have in common */
    bool ended;         /* refused because its session ended or it was taken back */
};

/* Judges the claims of a token with a good signature, in one read: an account that was switched off, a
 * session that ended, a token that was taken back or is older than the account is UNAUTHENTICATED. A subject
 * without an account comes from an outside issuer and keeps its roles. `out` is set in any case. */
bool session_admit(struct library *lib, struct arena *mem, const struct claims *claims, struct admission *out,
                   struct error *err) MUST_USE;
