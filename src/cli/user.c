#include "library/user.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "library/page.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char *const action_names[] = { "list", "add", "password", "roles", "enable", "disable", NULL };

struct user_options {
    const char *action, *username, *roles, *email;
    bool keep_api_keys;
};

static const struct field fields[] = {
    ENUM(struct user_options, action, action_names, .initial_text = "list", .doc = "What to do."),
    TEXT(struct user_options, username, .nullable = true, .max = 64, .doc = "Whom it is about."),
    TEXT(struct user_options, roles, .nullable = true, .max = 200,
         .doc = "admin, editor, creator, viewer; comma separated. A new user without any is a viewer."),
    TEXT(struct user_options, email, .nullable = true, .max = 254, .doc = "Address of a new user."),
    BOOL(struct user_options, keep_api_keys, .doc = "A new password leaves the API keys good."),
    { 0 },
};
static const struct shape shape = SHAPE("UserOptions", struct user_options, fields);
static const char *const positionals[] = { "action", "username", NULL };

/* What is shown of an account: not the hash of its password. */
static const struct field shown_fields[] = {
    TEXT(struct user, id, .doc = "UUID."),
    TEXT(struct user, username, .doc = "Name for logging in."),
    TEXT(struct user, email, .nullable = true, .doc = "Address."),
    TEXT(struct user, display_name, .nullable = true, .doc = "Name to show."),
    TEXTS(struct user, roles, .doc = "Roles."),
    BOOL(struct user, is_active, .doc = "Whether the account may be used."),
    BOOL(struct user, is_test_user, .doc = "Made for tests."),
    TIME(struct user, created_at, .doc = "When it was made."),
    TIME(struct user, last_login, .nullable = true, .doc = "Last login."),
    { 0 },
};
static const struct shape shown_shape = SHAPE("ShownUser", struct user, shown_fields);

/* One line from standard input, not echoed on a terminal. */
static bool ask_password(struct arena *mem, const char **out, struct error *err)
{
    struct termios old;
    const bool terminal = tcgetattr(STDIN_FILENO, &old) == 0;
    if (terminal) {
        struct termios quiet = old;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "password: ");
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    char line[2048];
    const bool got = fgets(line, sizeof line, stdin) != NULL;
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        fputc('\n', stderr);
    }
    if (!got) return fail(err, CAUSE_INVALID, "the password is read from standard input, and nothing came");
    line[strcspn(line, "\r\n")] = '\0';
    *out = arena_text(mem, line);
    return true;
}

static const char *roles_text(struct arena *mem, const struct texts *roles)
{
    AUTO(buf) struct buf text = BUF(1024);
    for (size_t i = 0; i < roles->count; i++) buf_printf(&text, "%s%s", i ? "," : "", roles->items[i]);
    return roles->count ? arena_text(mem, buf_str(&text)) : "none";
}

static void show(struct cli *cli, const struct list *users)
{
    const struct user *const rows = users->items;
    for (size_t i = 0; i < users->count; i++) {
        if (cli->json) {
            say_shape(&shown_shape, &rows[i]);
            continue;
        }
        const char *const seen = time_text(cli->mem, rows[i].last_login);
        say("%-20s %-24s %-8s last login %s\n", rows[i].username, roles_text(cli->mem, &rows[i].roles),
            rows[i].is_active ? "" : "disabled", seen ? seen : "never");
    }
}

static bool list(struct cli *cli, struct library *lib, struct error *err)
{
    struct users_query query = { .limit = PAGE_MAX };
    struct list users;
    do {
        if (!user_list(lib, cli->mem, &query, &users, &query.cursor, err)) return false;
        show(cli, &users);
    } while (query.cursor);
    return true;
}

/* ---- changes ---- */

static bool add(struct cli *cli, struct library *lib, const struct user_options *o, struct user *out,
                struct error *err)
{
    const struct texts roles = text_split(cli->mem, o->roles ? o->roles : "viewer", ',');
    struct register_in in = { .username = o->username, .email = o->email };
    return ask_password(cli->mem, &in.password, err) && user_register(lib, cli->mem, &in, &roles, out, err);
}

