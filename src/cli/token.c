#include "library/token.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"

struct token_options {
    const char *username, *roles;
    int64_t hours;
};

static const struct field fields[] = {
    TEXT(struct token_options, username, .min = 1, .max = 64, .initial_text = "admin", .doc = "Whose token."),
    TEXT(struct token_options, roles, .max = 200, .initial_text = "admin", .doc = "Roles, comma separated."),
    INT(struct token_options, hours, .min = 1, .max = 87600, .initial = 24, .doc = "How long it is good."),
    { 0 },
};
static const struct shape shape = SHAPE("TokenOptions", struct token_options, fields);
static const char *const positionals[] = { "username", NULL };

static bool run(struct cli *cli, struct error *err)
{
    const struct token_options *const options = cli->own;
    struct settings settings;
    const char *secret;
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &settings, err) ||
        !instance_secret(cli->mem, &settings, false, &secret, err))
        return false;
    const int64_t now = time_now();
    const struct claims claims = { .subject = options->username,
                                   .roles = text_split(cli->mem, options->roles, ','),
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
