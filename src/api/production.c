/* Accounts for trying things out, and whether the instance is fit for the open. */
#include "api/account.h"
#include "library/test_user.h"

struct seeded_user {
    const char *username, *password;
    struct texts roles;
};

static const struct field seeded_user_fields[] = {
    TEXT(struct seeded_user, username, .doc = "Name."),
    TEXT(struct seeded_user, password, .doc = "Password, the same everywhere."),
    TEXTS(struct seeded_user, roles, .doc = "Roles."),
    { 0 },
};
static const struct shape seeded_user_shape = SHAPE("SeededUser", struct seeded_user, seeded_user_fields);

struct seed_out {
    const char *message, *warning;
    struct list created;
    struct texts skipped;
};

static const struct field seed_fields[] = {
    TEXT(struct seed_out, message, .doc = "What was done."),
    TEXT(struct seed_out, warning, .doc = "What they are not for."),
    LIST(struct seed_out, created, &seeded_user_shape, .doc = "Accounts made."),
    TEXTS(struct seed_out, skipped, .doc = "Names that were taken."),
    { 0 },
};
static const struct shape seed_shape = SHAPE("SeededUsers", struct seed_out, seed_fields);

struct purge_out {
    const char *message;
    struct texts purged_usernames;
};

static const struct field purge_fields[] = {
    TEXT(struct purge_out, message, .doc = "How many."),
    TEXTS(struct purge_out, purged_usernames, .doc = "Who."),
    { 0 },
};
static const struct shape purge_shape = SHAPE("PurgedUsers", struct purge_out, purge_fields);

struct test_user_out {
    const char *username, *email;
    struct texts roles;
};

static const struct field test_user_fields[] = {
    TEXT(struct test_user_out, username, .doc = "Name."),
    TEXTS(struct test_user_out, roles, .doc = "Roles."),
    TEXT(struct test_user_out, email, .nullable = true, .doc = "Address."),
    { 0 },
};
static const struct shape test_user_shape = SHAPE("TestUser", struct test_user_out, test_user_fields);

struct check_out {
    bool ready_for_production;
    struct texts issues, warnings;
    int64_t test_user_count;
};

static const struct field check_fields[] = {
    BOOL(struct check_out, ready_for_production, .doc = "Whether there are no issues."),
    TEXTS(struct check_out, issues, .doc = "What has to change."),
    TEXTS(struct check_out, warnings, .doc = "What should change."),
    INT(struct check_out, test_user_count, .doc = "Accounts whose passwords everybody knows."),
    { 0 },
};
static const struct shape check_shape = SHAPE("ProductionCheck", struct check_out, check_fields);

static bool not_in_production(const struct request *rq, struct error *err)
{
    const struct app *const app = rq->app;
    return !text_is(app->settings->environment, "production") ||
           fail(err, CAUSE_FORBIDDEN, "Test users are disabled in production");
}

static bool seed(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    if (text_is(app->settings->environment, "production"))
        return fail(err, CAUSE_FORBIDDEN, "Test user seeding is disabled in production");
    if (!app->settings->allow_test_users)
        return fail(err, CAUSE_FORBIDDEN, "Test user seeding is disabled by configuration");
    bool *const made = arena_array(rq->mem, test_users_count, sizeof *made);
    if (!test_users_seed(&app->lib, rq->mem, made, err)) return false;
    struct seeded_user *const created = arena_array(rq->mem, test_users_count, sizeof *created);
    struct seed_out out = { .message = "Test users seeded successfully",
                            .warning = "FOR DEVELOPMENT ONLY - DO NOT USE IN PRODUCTION",
                            .created = { .items = created },
                            .skipped = { .items = arena_array(rq->mem, test_users_count, sizeof(char *)) } };
    for (size_t i = 0; i < test_users_count; i++) {
        const struct test_user *const t = &test_users[i];
        if (made[i])
            created[out.created.count++] = (struct seeded_user){ t->username, t->password, t->roles };
        else
            out.skipped.items[out.skipped.count++] = t->username;
    }
    reply_object(rp, &seed_shape, &out);
    return true;
}

static bool purge(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct list users;
    const bool *gone;
    const char *kept = "";
    if (!test_users_purge(&app->lib, rq->mem, &users, &gone, err)) return false;
    const struct user *const rows = users.items;
    struct purge_out out = { .purged_usernames.items = arena_array(rq->mem, users.count, sizeof(char *)) };
    for (size_t i = 0; i < users.count; i++)
        if (gone[i])
            out.purged_usernames.items[out.purged_usernames.count++] = rows[i].username;
        else
            kept = arena_printf(rq->mem, "%s; switched off '%s', to whom something belongs", kept,
                                rows[i].username);
    out.message = arena_printf(rq->mem, "Purged %zu test users%s", out.purged_usernames.count, kept);
    reply_object(rp, &purge_shape, &out);
    return true;
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct list users;
    if (!not_in_production(rq, err) || !test_users_list(&app->lib, rq->mem, &users, err)) return false;
    const struct user *const rows = users.items;
    struct test_user_out *const items = arena_array(rq->mem, users.count, sizeof *items);
    for (size_t i = 0; i < users.count; i++)
        items[i] = (struct test_user_out){ rows[i].username, rows[i].email, rows[i].roles };
    reply_list(rp, &test_user_shape, &(struct list){ items, users.count });
    return true;
}

static bool check(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct settings *const settings = app->settings;
    const char *issues[3], *warnings[2];
    struct check_out out = { .issues = { issues, 0 }, .warnings = { warnings, 0 } };
    struct list users;
    if (!test_users_list(&app->lib, rq->mem, &users, err)) return false;
    const struct user *const rows = users.items;
    for (size_t i = 0; i < users.count; i++) out.test_user_count += rows[i].is_active;
    if (out.test_user_count)
        issues[out.issues.count++] = arena_printf(
            rq->mem, "%lld test user(s) exist - run /auth/purge-test-users", (long long)out.test_user_count);
    if (settings->disable_auth)
        issues[out.issues.count++] = "Authentication is disabled (DISABLE_AUTH=true)";
    if (settings->allow_dev_token)
        issues[out.issues.count++] = "Anybody gets an administrator's token (UMAM_ALLOW_DEV_TOKEN=true)";
    if (!text_is(settings->environment, "production"))
        warnings[out.warnings.count++] = "ENVIRONMENT is not set to 'production'";
    if (!settings->strict_sandbox)
        warnings[out.warnings.count++] = "UMAM_STRICT_SANDBOX is not set: media work goes on when the kernel "
                                         "lacks a protection layer";
    out.ready_for_production = !out.issues.count;
    reply_object(rp, &check_shape, &out);
    return true;
}

const struct route production_routes[] = {
    { METHOD_GET, "/auth/production-check", check, .needs = NEED_ADMIN, .out = &check_shape, .tag = "auth",
      .doc = "Whether the instance is fit for the open." },
    { METHOD_POST, "/auth/seed-test-users", seed, .needs = NEED_ADMIN, .out = &seed_shape,
      .act = "test-users.seed", .tag = "auth",
      .doc = "Makes four accounts with well-known passwords; refused in production." },
    { METHOD_GET, "/auth/test-users", list, .needs = NEED_ADMIN, .out = &test_user_shape, .list = true,
      .tag = "auth", .doc = "Accounts made for tests; refused in production." },
    { METHOD_DELETE, "/auth/purge-test-users", purge, .needs = NEED_ADMIN, .out = &purge_shape,
      .act = "test-users.purge", .tag = "auth",
      .doc = "Removes the accounts made for tests; those to whom something belongs are switched off." },
    { 0 },
};
