/* Every route of the API with what its caller needs, hidden ones included. */
#include "api/app.h"
#include "cli/cli.h"

static void say_path(const struct route *route, const char *under, bool json)
{
    const char *const method = method_names[route->method], *const needs = need_names[route_needs(route)];
    const bool key = route_takes_key(route);
    if (json)
        say("{\"method\":\"%s\",\"path\":\"%s%s\",\"needs\":\"%s\",\"key\":%s}\n", method, under, route->path,
            needs, key ? "true" : "false");
    else
        say("%-7s %-7s %s%s%s\n", needs, method, under, route->path, key ? "" : " (no API key)");
}

static void say_row(const struct route *route, bool json)
{
    say_path(route, "", json);
    if (route->also_under) say_path(route, route->also_under, json);
}

static bool run(struct cli *cli, struct error *err)
{
    (void)err;
    for (size_t t = 0; app_routes[t]; t++)
        for (const struct route *route = app_routes[t]; route->path; route++) say_row(route, cli->json);
    return true;
}

const struct command command_routes = {
    .name = "routes",
    .summary = "lists every HTTP route and the permission it needs",
    .usage = "[--json]",
    .text = "read, create and admin are permissions that roles give; known is anybody with an account or a "
            "token;\nnothing is open to everybody. --json prints one object a line.\n"
            "example: umam routes",
    .run = run,
};
