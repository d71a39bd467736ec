/* umam: the server and the command line. */
#include "cli/cli.h"

#include "base/text.h"

#include <sodium.h>
#include <stdio.h>

static const struct command *const commands[] = {
    &command_serve,   &command_render, &command_strategy, &command_probe,  &command_migrate, &command_jobs,
    &command_assets,  &command_user,   &command_quota,    &command_key,    &command_token,   &command_export,
    &command_openapi, &command_routes, &command_settings, &command_doctor, &command_import,  &command_check,
    &command_backup,  &command_browse, &command_restore,  &command_trash,  &command_audit,   &command_version,
};

static void help(void)
{
    say("umam - the Unified Media Asset Manager: direct it, rehearse it for free, never lose a take\n\n"
        "usage: umam COMMAND [options]\n\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        say("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    say("\n`umam COMMAND --help` explains a command. Start with:\n"
        "  umam serve\n"
        "  umam render \"a lighthouse in a storm\" --mood 12 -o storm.mp4\n");
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (text_is(commands[i]->name, name)) return commands[i];
    return NULL;
}

static bool wants_help(int count, char **words)
{
    for (int i = 0; i < count && !text_is(words[i], "--"); i++)
        if (text_is(words[i], "--help") || text_is(words[i], "-h")) return true;
    return false;
}

static bool has_json(int count, char **words)
{
    for (int i = 0; i < count; i++)
        if (text_is(words[i], "--json")) return true;
    return false;
}

static void show_error(const struct error *err, bool json)
{
    if (!json) {
        fprintf(stderr, "umam: %s\n", err->text);
        return;
    }
    AUTO(buf) struct buf text = BUF(4096);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_pair(&out, "detail", err->text);
    json_put_pair(&out, "code", cause_code(err->cause));
    json_put_close(&out, '}');
    fprintf(stderr, "%s\n", buf_str(&text));
}

static int run(const struct command *command, int count, char **words)
{
    AUTO(arena) struct arena mem = { 0 };
    struct cli cli;
    struct error err = { 0 };
    if (wants_help(count, words)) {
        AUTO(buf) struct buf text = BUF(1 << 16);
        options_help(command, &text);
        say("%s", buf_str(&text));
        return 0;
    }
    if (options_parse(command, count, words, &mem, &cli, &err) && command->run(&cli, &err)) return 0;
    show_error(&err, has_json(count, words));
    return cause_exit_code(err.cause);
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0) return 1;
    const char *const name = argc > 1 ? argv[1] : "--help";
    if (text_is(name, "--help") || text_is(name, "-h") || text_is(name, "help")) {
        if (argc > 2 && find(argv[2])) return run(find(argv[2]), 1, (char *[]){ (char[]){ "--help" } });
        help();
        return 0;
    }
    const struct command *const command = find(text_is(name, "--version") ? "version" : name);
    if (command) return run(command, argc - 2, argv + 2);
    struct error err;
    fail(&err, CAUSE_INVALID, "there is no command '%s'; `umam --help` lists them", name);
    show_error(&err, has_json(argc - 1, argv + 1));
    return cause_exit_code(CAUSE_INVALID);
}
