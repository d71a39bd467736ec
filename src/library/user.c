#include "library/user.h"

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "library/password.h"
#include "library/role.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MIN = 3, NAME_MAX = 64, PASSWORD_MIN = 8, PASSWORD_MAX = 256 }; /* characters */

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

static bool check_names(const struct register_in *in, struct error *err)
{
    const size_t length = strlen(in->username);
    if (length < NAME_MIN || length > NAME_MAX)
        return fail_field(err, CAUSE_INVALID, "username", "a user name has %d to %d characters", NAME_MIN,
                          NAME_MAX);
    for (const char *at = in->username; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("._-@", *at))
            return fail_field(err, CAUSE_INVALID, "username",
                              "the user name may hold letters, digits and . _ - @ only");
    if (strcasecmp(in->username, "dev") == 0) /* the subject of DISABLE_AUTH and the development token */
        return fail_field(err, CAUSE_INVALID, "username", "the user name '%s' is reserved", in->username);
    const char *const at = in->email ? strchr(in->email, '@') : NULL;
    if (in->email && (!at || at == in->email || !at[1] || strpbrk(in->email, " \t\r\n<>")))
        return fail_field(err, CAUSE_INVALID, "email", "'%s' is not an e-mail address", in->email);
    return true;
}

static bool check_password(const char *password, struct error *err)
{
    const size_t size = strlen(password);
    if (text_valid_utf8(password, size) && text_length(password) >= PASSWORD_MIN &&
        text_length(password) <= PASSWORD_MAX)
        return true;
    return fail_field(err, CAUSE_INVALID, "password", "a password has %d to %d characters", PASSWORD_MIN,
                      PASSWORD_MAX);
}

static bool put(struct library *lib, const struct user *user, struct error *err)
{
    struct error why;
    if (db_run(lib->db, SQL_USER_INSERT, ARGS_OF(&user_row_shape, user), NULL, &why)) return true;
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
    if (!check_names(in, err) || !roles_check(roles, err) || !check_password(in->password, err) ||
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
        .created_at = time_now(),
    };
    if (!put(lib, &made, err)) return false;
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
    if (password_outdated(user.password_hash) &&
        !user_set_password(lib, mem, user.username, in->password, &later))
        log_warn("password hash not renewed", LOG_TEXT("user", user.username), LOG_TEXT("error", later.text));
    user.last_login = time_now();
    if (!db_run(lib->db, SQL_USER_SET_LAST_LOGIN,
                ARGS(db_text("id", user.id), db_int("last_login", user.last_login)), NULL, err))
        return false;
    *out = user;
    return true;
}

bool user_list(struct library *lib, struct arena *mem, struct list *out, struct error *err)
{
    return db_list(lib->db, SQL_USER_LIST, ARGS(db_int("limit", 10000), db_int("offset", 0)), mem,
                   &user_row_shape, out, err);
}

/* Runs a one-user update; NOT_FOUND when there is no such user. */
static bool change(struct library *lib, enum sql sql, struct db_args args, struct error *err)
{
    int64_t changed = 0;
    if (!db_run(lib->db, sql, args, &changed, err)) return false;
    return changed == 1 || fail(err, CAUSE_NOT_FOUND, "User not found");
}

bool user_set_password(struct library *lib, struct arena *mem, const char *username, const char *password,
                       struct error *err)
{
    struct password_hash hash;
    struct user user;
    return check_password(password, err) && user_get(lib, mem, username, &user, err) &&
           password_hash(password, &hash, err) &&
           change(lib, SQL_USER_SET_PASSWORD,
                  ARGS(db_text("id", user.id), db_text("password_hash", hash.text)), err);
}

bool user_set_active(struct library *lib, const char *username, bool active, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct user user;
    return user_get(lib, &mem, username, &user, err) &&
           change(lib, SQL_USER_SET_ACTIVE, ARGS(db_text("id", user.id), db_int("is_active", active)), err);
}

bool user_set_roles(struct library *lib, struct arena *mem, const char *username, const struct texts *roles,
                    struct error *err)
{
    struct user user;
    if (!roles_check(roles, err) || !user_get(lib, mem, username, &user, err)) return false;
    user.roles = *roles;
    return change(lib, SQL_USER_SET_ROLES, ARGS_OF(&user_row_shape, &user), err);
}

bool user_first_admin(struct library *lib, struct arena *mem, const char **password_out, struct error *err)
{
    static const char alphabet[] =
        "abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRSTUVWXYZ23456789"; /* nothing that looks alike */
    static const char *admin[] = { "admin" };
    int64_t users = 0;
    uint32_t dice[20];
    *password_out = NULL;
    if (!db_count(lib->db, SQL_USER_COUNT, NO_ARGS, &users, err)) return false;
    if (users) return true;
    random_bytes(dice, sizeof dice);
    char *const password = arena_alloc(mem, COUNT_OF(dice) + 1);
    for (size_t i = 0; i < COUNT_OF(dice); i++) password[i] = alphabet[dice[i] % (sizeof alphabet - 1)];
    const struct register_in in = { .username = "admin",
                                    .password = password,
                                    .display_name = "Administrator" };
    const struct texts roles = { admin, 1 };
    struct user made;
    if (!user_register(lib, mem, &in, &roles, &made, err)) return false;
    *password_out = password;
    return true;
}
