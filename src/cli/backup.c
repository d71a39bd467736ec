/* A backup of the whole instance: the database by the server that has it, or here; the files by this process.
 */
#include "library/backup.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/instance.h"

struct backup_options {
    const char *folder;
    bool with_key;
};

static const struct field fields[] = {
    TEXT(struct backup_options, folder, .required = true, .min = 1, .max = 3000,
         .doc = "Where the backups are."),
    BOOL(struct backup_options, with_key,
         .doc = "Also secret.key, which signs tokens: whoever reads the backup can then be anybody."),
    { 0 },
};
static const struct shape shape = SHAPE("BackupOptions", struct backup_options, fields);
static const char *const positionals[] = { "folder", NULL };

/* Where the database comes from. */
struct origin {
    const struct settings *settings;
    struct db *db; /* NULL: a server has it */
};

static bool copy(void *with, const char *path, struct error *err)
{
    const struct origin *const origin = with;
    return instance_copy_database(origin->settings, origin->db, path, err);
}

static bool draw(void *with, double progress, const char *stage)
{
    bar_draw(with, progress, stage, 0);
    return true;
}

static void say_report(struct cli *cli, const struct backup_report *report, const char *folder)
{
    if (cli->json) {
        say_shape(&backup_report_shape, report);
        return;
    }
    const struct check_fault *const faults = report->faults.items;
    const double mib = 1 << 20;
    for (size_t i = 0; i < report->faults.count; i++)
        say("%-10s  %s: %s\n", faults[i].kind, text_line(cli->mem, faults[i].name), faults[i].text);
    say("%s in '%s': %lld files, %.1f MiB; new are %lld, %.1f MiB (%lld linked, %lld cloned, %lld copied)\n",
        report->name, folder, (long long)report->files, (double)report->bytes / mib,
        (long long)report->new_files, (double)report->new_bytes / mib, (long long)report->linked,
        (long long)report->cloned, (long long)report->copied);
}

static bool take(struct cli *cli, const struct settings *settings, struct db *db, struct error *err)
{
    const struct backup_options *const o = cli->own;
    struct origin origin = { settings, db };
    struct blobs blobs;
    struct bar bar = { 0 };
    struct backup_report report;
    const struct check_watch watch = { draw, &bar };
    if (!blobs_open(instance_media(cli->mem, settings), &blobs, err)) return false;
    const struct backup_source source = {
        .blobs = &blobs,
        .copy = copy,
        .with = &origin,
        .key_file = o->with_key ? arena_printf(cli->mem, "%s/secret.key", settings->data_dir) : NULL,
    };
    const bool good = backup_take(&source, o->folder, cli->mem, &watch, &report, err);
    bar_end(&bar);
    blobs_close(&blobs);
    if (!good) return false;
    say_report(cli, &report, o->folder);
    return !report.fault_count || fail(err, CAUSE_BAD_MEDIA,
                                       "the backup is whole, but %lld files of the library are not as they "
                                       "should be: see `umam check`",
                                       (long long)report.fault_count);
}

static bool run(struct cli *cli, struct error *err)
{
    struct settings settings;
    struct reach reach;
    if (!instance_settings(cli, &settings, err) || !instance_reach(cli->mem, &settings, &reach, err))
        return false;
    const bool done = take(cli, &settings, reach.db, err);
    db_close(reach.db);
    return done;
}

const struct command command_backup = {
    .name = "backup",
    .summary = "copies the whole instance into a backup folder",
    .usage = "FOLDER [--with-key] [options]",
    .text = "Database first, then every file it names, each held against its SHA-256. Works while the server "
            "runs. What the\n"
            "folder has from earlier backups is not copied again; on one file system nothing is copied at "
            "all. Exit status\n"
            "0: all is there; 3: the backup is whole, but the library it was made of was not.\n"
            "example: umam backup /mnt/backup --data /var/lib/umam",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
