/* Accounts as an administrator sees them. */
#include "api/account.h"
#include "api/paging.h"

struct account_out {
    const char *id, *username, *email, *display_name;
    struct texts roles;
    bool is_active, is_test_user;
    int64_t created_at, last_login;
};

static const struct field account_fields[] = {
    TEXT(struct account_out, id, .format = "uuid", .doc = "UUID."),
    TEXT(struct account_out, username, .doc = "Name for logging in."),
    TEXT(struct account_out, display_name, .nullable = true, .doc = "Name to show."),
    TEXT(struct account_out, email, .nullable = true, .doc = "Address."),
    TEXTS(struct account_out, roles, .doc = "Roles."),
    BOOL(struct account_out, is_active, .doc = "Whether the account may be used."),
    BOOL(struct account_out, is_test_user, .doc = "Made for tests."),
    TIME(struct account_out, created_at, .doc = "When it was made."),
    TIME(struct account_out, last_login, .nullable = true, .doc = "Last login."),
    { 0 },
};
static const struct shape account_shape = SHAPE("Account", struct account_out, account_fields);

struct account_in {
    const char *username, *password, *email, *display_name;
    struct texts roles;
};

static const struct field account_in_fields[] = {
    TEXT(struct account_in, username, .required = true, .min = 3, .max = 64,
         .doc = "Letters, digits, . _ - and @."),
    TEXT(struct account_in, password, .required = true, .secret = true, .min = 8, .max = 256,
         .doc = "At least 8 characters."),
    TEXT(struct account_in, email, .nullable = true, .max = 254, .doc = "Address; unique."),
    TEXT(struct account_in, display_name, .nullable = true, .max = 128,
         .doc = "Name to show; the user name if absent."),
    TEXTS(struct account_in, roles, .nullable = true, .max = 5,
          .doc = "Roles; those of UMAM_REGISTER_ROLES if absent, none if empty."),
    { 0 },
};
static const struct shape account_in_shape = SHAPE("AccountCreate", struct account_in, account_in_fields);

struct account_change {
    struct texts roles;
    bool is_active;
    const char *display_name, *email;
};

static const struct field account_change_fields[] = {
    TEXTS(struct account_change, roles, .nullable = true, .max = 5, .doc = "New roles; none if empty."),
    BOOL(struct account_change, is_active, .nullable = true, .doc = "False switches the account off."),
    TEXT(struct account_change, display_name, .nullable = true, .max = 128, .doc = "New name to show."),
    TEXT(struct account_change, email, .nullable = true, .max = 254, .doc = "New address."),
    { 0 },
};
static const struct shape account_change_shape =
    SHAPE("AccountUpdate", struct account_change, account_change_fields);

static struct account_out shown(const struct user *user)
{
    return (struct account_out){ user->id,           user->username,   user->email,
                                 user->display_name, user->roles,      user->is_active,
                                 user->is_test_user, user->created_at, user->last_login };
}

static bool reply_account(struct reply *rp, const struct user *user)
{
    const struct account_out out = shown(user);
    reply_object(rp, &account_shape, &out);
    return true;
}

/* The audit log says what the account is now. */
static bool note_state(struct request *rq, const struct user *user)
{
    const char *roles = "none";
    for (size_t i = 0; i < user->roles.count; i++)
        roles = i ? arena_printf(rq->mem, "%s,%s", roles, user->roles.items[i]) : user->roles.items[i];
    rq->acted_on =
        arena_printf(rq->mem, "%s roles=%s %s", user->username, roles, user->is_active ? "on" : "off");
    return true;
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const char *next;
    struct list users;
    if (!user_list(&app->lib, rq->mem, rq->query, &users, &next, err)) return false;
    reply_next_page(rq, rp, next);
    struct account_out *const items = arena_array(rq->mem, users.count, sizeof *items);
    for (size_t i = 0; i < users.count; i++) items[i] = shown((const struct user *)users.items + i);
    reply_list(rp, &account_shape, &(struct list){ items, users.count });
    return true;
}

static bool create(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct account_in *const in = rq->in;
    const struct register_in made_of = { .username = in->username,
                                         .password = in->password,
                                         .email = in->email,
                                         .display_name = in->display_name };
    const struct texts roles =
        in->roles.items ? in->roles : text_split(rq->mem, app->settings->register_roles, ',');
    struct user user;
    return user_register(&app->lib, rq->mem, &made_of, &roles, &user, err) && note_state(rq, &user) &&
           reply_account(rp, &user);
}

static bool change(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct account_change *const in = rq->in;
    const struct json *const active = json_get(rq->json, "is_active");
    const struct user_change change = {
        .roles = in->roles.items ? &in->roles : NULL,
        .is_active = active && active->kind != JSON_IS_NULL ? &in->is_active : NULL,
        .display_name = in->display_name,
        .email = in->email,
    };
    struct user user;
    return user_change(&app->lib, rq->mem, request_param(rq, "username"), &change, &user, err) &&
           note_state(rq, &user) && reply_account(rp, &user);
}

static bool drop(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    return user_drop(&app->lib, rq->mem, request_param(rq, "username"), err);
}

const struct route user_routes[] = {
    { METHOD_GET, "/users", list, .needs = NEED_ADMIN, .query = &users_query_shape, .out = &account_shape,
      .list = true, .tag = "users", .doc = "All accounts, oldest first." },
    { METHOD_POST, "/users", create, .needs = NEED_ADMIN, .body = BODY_JSON, .in = &account_in_shape,
      .out = &account_shape, .status = 201, .act = "account.create", .tag = "users",
      .doc = "Makes an account." },
    { METHOD_PATCH, "/users/{username}", change, .needs = NEED_ADMIN, .body = BODY_JSON,
      .in = &account_change_shape, .out = &account_shape, .act = "account.change", .tag = "users",
      .doc = "Changes roles, name or address, switches off and on; what is absent or null stays. The last "
             "active administrator stays one." },
    { METHOD_DELETE, "/users/{username}", drop, .needs = NEED_ADMIN, .status = 204, .act = "account.delete",
      .tag = "users",
      .doc = "Removes an account to whose name nothing belongs; others can be switched off." },
    { 0 },
};
