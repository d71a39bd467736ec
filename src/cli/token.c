#include "library/token.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/instance.h"
#include "library/role.h"
#include "library/user.h"

#include <stdio.h>
#include <unistd.h>

struct token_options {
    const char *username, *roles;
    int64_t hours;
};

static const struct field fields[] = {
    TEXT(struct token_options, username, .min = 1, .max = 64, .initial_text = "admin", .doc = "Whose token."),
    TEXT(struct token_options, roles, .nullable = true, .max = 200,
         .doc = "Roles, comma separated; those of the account if absent."),
    INT(struct token_options, hours, .min = 1, .max = 87600, .initial = 24, .doc = "How long it is good."),
    { 0 },
};
static const struct shape shape = SHAPE("TokenOptions", struct token_options, fields);
static const char *const positionals[] = { "username", NULL };

/* ---- whose it is ---- */

static const struct field account_fields[] = {
    TEXT(struct user, username, .doc = "Name."),
    TEXTS(struct user, roles, .doc = "Roles."),
    BOOL(struct user, is_active, .doc = "Whether the account may be used."),
    { 0 },
};
static const struct shape account_shape = SHAPE("TokenAccount", struct user, account_fields);

/* A server pages through its accounts. */
static bool ask_server(struct cli *cli, const struct client *client, const char *name, struct user *out,
                       bool *found_out, struct error *err)
{
    enum { PAGE = 1000 };
    const struct json *page;
    for (int64_t offset = 0;; offset += PAGE) {
        const char *const path =
            arena_printf(cli->mem, "/users?limit=%d&offset=%lld", PAGE, (long long)offset);
        if (!client_call(client, cli->mem, "GET", path, NULL, &page, err)) return false;
        for (size_t i = 0; i < page->count; i++)
            if (text_is(json_get_text(&page->items[i], "username", NULL), name)) {
                *found_out = true;
                return shape_take(&account_shape, &page->items[i], cli->mem, out, err);
            }
        if (page->count < PAGE) return true;
    }
}

static bool find_account(struct cli *cli, const struct settings *settings, const char *name, struct user *out,
                         bool *found_out, struct error *err)
{
    struct reach reach;
    if (access(instance_database(cli->mem, settings), F_OK) != 0)
        return true; /* a secret from the settings alone */
    if (!instance_reach(cli->mem, settings, &reach, err)) return false;
    struct library lib = { .db = reach.db };
    const bool done = reach.db ? user_find(&lib, cli->mem, name, out, found_out, err)
                               : ask_server(cli, &reach.server, name, out, found_out, err);
    db_close(reach.db);
    return done;
}

/* The roles asked for, else those of the account. Whoever holds the secret may sign for anybody, so that an
 * account that is not there, or cannot be looked up, is only told. */
static bool choose_roles(struct cli *cli, const struct settings *settings, const struct token_options *o,
                         struct texts *out, struct error *err)
{
    struct user user;
    struct error why;
    bool found = false;
    const bool looked = find_account(cli, settings, o->username, &user, &found, &why);
    if (found && !user.is_active)
        return fail(err, CAUSE_CONFLICT,
                    "the account '%s' is switched off; `umam user enable %s` brings it back", user.username,
                    user.username);
    const struct texts roles = o->roles ? text_split(cli->mem, o->roles, ',')
                               : found  ? user.roles
                                        : text_split(cli->mem, "admin", ',');
    if (!roles_check(&roles, err)) return false;
    if (!looked)
        fprintf(stderr, "umam: the account '%s' was not looked up: %s\n", o->username, why.text);
    else if (!found)
        fprintf(stderr, "umam: there is no account '%s'; the token has the roles %s by itself\n", o->username,
                o->roles ? o->roles : "admin");
    *out = roles;
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct token_options *const options = cli->own;
    struct settings settings;
    struct texts roles;
    const char *secret;
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &settings, err) ||
        !instance_secret(cli->mem, &settings, false, &secret, err) ||
        !choose_roles(cli, &settings, options, &roles, err))
        return false;
    const int64_t now = time_now();
    const struct claims claims = { .subject = options->username,
                                   .roles = roles,
                                   .issued_at = now,
                                   .expires_at = now + options->hours * 3600 * SECOND };
    const char *const token = token_new(cli->mem, secret, &claims);
    say(cli->json ? "{\"token\":\"%s\"}\n" : "%s\n", token);
    return true;
}

const struct command command_token = {
    .name = "token",
    .summary = "makes a token for the API",
    .usage = "[USERNAME] [options]",
    .text =
        "Whoever can read the data folder can do this; no password is asked. Works while the server runs.\n"
        "example: curl -H \"Authorization: Bearer $(umam token)\" http://127.0.0.1:8000/universes",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
