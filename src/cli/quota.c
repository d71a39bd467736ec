#include "library/quota.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/instance.h"

struct quota_options {
    const char *username;
    int64_t jobs, storage_mb;
    bool reset;
};

static const struct field fields[] = {
    TEXT(struct quota_options, username, .nullable = true, .max = 256, .doc = "Whom it is about."),
    INT(struct quota_options, jobs, .nullable = true, .max = 1000000,
        .doc = "Jobs under way at most; 0 for no limit."),
    INT(struct quota_options, storage_mb, .nullable = true, .max = 1 << 30,
        .doc = "MiB stored at most; 0 for no limit."),
    BOOL(struct quota_options, reset,
         .doc = "Back to the settings UMAM_QUOTA_JOBS and UMAM_QUOTA_STORAGE_MB."),
    { 0 },
};
static const struct shape shape = SHAPE("QuotaOptions", struct quota_options, fields);
static const char *const positionals[] = { "username", NULL };

static const char *number(struct arena *mem, int64_t value)
{
    if (value == INT_NONE) return "as set";
    return value ? arena_printf(mem, "%lld", (long long)value) : "no limit";
}

static bool list(struct cli *cli, struct library *lib, const char *username, struct error *err)
{
    struct list quotas;
    if (!quota_list(lib, cli->mem, &quotas, err)) return false;
    const struct quota *const rows = quotas.items;
    for (size_t i = 0; i < quotas.count; i++) {
        if (username && !text_is(username, rows[i].subject)) continue;
        if (cli->json)
            say_shape(&quota_row_shape, &rows[i]);
        else
            say("%-20s jobs %-10s MiB %s\n", rows[i].subject, number(cli->mem, rows[i].jobs),
                number(cli->mem, rows[i].storage_mb));
    }
    return true;
}

/* What is not named stays. */
static bool change(struct cli *cli, struct library *lib, const struct quota_options *options,
                   struct error *err)
{
    struct list quotas;
    struct quota row = { .jobs = INT_NONE, .storage_mb = INT_NONE };
    if (!quota_list(lib, cli->mem, &quotas, err)) return false;
    for (size_t i = 0; i < quotas.count && !options->reset; i++)
        if (text_is(((const struct quota *)quotas.items)[i].subject, options->username))
            row = ((const struct quota *)quotas.items)[i];
    if (options->jobs != INT_NONE) row.jobs = options->jobs;
    if (options->storage_mb != INT_NONE) row.storage_mb = options->storage_mb;
    return quota_put(lib, options->username, row.jobs, row.storage_mb, err);
}

static bool act(struct cli *cli, struct library *lib, const struct quota_options *options, struct error *err)
{
    const bool changes = options->reset || options->jobs != INT_NONE || options->storage_mb != INT_NONE;
    if (changes && text_empty(options->username))
        return fail(err, CAUSE_INVALID, "say whose: `umam quota NAME --jobs N`");
    return (!changes || change(cli, lib, options, err)) && list(cli, lib, options->username, err);
}

static bool run(struct cli *cli, struct error *err)
{
    const struct quota_options *const options = cli->own;
    struct settings settings;
    struct library lib = { 0 };
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &settings, err) ||
        !db_open(instance_database(cli->mem, &settings), &lib.db, err))
        return false;
    const bool done = act(cli, &lib, options, err);
    db_close(lib.db);
    return done;
}

const struct command command_quota = {
    .name = "quota",
    .summary = "lists and sets what single people may have",
    .usage = "[NAME] [--jobs N] [--storage-mb N] [--reset]",
    .text = "Works on the data folder while no server uses it; with a server, PUT /api/quota/NAME does the "
            "same.\n"
            "example: umam quota mira --jobs 500 --storage-mb 100000",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
