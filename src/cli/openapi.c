#include "api/app.h"
#include "api/openapi.h"
#include "cli/cli.h"

static bool run(struct cli *cli, struct error *err)
{
    (void)cli;
    (void)err;
    AUTO(buf) struct buf text = BUF(16u << 20);
    openapi_write(app_routes, &app_info, &text);
    say("%s\n", buf_str(&text));
    return true;
}

const struct command command_openapi = {
    .name = "openapi",
    .summary = "prints the description of the HTTP API (OpenAPI 3.1)",
    .usage = "> openapi.json",
    .text = "The same document that the server gives at /openapi.json.",
    .run = run,
};
