#include "cli/cli.h"

static bool run(struct cli *cli, struct error *err)
{
    (void)err;
    if (cli->json)
        say("{\"version\":\"%s\"}\n", UMAM_VERSION);
    else
        say("umam %s\n", UMAM_VERSION);
    return true;
}

const struct command command_version = {
    .name = "version",
    .summary = "says which version this is",
    .usage = "[--json]",
    .text = "Prints the version.",
    .run = run,
};
