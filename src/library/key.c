#include "library/key.h"

#include "base/id.h"
#include "base/time.h"
#include "library/page.h"
#include "library/role.h"
#include "library/secret.h"

#include <string.h>

static const char prefix[] = "umam_";

enum { HINT_BYTES = 10, MARK_EVERY_S = 60 };

static const struct field key_row_fields[] = {
    TEXT(struct key, id, .format = "uuid", .doc = "UUID; what the key is revoked by."),
    TEXT(struct key, user_id, .format = "uuid", .doc = "The account it acts for."),
    TEXT(struct key, username, .doc = "Name of that account."),
    TEXT(struct key, name, .doc = "What it is for."),
    TEXT(struct key, hint, .doc = "Its first characters."),
    TEXTS(struct key, scopes, .doc = "Permissions it has at most: read, create, others, admin."),
    TIME(struct key, created_at, .doc = "When it was made."),
    TIME(struct key, expires_at, .nullable = true, .doc = "When it ends; null for never."),
    TIME(struct key, last_used_at, .nullable = true, .doc = "Last use, to the minute; null for never."),
    { 0 },
};
const struct shape key_row_shape = SHAPE("ApiKey", struct key, key_row_fields);

static const struct field key_in_fields[] = {
    TEXT(struct key_in, name, .required = true, .min = 1, .max = 100, .doc = "What it is for."),
    TEXTS(struct key_in, scopes, .required = true, .min = 1, .max = 4,
          .doc = "Permissions it may use of yours: read, create, others, admin."),
    TIME(struct key_in, expires_at, .nullable = true, .doc = "When it ends; never if absent."),
    { 0 },
};
const struct shape key_in_shape = SHAPE("ApiKeyCreate", struct key_in, key_in_fields);

static const struct field keys_query_fields[] = { PAGE_FIELDS(struct keys_query), { 0 } };
const struct shape keys_query_shape = SHAPE("ApiKeysQuery", struct keys_query, keys_query_fields);

bool key_is(const char *text) { return text_starts(text, prefix); }

/* The set of these permissions; 0 for a word that is none. */
static unsigned scopes_set(const struct texts *scopes)
{
    unsigned set = 0;
    for (size_t i = 0; i < scopes->count; i++) {
        const int at = text_find(permission_names, scopes->items[i]);
        if (at < 0) return 0;
        set |= 1u << at;
    }
    return set;
}

static bool check(const struct key_in *in, unsigned may, int64_t now, struct error *err)
{
    const unsigned scopes = scopes_set(&in->scopes), missing = scopes & ~may;
    if (!scopes)
        return fail_field(err, CAUSE_INVALID, "scopes", "scopes are some of read, create, others, admin");
    if (missing)
        return fail_field(err, CAUSE_FORBIDDEN, "scopes",
                          "Forbidden: a key cannot have the scope '%s', which you do not have yourself",
                          permission_name(missing & -missing));
    if (in->expires_at && in->expires_at <= now)
        return fail_field(err, CAUSE_INVALID, "expires_at", "the end of the key lies in the past");
    return true;
}

struct insert {
    const struct key *key;
    const char *hash, *session_id;
};

static bool login_lasts(struct tx *tx, const char *session_id, struct error *err)
{
    int64_t count = 0;
    if (!session_id) return true;
    if (!tx_count(tx, SQL_SESSION_COUNT, ARGS(db_text("id", session_id)), &count, err)) return false;
    return count ||
           fail(err, CAUSE_UNAUTHENTICATED, "the login this token came from has ended; log in again");
}

static bool insert_body(struct tx *tx, void *with, struct error *err)
{
    const struct insert *const insert = with;
    const struct db_value hash = db_text("hash", insert->hash);
    int64_t count = 0;
    if (!login_lasts(tx, insert->session_id, err) ||
        !tx_count(tx, SQL_API_KEY_COUNT, ARGS(db_text("user_id", insert->key->user_id)), &count, err))
        return false;
    if (count >= KEYS_PER_USER_MAX)
        return fail(err, CAUSE_CONFLICT, "an account has at most %d keys; revoke one that is not needed",
                    KEYS_PER_USER_MAX);
    return tx_run(tx, SQL_API_KEY_INSERT,
                  (struct db_args){
                      .values = &hash, .count = 1, .shape = &key_row_shape, .object = insert->key },
                  NULL, err);
}

