/* Changing a password, and ending what was open before. */
#include "library/key.h"
#include "library/password.h"
#include "library/session.h"
#include "library/user.h"

static const struct field password_in_fields[] = {
    TEXT(struct password_in, current_password, .required = true, .secret = true, .max = PASSWORD_MAX,
         .doc = "The present one."),
    TEXT(struct password_in, new_password, .required = true, .secret = true, .min = PASSWORD_MIN,
         .max = PASSWORD_MAX, .doc = "At least 8 characters."),
    BOOL(struct password_in, keep_api_keys,
         .doc = "True leaves the account's API keys good; else they are revoked."),
    { 0 },
};
const struct shape password_in_shape = SHAPE("PasswordChange", struct password_in, password_in_fields);

struct password_change {
    const char *user_id, *hash; /* hash NULL: the sessions end, the password stays */
    const char *seen;           /* the hash it replaces; NULL: whatever it is */
    bool keep_keys;
    int64_t keys; /* that were revoked */
};

static bool password_body(struct tx *tx, void *with, struct error *err)
{
    struct password_change *const change = with;
    int64_t changed = 0;
    if (change->hash && !tx_run(tx, SQL_USER_SET_PASSWORD,
                                ARGS(db_text("id", change->user_id), db_text("password_hash", change->hash),
                                     db_text("seen", change->seen)),
                                &changed, err))
        return false;
    if (change->hash && !changed) return fail(err, CAUSE_CONFLICT, "the account changed just now; ask again");
    return session_close_all(tx, change->user_id, err) &&
           (change->keep_keys || key_drop_all(tx, change->user_id, &change->keys, err));
}

static bool replace_password(struct library *lib, struct arena *mem, struct user *user,
                             struct password_change change, const char *fresh, int64_t *keys_out,
                             struct error *err)
{
    struct password_hash hash;
    if (!password_hash(fresh, &hash, err)) return false;
    change.user_id = user->id;
    change.hash = hash.text;
    if (!db_write(lib->db, password_body, &change, err)) return false;
    user->password_hash = arena_text(mem, hash.text);
    *keys_out = change.keys;
    return true;
}

bool user_set_password(struct library *lib, struct arena *mem, const char *username, const char *password,
                       bool keep_api_keys, int64_t *keys_out, struct error *err)
{
    const struct password_change change = { .keep_keys = keep_api_keys };
    struct user user;
    return password_check(password, err) && user_get(lib, mem, username, &user, err) &&
           replace_password(lib, mem, &user, change, password, keys_out, err);
}

bool user_change_password(struct library *lib, struct arena *mem, const char *username,
                          const struct password_in *in, struct user *out, int64_t *keys_out,
                          struct error *err)
{
    struct user user;
    bool right = false;
    if (!password_check(in->new_password, err) || !user_get(lib, mem, username, &user, err) ||
        !password_matches(user.password_hash, in->current_password, &right, err))
        return false;
    if (!right)
        return fail(err, CAUSE_FORBIDDEN, "the current password is not right");
    const struct password_change change = { .seen = user.password_hash, .keep_keys = in->keep_api_keys };
    if (!replace_password(lib, mem, &user, change, in->new_password, keys_out, err)) return false;
    *out = user;
    return true;
}

bool user_end_sessions(struct library *lib, struct arena *mem, const char *username, struct error *err)
{
    struct user user;
    return user_get(lib, mem, username, &user, err) &&
           db_write(lib->db, password_body,
                    &(struct password_change){ .user_id = user.id, .keep_keys = true }, err);
}
