/* Which settings there are, and what they are now. */
#include "library/settings.h"
#include "base/text.h"
#include "cli/cli.h"

struct settings_options {
    bool example;
};

static const struct field fields[] = {
    BOOL(struct settings_options, example, .doc = "Print a documented .env file with the defaults."),
    { 0 },
};
static const struct shape shape = SHAPE("SettingsOptions", struct settings_options, fields);

static bool show(struct cli *cli, struct error *err)
{
    struct settings now;
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &now, err))
        return false;
    for (const struct field *field = settings_shape.fields; field->name; field++) {
        const char **const at = (const char **)(void *)((char *)&now + field->offset);
        if (field->secret && *at) *at = "(set)";
    }
    if (cli->json) {
        say_shape(&settings_shape, &now);
        return true;
    }
    for (const struct field *field = settings_shape.fields; field->name; field++) {
        const void *const at = (const char *)&now + field->offset;
        if (field->kind == FIELD_INT)
            say("%-24s %lld\n", field->env, (long long)*(const int64_t *)at);
        else if (field->kind == FIELD_BOOL)
            say("%-24s %s\n", field->env, *(const bool *)at ? "true" : "false");
        else
            say("%-24s %s\n", field->env, *(const char *const *)at ? *(const char *const *)at : "");
    }
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct settings_options *const options = cli->own;
    if (!options->example) return show(cli, err);
    AUTO(buf) struct buf text = BUF(1 << 16);
    settings_example(&text);
    say("%s", buf_str(&text));
    return true;
}

const struct command command_settings = {
    .name = "settings",
    .summary = "shows every setting and its present value",
    .usage = "[--example] [--json]",
    .text = "The command line wins over the environment, the environment over the file.\n"
            "example: umam settings --example > .env",
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
