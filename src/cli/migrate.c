#include "store/migrate.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "library/restore.h"

static const char *const action_names[] = { "status", "up", "down", NULL };

struct migrate_options {
    const char *action;
    int64_t to;
};

static const struct field fields[] = {
    ENUM(struct migrate_options, action, action_names, .initial_text = "status", .doc = "What to do."),
    INT(struct migrate_options, to, .nullable = true, .max = 9999,
        .doc = "Number to end at; up ends at the newest."),
    { 0 },
};
static const struct shape shape = SHAPE("MigrateOptions", struct migrate_options, fields);
static const char *const positionals[] = { "action", NULL };

static bool show(struct cli *cli, const char *path, struct error *err)
{
    struct list list;
    if (!migrate_status(path, cli->mem, &list, err)) return false;
    const struct migration_status *const rows = list.items;
    for (size_t i = 0; i < list.count; i++) {
        if (cli->json)
            say_shape(&migration_status_shape, &rows[i]);
        else
            say("%04lld  %-20s %s\n", (long long)rows[i].number, rows[i].name,
                rows[i].pending ? "pending" : time_text(cli->mem, rows[i].applied_at));
    }
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct migrate_options *const options = cli->own;
    struct settings settings;
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &settings, err))
        return false;
    if (!restore_settle(settings.data_dir, err)) return false;
    const char *const path = instance_database(cli->mem, &settings);
    const bool up = text_is(options->action, "up"), down = text_is(options->action, "down");
    if (down && options->to == INT_NONE)
        return fail(err, CAUSE_INVALID,
                    "say where to stop: `umam migrate down --to 0` removes all tables (a copy is kept)");
    if (up && (!file_make_dirs(settings.data_dir, err) ||
               !migrate_up(path, options->to == INT_NONE ? MIGRATE_LATEST : options->to, err)))
        return false;
    if (down && !migrate_down(path, options->to, err)) return false;
    return show(cli, path, err);
}

const struct command command_migrate = {
    .name = "migrate",
    .summary = "shows or changes the version of the database schema",
    .usage = "[status|up|down] [--to N] [options]",
    .text = "`umam serve` migrates up by itself. A copy of the database is made before anything changes.",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
