/* The audit log of an instance. */
#include "library/audit.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "cli/table.h"
#include "library/library.h"
#include "library/page.h"

#include <string.h>

static const struct column columns[] = {
    { "TIME", 0, false },  { "OUTCOME", 0, false }, { "ACT", 0, false },         { "ACTOR", 8, false },
    { "FROM", 0, false },  { "TIMES", 0, true },    { "TARGET OR REASON", 16, false }, { 0 },
};

static void print_table(struct arena *mem, const struct list *entries)
{
    enum { WIDTH = COUNT_OF(columns) - 1 };
    const struct audit_entry *const rows = entries->items;
    const char **const cells = arena_array(mem, entries->count * WIDTH, sizeof *cells);
    for (size_t i = 0; i < entries->count; i++) {
        const struct audit_entry *const row = &rows[i];
        const char *const texts[WIDTH] = { time_text(mem, row->created_at),
                                           row->outcome,
                                           row->act,
                                           row->actor,
                                           row->remote,
                                           arena_printf(mem, "%lld", (long long)row->times),
                                           row->target };
        memcpy(cells + i * WIDTH, texts, sizeof texts);
    }
    table_print(mem, columns, cells, entries->count);
}

static void show(struct cli *cli, const struct list *entries)
{
    const struct audit_entry *const rows = entries->items;
    if (!cli->json && !entries->count) say("nothing of that kind is in the log\n");
    if (!cli->json && entries->count) print_table(cli->mem, entries);
    for (size_t i = 0; cli->json && i < entries->count; i++) say_shape(&audit_entry_shape, &rows[i]);
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
    .text =
        "Works on the data folder while no server uses it; GET /api/audit shows the same. Newest first.\n"
        "Times are dates (2026-01-31) or moments (2026-01-31T18:00:00Z). Acts: login, logout, logout.all,\n"
        "password.change, refresh.replay, token.ended, dev-token, denied, key.create, key.revoke, "
        "account.create,\n"
        "account.change, account.delete, job.delete, universe.delete; from here user.add, user.roles, ...\n"
        "example: umam audit --act login --since 2026-01-31",
    .shape = &audit_query_shape,
    .takes_settings = true,
    .run = run,
};
