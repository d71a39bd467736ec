#include "library/user.h"

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "library/page.h"
#include "library/password.h"
#include "library/role.h"
#include "library/session.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MIN = 3, NAME_MAX = 64 }; /* characters */

static const struct field user_row_fields[] = {
    TEXT(struct user, id, .doc = "UUID."),
    TEXT(struct user, username, .doc = "Name for logging in; the subject of tokens."),
    TEXT(struct user, email, .nullable = true, .doc = "Address."),
    TEXT(struct user, display_name, .nullable = true, .doc = "Name to show."),
    TEXT(struct user, password_hash, .nullable = true, .secret = true, .doc = "argon2id."),
    TEXTS(struct user, roles, .doc = "Roles."),
    BOOL(struct user, is_active, .initial = true, .doc = "Whether the account may be used."),
    BOOL(struct user, is_test_user, .doc = "Made for tests."),
    TIME(struct user, created_at, .doc = "When it was made."),
    TIME(struct user, last_login, .nullable = true, .doc = "Last login."),
    { 0 },
};
static const struct field users_query_fields[] = { PAGE_FIELDS(struct users_query), { 0 } };
const struct shape users_query_shape = SHAPE("UsersQuery", struct users_query, users_query_fields);

const struct shape user_row_shape = SHAPE("UserRow", struct user, user_row_fields);

static const struct field register_in_fields[] = {
    TEXT(struct register_in, username, .required = true, .min = NAME_MIN, .max = NAME_MAX,
         .doc = "Letters, digits, . _ - and @."),
    TEXT(struct register_in, password, .required = true, .secret = true, .min = PASSWORD_MIN,
         .max = PASSWORD_MAX, .doc = "At least 8 characters."),
    TEXT(struct register_in, email, .nullable = true, .max = 254, .doc = "Address; unique."),
    TEXT(struct register_in, display_name, .nullable = true, .max = 128,
         .doc = "Name to show; the user name if absent."),
    { 0 },
};
const struct shape register_in_shape = SHAPE("RegisterRequest", struct register_in, register_in_fields);

static const struct field login_in_fields[] = {
    TEXT(struct login_in, username, .required = true, .max = 256, .doc = "Name."),
    TEXT(struct login_in, password, .required = true, .secret = true, .max = PASSWORD_MAX,
         .doc = "Password."),
    { 0 },
};
const struct shape login_in_shape = SHAPE("LoginRequest", struct login_in, login_in_fields);

static bool check_email(const char *email, struct error *err)
{
    const char *const at = strchr(email, '@');
    return (at && at != email && at[1] && !strpbrk(email, " \t\r\n<>")) ||
           fail_field(err, CAUSE_INVALID, "email", "'%s' is not an e-mail address", email);
}

/* dev is the subject of DISABLE_AUTH and the development token; the others would pass for the house. */
static bool is_reserved(const struct register_in *in)
{
    static const char *const house[] = { "admin", "administrator", "root", "umam", "system", "anonymous" };
    if (strcasecmp(in->username, "dev") == 0) return true;
    for (size_t i = 0; in->stranger && i < COUNT_OF(house); i++)
        if (strcasecmp(in->username, house[i]) == 0) return true;
    return false;
}

static bool check_names(const struct register_in *in, struct error *err)
{
    const size_t length = strlen(in->username);
    if (length < NAME_MIN || length > NAME_MAX)
        return fail_field(err, CAUSE_INVALID, "username", "a user name has %d to %d characters", NAME_MIN,
                          NAME_MAX);
    for (const char *at = in->username; *at; at++)
        if (!isalnum((unsigned char)*at) && (!strchr("._-@", *at) || at == in->username || !at[1]))
            return fail_field(
                err, CAUSE_INVALID, "username",
                "the user name may hold letters, digits and . _ - @ only, and begins and ends with "
                "a letter or digit");
    if (is_reserved(in))
        return fail_field(err, CAUSE_INVALID, "username", "the user name '%s' is reserved", in->username);
    return !in->email || check_email(in->email, err);
}

struct registration {
    const struct user *user;
    bool stranger;
};

static bool put_body(struct tx *tx, void *with, struct error *err)
{
    const struct registration *const r = with;
    const struct db_args name = ARGS(db_text("username", r->user->username));
    int64_t alike = 0, claims = 0;
    struct error why;
    if (!tx_count(tx, SQL_USER_ALIKE, name, &alike, err) ||
        (r->stranger && !tx_count(tx, SQL_USER_NAME_CLAIMS, name, &claims, err)))
        return false;
    if (alike || claims) return fail_field(err, CAUSE_BAD_REQUEST, "username", "Username already registered");
    if (tx_run(tx, SQL_USER_INSERT, ARGS_OF(&user_row_shape, r->user), NULL, &why)) return true;
    if (why.cause == CAUSE_CONFLICT)
        return fail(err, CAUSE_CONFLICT,
                    "Username already registered, or another account has this e-mail address");
    *err = why;
    return false;
}

