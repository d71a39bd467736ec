/* The audit log of an instance. */
#include "library/audit.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "library/library.h"
#include "library/page.h"

static void show(struct cli *cli, const struct list *entries)
{
    const struct audit_entry *const rows = entries->items;
    for (size_t i = 0; i < entries->count; i++) {
        if (cli->json)
            say_shape(&audit_entry_shape, &rows[i]);
        else
            say("%-26s %-7s %-16s %-20s %-15s %s%s\n", time_text(cli->mem, rows[i].created_at), rows[i].outcome,
                rows[i].act, rows[i].actor, rows[i].remote, rows[i].target,
                rows[i].times > 1 ? arena_printf(cli->mem, " (%lld times)", (long long)rows[i].times) : "");
    }
}

static bool run(struct cli *cli, struct error *err)
{
    struct library lib = { 0 };
    struct settings settings;
    struct list entries;
    const char *next;
    if (!instance_open(cli, "GET /api/audit", &settings, &lib.db, err)) return false;
    const bool done = audit_list(&lib, cli->mem, cli->own, &entries, &next, err);
    if (done) show(cli, &entries);
    if (done && next && !cli->json) say("older ones: --cursor %s\n", next);
    db_close(lib.db);
    return done;
}

const struct command command_audit = {
    .name = "audit",
    .summary = "shows who did what and who was refused",
    .usage = "[--actor NAME] [--act ACT] [--since TIME] [--until TIME] [--limit N] [--json]",
    .text = "Works on the data folder while no server uses it; GET /api/audit shows the same. Newest first.\n"
            "Times are dates (2026-01-31) or moments (2026-01-31T18:00:00Z). Acts: login, logout, logout.all,\n"
            "password.change, refresh.replay, token.ended, dev-token, denied, key.create, key.revoke, account.create,\n"
            "account.change, account.delete, job.delete, universe.delete; from here user.add, user.roles, ...\n"
            "example: umam audit --act login --since 2026-01-31",
    .shape = &audit_query_shape,
    .takes_settings = true,
    .run = run,
};
