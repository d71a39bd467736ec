#include "library/session.h"

#include "base/id.h"
#include "base/time.h"
#include "library/acquaintance.h"
#include "library/secret.h"

#include <sodium.h>
#include <string.h>

static const char prefix[] =
    "umamr_"; /* then the session's id, a dot, the secret, and the seal of all that */

enum { ID_BYTES = sizeof(struct id) - 1, OPEN_BYTES = sizeof prefix - 1 + ID_BYTES + 1 + SECRET_TEXT_BYTES };

static const char *sealed(struct arena *mem, const struct session_rules *rules, const char *text)
{
    return arena_printf(mem, "%s%s", text, secret_seal(mem, rules->secret, "refresh", text));
}

static const char *refresh_token_new(struct arena *mem, const struct session_rules *rules, const char *id)
{
    return sealed(mem, rules, secret_new(mem, arena_printf(mem, "%s%s.", prefix, id)));
}

/* The id in a refresh token; NULL when the text is none that was handed out here. */
static const char *id_in(struct arena *mem, const struct session_rules *rules, const char *token)
{
    if (!text_starts(token, prefix) || strlen(token) != OPEN_BYTES + SECRET_SEAL_BYTES) return NULL;
    const char *const ours = sealed(mem, rules, arena_text_n(mem, token, OPEN_BYTES));
    if (sodium_memcmp(ours, token, OPEN_BYTES + SECRET_SEAL_BYTES) != 0) return NULL;
    return arena_text_n(mem, token + sizeof prefix - 1, ID_BYTES);
}

/* ---- open, close ---- */

struct opening {
    const char *id, *refresh_hash;
    const struct session_origin *from;
    const struct user *user;
    int64_t now, life_us;
};

static bool open_body(struct tx *tx, void *with, struct error *err)
{
    const struct opening *const o = with;
    const char *const user_id = o->user->id;
    int64_t unchanged = 0;
    if (!tx_count(tx, SQL_USER_UNCHANGED,
                  ARGS(db_text("id", user_id), db_text("password_hash", o->user->password_hash)), &unchanged,
                  err))
        return false;
    if (!unchanged)
        return fail(err, CAUSE_UNAUTHENTICATED,
                    "the account changed since the password was checked; log in again");
    return tx_run(tx, SQL_SESSION_PRUNE,
                  ARGS(db_text("user_id", user_id), db_int("now", o->now),
                       db_int("most", SESSIONS_PER_USER_MAX - 1)),
                  NULL, err) &&
           tx_run(tx, SQL_SESSION_INSERT,
                  ARGS(db_text("id", o->id), db_text("user_id", user_id), db_text("remote", o->from->remote),
                       db_text("refresh_hash", o->refresh_hash), db_int("now", o->now),
                       db_int("expires_at", o->now + o->life_us)),
                  NULL, err) &&
           (!o->from->network || acquaintance_put(tx, user_id, o->from->network, err));
}

bool session_open(struct library *lib, struct arena *mem, const struct user *user,
                  const struct session_origin *from, const struct session_rules *rules, struct session *out,
                  struct error *err)
{
    const char *const id = arena_text(mem, id_new().text);
    const struct session made = { id, refresh_token_new(mem, rules, id) };
    struct opening opening = { .id = id,
                               .user = user,
                               .refresh_hash = secret_hash(mem, made.refresh_token),
                               .from = from,
                               .now = time_now(),
                               .life_us = rules->life_us };
    if (!db_write(lib->db, open_body, &opening, err)) return false;
    *out = made;
    return true;
}

bool session_close(struct library *lib, const char *id, struct error *err)
{
    return db_run(lib->db, SQL_SESSION_DELETE, ARGS(db_text("id", id)), NULL, err);
}

int64_t session_tokens_after(void) { return time_now() + TOKEN_LEEWAY_S * (int64_t)SECOND; }

bool session_close_all(struct tx *tx, const char *user_id, struct error *err)
{
    return tx_run(tx, SQL_SESSION_DELETE_OF_USER, ARGS(db_text("user_id", user_id)), NULL, err) &&
           tx_run(tx, SQL_USER_END_TOKENS,
                  ARGS(db_text("id", user_id), db_int("tokens_after", session_tokens_after())), NULL, err);
}

/* ---- refresh ---- */

struct session_row {
    const char *id, *user_id, *refresh_hash;
    int64_t expires_at;
};

static const struct field session_row_fields[] = {
    TEXT(struct session_row, id, .doc = "UUID; the claim sid."),
    TEXT(struct session_row, user_id, .doc = "Whose it is."),
    TEXT(struct session_row, refresh_hash, .secret = true, .doc = "SHA-256 of the refresh token."),
    TIME(struct session_row, expires_at, .doc = "Until when it can be refreshed."),
    { 0 },
};
static const struct shape session_row_shape = SHAPE("SessionRow", struct session_row, session_row_fields);

