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
};

static const struct field fields[] = {
    ENUM(struct user_options, action, action_names, .initial_text = "list", .doc = "What to do."),
    TEXT(struct user_options, username, .nullable = true, .max = 64, .doc = "Whom it is about."),
    TEXT(struct user_options, roles, .max = 200, .initial_text = "viewer",
         .doc = "admin, editor, creator, viewer; comma separated."),
    TEXT(struct user_options, email, .nullable = true, .max = 254, .doc = "Address of a new user."),
    { 0 },
};
static const struct shape shape = SHAPE("UserOptions", struct user_options, fields);
static const char *const positionals[] = { "action", "username", NULL };

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

static void show(struct cli *cli, const struct list *users)
{
    struct user *const rows = users->items;
    for (size_t i = 0; i < users->count; i++) {
        rows[i].password_hash = NULL;
        if (cli->json) {
            say_shape(&user_row_shape, &rows[i]);
            continue;
        }
        AUTO(buf) struct buf roles = BUF(1024);
        for (size_t r = 0; r < rows[i].roles.count; r++)
            buf_printf(&roles, "%s%s", r ? "," : "", rows[i].roles.items[r]);
        const char *const seen = time_text(cli->mem, rows[i].last_login);
        say("%-20s %-24s %-8s last login %s\n", rows[i].username, buf_str(&roles),
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

static bool add(struct cli *cli, struct library *lib, const struct user_options *options,
                const struct texts *roles, struct error *err)
{
    struct register_in in = { .username = options->username, .email = options->email };
    struct user made;
    if (!ask_password(cli->mem, &in.password, err) || !user_register(lib, cli->mem, &in, roles, &made, err))
        return false;
    if (!cli->json) say("user '%s' added with roles %s\n", made.username, options->roles);
    return true;
}

static bool act(struct cli *cli, struct library *lib, const struct user_options *options, struct error *err)
{
    const struct texts roles = text_split(cli->mem, options->roles, ',');
    const char *const action = options->action, *password;
    if (text_is(action, "list")) return list(cli, lib, err);
    if (text_empty(options->username))
        return fail(err, CAUSE_INVALID, "say whom: `umam user %s NAME`", action);
    if (text_is(action, "add")) return add(cli, lib, options, &roles, err);
    if (text_is(action, "password"))
        return ask_password(cli->mem, &password, err) &&
               user_set_password(lib, cli->mem, options->username, password, err);
    const bool active = text_is(action, "enable");
    const struct user_change change =
        text_is(action, "roles") ? (struct user_change){ .roles = &roles } : (struct user_change){ .is_active = &active };
    struct user changed;
    return user_change(lib, cli->mem, options->username, &change, &changed, err);
}

/* What was done here is known to the audit log, too. */
static bool note(struct library *lib, const struct user_options *options, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const bool roles = text_is(options->action, "roles") || text_is(options->action, "add");
    const struct audit_note note = {
        .actor = "",
        .remote = "local",
        .act = arena_printf(&mem, "user.%s", options->action),
        .target = roles ? arena_printf(&mem, "%s roles=%s", options->username, options->roles)
                        : options->username,
    };
    return text_is(options->action, "list") || audit_put(lib, &note, err);
}

static bool run(struct cli *cli, struct error *err)
{
    const struct user_options *const options = cli->own;
    struct library lib = { 0 };
    if (!instance_open_database(cli, &lib.db, err)) return false;
    const bool done = act(cli, &lib, options, err) && note(&lib, options, err);
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