bool key_create(struct library *lib, struct arena *mem, const struct user *user, unsigned may,
                const struct key_in *in, struct key *out, const char **text_out, struct error *err)
{
    const int64_t now = time_now();
    if (!check(in, may, now, err)) return false;
    const char *const text = secret_new(mem, prefix);
    const struct key made = { .id = arena_text(mem, id_new().text),
                              .user_id = user->id,
                              .username = user->username,
                              .name = in->name,
                              .hint = arena_text_n(mem, text, HINT_BYTES),
                              .scopes = in->scopes,
                              .created_at = now,
                              .expires_at = in->expires_at };
    struct insert insert = { &made, secret_hash(mem, text), in->session_id };
    if (!db_write(lib->db, insert_body, &insert, err)) return false;
    *out = made;
    *text_out = text;
    return true;
}

bool key_list(struct library *lib, struct arena *mem, const char *user_id, const struct keys_query *query,
              struct list *out, const char **next_out, struct error *err)
{
    struct cursor after;
    if (!cursor_read(mem, query->cursor, &after, err) ||
        !db_list(lib->db, SQL_API_KEY_LIST,
                 ARGS(db_text("user_id", user_id), db_int("after_at", after.at),
                      db_text("after_id", after.id), db_int("limit", page_rows(query->limit)),
                      db_int("offset", query->offset)),
                 mem, &key_row_shape, out, err))
        return false;
    *next_out = page_cut(out, query->limit) ? page_next(mem, out, &key_row_shape) : NULL;
    return true;
}

bool key_drop(struct library *lib, struct arena *mem, const char *id, const char *user_id, struct error *err)
{
    int64_t gone = 0;
    const char *const canonical = id_canonical(mem, id);
    if (canonical && !db_run(lib->db, SQL_API_KEY_DELETE,
                             ARGS(db_text("id", canonical), db_text("user_id", user_id)), &gone, err))
        return false;
    return gone || fail(err, CAUSE_NOT_FOUND, "API key not found");
}

bool key_drop_all(struct tx *tx, const char *user_id, int64_t *count_out, struct error *err)
{
    return tx_run(tx, SQL_API_KEY_DELETE_OF_USER, ARGS(db_text("user_id", user_id)), count_out, err);
}

/* ---- admission ---- */

struct admission_row {
    const char *id, *username;
    struct texts scopes, roles;
    bool is_active;
    int64_t expires_at, last_used_at;
};

static const struct field admission_row_fields[] = {
    TEXT(struct admission_row, id, .doc = "The key."),
    TEXT(struct admission_row, username, .doc = "Its account."),
    TEXTS(struct admission_row, scopes, .doc = "Its scopes."),
    TEXTS(struct admission_row, roles, .doc = "Roles of the account."),
    BOOL(struct admission_row, is_active, .doc = "Whether the account may be used."),
    TIME(struct admission_row, expires_at, .nullable = true, .doc = "When it ends."),
    TIME(struct admission_row, last_used_at, .nullable = true, .doc = "Last use."),
    { 0 },
};
static const struct shape admission_row_shape =
    SHAPE("KeyAdmissionRow", struct admission_row, admission_row_fields);

bool key_admit(struct library *lib, struct arena *mem, const char *text, struct key_admission *out,
               struct error *err)
{
    struct admission_row row;
    bool found = false;
    const int64_t now = time_now();
    if (strlen(text) == sizeof prefix - 1 + SECRET_TEXT_BYTES &&
        !db_find(lib->db, SQL_API_KEY_ADMISSION, ARGS(db_text("hash", secret_hash(mem, text))), mem,
                 &admission_row_shape, &row, &found, err))
        return false;
    if (!found || !row.is_active || (row.expires_at && row.expires_at <= now))
        return fail(err, CAUSE_UNAUTHENTICATED, "Invalid API key");
    if (now - row.last_used_at > MARK_EVERY_S * (int64_t)SECOND)
        db_post(lib->db, SQL_API_KEY_USED, ARGS(db_text("id", row.id), db_int("now", now)));
    *out = (struct key_admission){ row.id, row.username, row.roles, scopes_set(&row.scopes), row.expires_at };
    return true;
}
