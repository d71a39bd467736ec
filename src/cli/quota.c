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

static bool show(struct cli *cli, struct library *lib, const char *subject, struct error *err)
{
    struct quota_state state;
    if (!quota_get(lib, cli->mem, subject, &state, err)) return false;
    if (cli->json) {
        say_shape(&quota_state_shape, &state);
        return true;
    }
    const double mib = 1 << 20;
    const char *const jobs = state.jobs_limit == INT_NONE
                                 ? "no limit"
                                 : arena_printf(cli->mem, "of %lld", (long long)state.jobs_limit),
                      *const storage =
                          state.storage_limit_bytes == INT_NONE
                              ? "no limit"
                              : arena_printf(cli->mem, "of %.1f", (double)state.storage_limit_bytes / mib);
    say("%-20s jobs under way %lld (%s), MiB stored %.1f (%s)\n", text_line(cli->mem, subject),
        (long long)state.jobs, jobs, (double)state.storage_bytes / mib, storage);
    return true;
}

/* Those who have a quota of their own. */
static bool list(struct cli *cli, struct library *lib, struct error *err)
{
    struct list quotas;
    if (!quota_list(lib, cli->mem, &quotas, err)) return false;
    const struct quota *const rows = quotas.items;
    for (size_t i = 0; i < quotas.count; i++)
        if (!show(cli, lib, rows[i].subject, err)) return false;
    if (!quotas.count && !cli->json)
        say("nobody has a quota of his own; `umam quota NAME` shows what holds for NAME\n");
    return true;
}

/* What is not named stays. */
static bool change(struct library *lib, const struct quota_options *o, struct error *err)
{
    const int64_t same = o->reset ? INT_NONE : QUOTA_SAME;
    return quota_change(lib, o->username, o->jobs == INT_NONE ? same : o->jobs,
                        o->storage_mb == INT_NONE ? same : o->storage_mb, err);
}

static bool act(struct cli *cli, struct library *lib, const struct quota_options *o, struct error *err)
{
    const bool changes = o->reset || o->jobs != INT_NONE || o->storage_mb != INT_NONE;
    if (!text_empty(o->username))
        return (changes ? change(lib, o, err) : quota_known(lib, o->username, err)) &&
               show(cli, lib, o->username, err);
    return changes ? fail(err, CAUSE_INVALID, "say whose: `umam quota NAME --jobs N`") : list(cli, lib, err);
}

static bool run(struct cli *cli, struct error *err)
{
    struct settings settings;
    struct library lib = { 0 };
    if (!instance_open(cli, "GET /api/quota/NAME, PUT /api/quota/NAME", &settings, &lib.db, err))
        return false;
    lib.quota =
        (struct quota_rules){ .jobs = settings.quota_jobs, .storage_bytes = settings.quota_storage_mb << 20 };
    const bool done = act(cli, &lib, cli->own, err);
    db_close(lib.db);
    return done;
}

const struct command command_quota = {
    .name = "quota",
    .summary = "shows and sets what single people may have",
    .usage = "[NAME] [--jobs N] [--storage-mb N] [--reset]",
    .text = "Works on the data folder while no server uses it; with a server, PUT /api/quota/NAME does the "
            "same.\n"
            "example: umam quota mira --jobs 500 --storage-mb 100000",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
