#include "library/restore.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/instance.h"

struct restore_options {
    const char *folder, *snapshot;
    bool undo;
};

static const struct field fields[] = {
    TEXT(struct restore_options, folder, .nullable = true, .min = 1, .max = 3000,
         .doc = "Where the backups are."),
    TEXT(struct restore_options, snapshot, .nullable = true, .min = 1, .max = 100,
         .doc = "Which backup, by its name; the newest otherwise. With --undo: which restore point."),
    BOOL(struct restore_options, undo, .doc = "Back to what was there before the last restore."),
    { 0 },
};
static const struct shape shape = SHAPE("RestoreOptions", struct restore_options, fields);
static const char *const positionals[] = { "folder", NULL };

static bool draw(void *with, double progress, const char *stage)
{
    bar_draw(with, progress, stage, 0);
    return true;
}

static void say_report(struct cli *cli, const struct restore_report *report, const char *data)
{
    if (cli->json) {
        say_shape(&restore_report_shape, report);
        return;
    }
    const struct restore_options *const o = cli->own;
    say("%s is in '%s' now", report->name, data);
    if (!o->undo) say(": %lld files, %.1f MiB", (long long)report->files, (double)report->bytes / (1 << 20));
    say("\n");
    if (report->point)
        say("what was there is in '%s/%s'; `umam restore --undo` brings it back; remove it when all is "
            "well\n",
            data, report->point);
}

static bool run(struct cli *cli, struct error *err)
{
    const struct restore_options *const o = cli->own;
    struct settings settings;
    struct bar bar = { 0 };
    struct restore_report report;
    const struct check_watch watch = { draw, &bar };
    if (!o->folder != o->undo)
        return fail(err, CAUSE_INVALID,
                    "say what to restore: `umam restore FOLDER`, or `umam restore --undo`");
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &settings, err))
        return false;
    const struct restore_order order = { settings.data_dir, o->folder, o->snapshot };
    const bool good = restore_run(&order, cli->mem, &watch, &report, err);
    bar_end(&bar);
    if (good) say_report(cli, &report, settings.data_dir);
    return good;
}

const struct command command_restore = {
    .name = "restore",
    .summary = "brings a backup back",
    .usage = "FOLDER [--snapshot NAME] | --undo",
    .text = "Stop the server first. Everything is built and checked beside what is there, then exchanged in "
            "one step; when\n"
            "anything fails, all stays as it was. What was there is kept as a restore point.\n"
            "example: umam restore /mnt/backup --data /var/lib/umam",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