bool user_register(struct library *lib, struct arena *mem, const struct register_in *in,
                   const struct texts *roles, struct user *out, struct error *err)
{
    bool taken = false;
    struct user other;
    struct password_hash hash;
    if (!check_names(in, err) || !roles_check(roles, err) || !password_check(in->password, err) ||
        !user_find(lib, mem, in->username, &other, &taken, err))
        return false;
    if (taken) return fail_field(err, CAUSE_BAD_REQUEST, "username", "Username already registered");
    if (!password_hash(in->password, &hash, err)) return false;
    const struct user made = {
        .id = arena_text(mem, id_new().text),
        .username = in->username,
        .email = text_empty(in->email) ? NULL : in->email,
        .display_name = in->display_name ? in->display_name : in->username,
        .password_hash = arena_text(mem, hash.text),
        .roles = *roles,
        .is_active = true,
        .is_test_user = in->is_test_user,
        .created_at = time_now(),
    };
    struct registration registration = { &made, in->stranger };
    if (!db_write(lib->db, put_body, &registration, err)) return false;
    *out = made;
    return true;
}

bool user_find(struct library *lib, struct arena *mem, const char *username, struct user *out,
               bool *found_out, struct error *err)
{
    return db_find(lib->db, SQL_USER_BY_USERNAME, ARGS(db_text("username", username)), mem, &user_row_shape,
                   out, found_out, err);
}

bool user_get(struct library *lib, struct arena *mem, const char *username, struct user *out,
              struct error *err)
{
    bool found = false;
    if (!user_find(lib, mem, username, out, &found, err)) return false;
    return found || fail(err, CAUSE_NOT_FOUND, "User not found");
}

/* Unless the password was changed since it was looked at. */
static bool renew_hash(struct library *lib, struct arena *mem, struct user *user, const char *password,
                       struct error *err)
{
    struct password_hash hash;
    int64_t changed = 0;
    if (!password_hash(password, &hash, err) ||
        !db_run(lib->db, SQL_USER_SET_PASSWORD,
                ARGS(db_text("id", user->id), db_text("password_hash", hash.text),
                     db_text("seen", user->password_hash)),
                &changed, err))
        return false;
    if (changed) user->password_hash = arena_text(mem, hash.text);
    return true;
}

bool user_login(struct library *lib, struct arena *mem, const struct login_in *in, struct user *out,
                struct error *err)
{
    bool found = false, right = false;
    struct user user = { 0 };
    if (!user_find(lib, mem, in->username, &user, &found, err)) return false;
    if (!password_matches(found ? user.password_hash : NULL, in->password, &right, err)) return false;
    if (!found || !right || !user.is_active)
        return fail(err, CAUSE_UNAUTHENTICATED, "Invalid username or password");
    struct error later; /* a weaker hash of older settings is made again when that works */
    if (password_outdated(user.password_hash) && !renew_hash(lib, mem, &user, in->password, &later))
        log_warn("password hash not renewed", LOG_TEXT("user", user.username), LOG_TEXT("error", later.text));
    user.last_login = time_now();
    if (!db_run(lib->db, SQL_USER_SET_LAST_LOGIN,
                ARGS(db_text("id", user.id), db_int("last_login", user.last_login)), NULL, err))
        return false;
    *out = user;
    return true;
}

bool user_list(struct library *lib, struct arena *mem, const struct users_query *query, struct list *out,
               const char **next_out, struct error *err)
{
    struct cursor after;
    if (!cursor_read(mem, query->cursor, &after, err) ||
        !db_list(lib->db, SQL_USER_LIST,
                 ARGS(db_int("after_at", after.at), db_text("after_id", after.id),
                      db_int("limit", page_rows(query->limit)), db_int("offset", query->offset)),
                 mem, &user_row_shape, out, err))
        return false;
    *next_out = page_cut(out, query->limit) ? page_next(mem, out, &user_row_shape) : NULL;
    return true;
}

/* ---- changes ---- */

/* Runs a change of accounts unless nobody could administer any more after it. */
static bool keep_an_admin(struct tx *tx, enum sql sql, struct db_args args, struct error *err)
{
    int64_t before = 0, after = 0;
    if (!tx_count(tx, SQL_USER_ADMINS, NO_ARGS, &before, err) || !tx_run(tx, sql, args, NULL, err) ||
        !tx_count(tx, SQL_USER_ADMINS, NO_ARGS, &after, err))
        return false;
    return after || !before ||
           fail(err, CAUSE_CONFLICT, "this is the last active administrator; make another one first");
}