static bool set_password(struct cli *cli, struct library *lib, const struct user_options *o, struct user *out,
                         struct error *err)
{
    const char *password;
    int64_t keys;
    if (!user_get(lib, cli->mem, o->username, out, err) || !ask_password(cli->mem, &password, err) ||
        !user_set_password(lib, cli->mem, o->username, password, o->keep_api_keys, &keys, err))
        return false;
    fprintf(stderr, "revoked API keys: %lld\n", (long long)keys);
    return true;
}

static bool set_roles(struct cli *cli, struct library *lib, const struct user_options *o, struct user *out,
                      struct error *err)
{
    const struct texts roles = text_split(cli->mem, o->roles, ',');
    if (!roles.count)
        return fail(err, CAUSE_INVALID, "say which roles: umam user roles %s --roles viewer,creator",
                    o->username);
    return user_change(lib, cli->mem, o->username, &(struct user_change){ .roles = &roles }, out, err);
}

static bool set_active(struct cli *cli, struct library *lib, const struct user_options *o, struct user *out,
                       struct error *err)
{
    const bool active = text_is(o->action, "enable");
    return user_change(lib, cli->mem, o->username, &(struct user_change){ .is_active = &active }, out, err);
}

/* After the words of action_names, without the list. */
static const struct {
    bool (*run)(struct cli *cli, struct library *lib, const struct user_options *o, struct user *out,
                struct error *err);
    const char *done; /* what is said of it; NULL: the roles */
} acts[] = {
    { add, NULL },
    { set_password, "has a new password; every session and token made before has ended" },
    { set_roles, NULL },
    { set_active, "may log in" },
    { set_active, "is switched off" },
};

/* What was done here is known to the audit log, too. */
static bool note(struct library *lib, struct arena *mem, const struct user_options *o,
                 const struct user *user, struct error *err)
{
    const bool roles = text_is(o->action, "roles") || text_is(o->action, "add");
    const struct audit_note note = {
        .actor = "",
        .remote = "local",
        .act = arena_printf(mem, "user.%s", o->action),
        .target = roles ? arena_printf(mem, "%s roles=%s", user->username, roles_text(mem, &user->roles))
                        : user->username,
    };
    return audit_put(lib, &note, err);
}

static bool change(struct cli *cli, struct library *lib, const struct user_options *o, struct error *err)
{
    const int at = text_find(action_names, o->action) - 1;
    const bool asks = text_is(o->action, "roles") && !o->roles;
    struct user user;
    if (asks ? !user_get(lib, cli->mem, o->username, &user, err)
             : !acts[at].run(cli, lib, o, &user, err) || !note(lib, cli->mem, o, &user, err))
        return false;
    if (cli->json)
        say_shape(&shown_shape, &user);
    else if (acts[at].done)
        say("user '%s' %s\n", user.username, acts[at].done);
    else
        say("user '%s' has the roles %s\n", user.username, roles_text(cli->mem, &user.roles));
    return true;
}

/* ---- the command ---- */

static bool act(struct cli *cli, struct library *lib, const struct user_options *o, struct error *err)
{
    if (text_is(o->action, "list"))
        return o->username ? fail(err, CAUSE_INVALID, "`umam user list` takes no name") : list(cli, lib, err);
    if (text_empty(o->username)) return fail(err, CAUSE_INVALID, "say whom: `umam user %s NAME`", o->action);
    return change(cli, lib, o, err);
}

static bool run(struct cli *cli, struct error *err)
{
    struct library lib = { 0 };
    struct settings settings;
    if (!instance_open(cli, "GET /users, POST /users, PATCH /users/NAME", &settings, &lib.db, err))
        return false;
    const bool done = act(cli, &lib, cli->own, err);
    db_close(lib.db);
    return done;
}

const struct command command_user = {
    .name = "user",
    .summary = "lists and changes accounts",
    .usage = "[list|add|password|roles|enable|disable] [NAME] [options]",
    .text = "Works on the data folder while no server uses it. Passwords are read from standard input.\n"
            "example: umam user add mira --roles creator",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