struct refreshing {
    struct arena *mem;
    const char *id, *hash, *next_hash;
    int64_t life_us;
    struct user user;
    bool replayed;
};

static bool not_good(struct error *err)
{
    return fail(err, CAUSE_UNAUTHENTICATED, "the refresh token is not good any more; log in again");
}

static bool refresh_body(struct tx *tx, void *with, struct error *err)
{
    struct refreshing *const r = with;
    struct session_row row;
    bool found = false, known = false;
    const int64_t now = time_now();
    if (!tx_find(tx, SQL_SESSION_GET, ARGS(db_text("id", r->id)), r->mem, &session_row_shape, &row, &found,
                 err) ||
        (found && !tx_find(tx, SQL_USER_BY_ID, ARGS(db_text("id", row.user_id)), r->mem, &user_row_shape,
                           &r->user, &known, err)))
        return false;
    if (!known || row.expires_at <= now || !r->user.is_active) return not_good(err);
    r->replayed = !text_is(row.refresh_hash, r->hash);
    if (r->replayed) return tx_run(tx, SQL_SESSION_DELETE, ARGS(db_text("id", r->id)), NULL, err);
    return tx_run(tx, SQL_SESSION_ROTATE,
                  ARGS(db_text("id", r->id), db_text("refresh_hash", r->next_hash), db_int("now", now),
                       db_int("expires_at", now + r->life_us)),
                  NULL, err);
}

bool session_refresh(struct library *lib, struct arena *mem, const char *refresh_token,
                     const struct session_rules *rules, struct session *out, struct user *user_out,
                     const char **replayed_out, struct error *err)
{
    const char *const id = id_in(mem, rules, refresh_token);
    *replayed_out = NULL;
    if (!id) return not_good(err);
    const struct session next = { id, refresh_token_new(mem, rules, id) };
    struct refreshing r = { .mem = mem,
                            .id = id,
                            .hash = secret_hash(mem, refresh_token),
                            .next_hash = secret_hash(mem, next.refresh_token),
                            .life_us = rules->life_us };
    if (!db_write(lib->db, refresh_body, &r, err)) return false;
    if (r.replayed) {
        *replayed_out = r.user.username;
        return not_good(err);
    }
    *out = next;
    *user_out = r.user;
    return true;
}

/* ---- admission ---- */

struct admission_row {
    const char *user_id, *session_id;
    struct texts roles;
    bool is_active;
    int64_t created_at, tokens_after;
};

static const struct field admission_row_fields[] = {
    TEXT(struct admission_row, user_id, .nullable = true, .doc = "The account; null: it was deleted."),
    TEXTS(struct admission_row, roles, .doc = "Its roles."),
    BOOL(struct admission_row, is_active, .doc = "Whether it may be used."),
    TIME(struct admission_row, created_at, .doc = "When it was made."),
    TIME(struct admission_row, tokens_after, .nullable = true, .doc = "Older tokens are refused."),
    TEXT(struct admission_row, session_id, .nullable = true, .doc = "The session, if it is good."),
    { 0 },
};
static const struct shape admission_row_shape =
    SHAPE("AdmissionRow", struct admission_row, admission_row_fields);

/* A role taken from an account ends at once, not with its token. */
static struct texts in_both(struct arena *mem, const struct texts *claimed, const struct texts *held)
{
    struct texts both = { .items = arena_array(mem, claimed->count, sizeof(char *)) };
    for (size_t i = 0; i < claimed->count; i++)
        for (size_t k = 0; k < held->count; k++)
            if (text_is(claimed->items[i], held->items[k])) {
                both.items[both.count++] = claimed->items[i];
                break;
            }
    return both;
}

/* A token of a session lives as long as it; any other is judged by when it was made, and one older than the
 * account is not its own. The claim counts whole seconds, so that one made in the second of the taking back
 * is refused too, and one made in the second of the account is good. */
static bool ended(const struct claims *claims, bool found, const struct admission_row *row)
{
    if (claims->session_id) return !found || !row->session_id;
    if (!found) return false;
    return (row->tokens_after && claims->issued_at <= row->tokens_after) ||
           (claims->issued_at && claims->issued_at < row->created_at / SECOND * SECOND);
}

bool session_admit(struct library *lib, struct arena *mem, const struct claims *claims, struct admission *out,
                   struct error *err)
{
    struct admission_row row;
    bool found = false;
    *out = (struct admission){ .roles = claims->roles };
    if (!db_find(lib->db, SQL_SESSION_ADMISSION,
                 ARGS(db_text("username", claims->subject), db_text("session_id", claims->session_id),
                      db_int("now", time_now())),
                 mem, &admission_row_shape, &row, &found, err))
        return false;
    out->ended = ended(claims, found, &row);
    if (out->ended || (found && !row.is_active)) return fail(err, CAUSE_UNAUTHENTICATED, "Invalid token");
    if (found && row.user_id) out->roles = in_both(mem, &claims->roles, &row.roles);
    return true;
}