struct changing {
    const char *user_id, *roles; /* roles as JSON */
    const struct user_change *change;
};

static bool change_body(struct tx *tx, void *with, struct error *err)
{
    const struct changing *const c = with;
    const struct user_change *const change = c->change;
    const struct db_value same = { .name = "is_active" }; /* null */
    int64_t taken = 0;
    if (!tx_count(tx, SQL_USER_EMAIL_TAKEN, ARGS(db_text("id", c->user_id), db_text("email", change->email)),
                  &taken, err))
        return false;
    if (taken) return fail(err, CAUSE_CONFLICT, "another account has this e-mail address");
    return keep_an_admin(tx, SQL_USER_UPDATE,
                              ARGS(db_text("id", c->user_id), db_text("roles", c->roles),
                                   change->is_active ? db_int("is_active", *change->is_active) : same,
                                   db_text("display_name", change->display_name),
                                   db_text("email", change->email)),
                              err) &&
           (!change->is_active || *change->is_active || session_close_all(tx, c->user_id, err));
}

bool user_change(struct library *lib, struct arena *mem, const char *username,
                 const struct user_change *change, struct user *out, struct error *err)
{
    struct user user;
    if ((change->roles && !roles_check(change->roles, err)) ||
        (change->email && !check_email(change->email, err)) || !user_get(lib, mem, username, &user, err))
        return false;
    struct changing changing = {
        user.id, change->roles ? json_texts(mem, change->roles->items, change->roles->count) : NULL, change
    };
    return db_write(lib->db, change_body, &changing, err) && user_get(lib, mem, username, out, err);
}

/* Removes the account with the limits set for its name, unless something belongs to that. The name is kept,
 * so that its tokens stay refused. */
static bool take_away(struct tx *tx, const struct user *user, int64_t *belongings_out, struct error *err)
{
    if (!tx_count(tx, SQL_USER_BELONGINGS, ARGS(db_text("username", user->username)), belongings_out, err))
        return false;
    return *belongings_out ||
           (tx_run(tx, SQL_QUOTA_DROP, ARGS(db_text("subject", user->username)), NULL, err) &&
            tx_run(tx, SQL_USER_FORMER_PUT,
                   ARGS(db_text("id", user->id), db_int("tokens_after", session_tokens_after())), NULL,
                   err) &&
            keep_an_admin(tx, SQL_USER_DELETE, ARGS(db_text("id", user->id)), err));
}

static bool drop_body(struct tx *tx, void *with, struct error *err)
{
    const struct user *const user = with;
    int64_t belongings = 0;
    if (!take_away(tx, user, &belongings, err)) return false;
    return !belongings ||
           fail(err, CAUSE_CONFLICT,
                "%lld thing%s to the name '%s', which somebody else could take later; switch the account "
                "off instead",
                (long long)belongings, belongings == 1 ? " belongs" : "s belong", user->username);
}

bool user_purge(struct tx *tx, const struct user *user, bool *gone_out, struct error *err)
{
    const bool on = false;
    struct changing off = { .user_id = user->id, .change = &(struct user_change){ .is_active = &on } };
    int64_t belongings = 0;
    if (!take_away(tx, user, &belongings, err) || (belongings && !change_body(tx, &off, err))) return false;
    *gone_out = !belongings;
    return true;
}

bool user_drop(struct library *lib, struct arena *mem, const char *username, struct error *err)
{
    struct user user;
    return user_get(lib, mem, username, &user, err) && db_write(lib->db, drop_body, &user, err);
}

static char *random_password(struct arena *mem)
{
    static const char alphabet[] =
        "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRSTUVWXYZ23456789"; /* nothing that looks alike */
    uint32_t dice[20];
    random_bytes(dice, sizeof dice);
    char *const password = arena_alloc(mem, COUNT_OF(dice) + 1);
    for (size_t i = 0; i < COUNT_OF(dice); i++) password[i] = alphabet[dice[i] % (sizeof alphabet - 1)];
    return password;
}

bool user_first_admin(struct library *lib, struct arena *mem, const char *given, const char **password_out,
                      struct error *err)
{
    static const char *admin[] = { "admin" };
    int64_t users = 0;
    *password_out = NULL;
    if (!db_count(lib->db, SQL_USER_COUNT, NO_ARGS, &users, err)) return false;
    if (users) return true;
    const char *const password = given ? given : random_password(mem);
    const struct register_in in = { .username = "admin",
                                    .password = password,
                                    .display_name = "Administrator" };
    const struct texts roles = { admin, 1 };
    struct user made;
    if (!user_register(lib, mem, &in, &roles, &made, err)) return false;
    if (!given) *password_out = password;
    return true;
}
