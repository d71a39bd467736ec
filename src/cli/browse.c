/* A tree of folders with names for people: the database by the server that has it, or here. */
#include "library/browse.h"
#include "base/file.h"
#include "base/id.h"
#include "cli/cli.h"
#include "cli/instance.h"

#include <errno.h>
#include <stdlib.h>

struct browse_options {
    const char *folder, *universe;
};

static const struct field fields[] = {
    TEXT(struct browse_options, folder, .required = true, .min = 1, .max = 3000, .doc = "Where the tree is."),
    TEXT(struct browse_options, universe, .nullable = true, .max = 64, .format = "uuid",
         .doc = "Only media of this universe."),
    { 0 },
};
static const struct shape shape = SHAPE("BrowseOptions", struct browse_options, fields);
static const char *const positionals[] = { "folder", NULL };

static bool make(struct cli *cli, const struct settings *settings, struct db *db, struct error *err)
{
    const struct browse_options *const o = cli->own;
    const char *const given = instance_media(cli->mem, settings);
    char *const media = realpath(given, NULL);
    struct browse_report report;
    if (!media) return fail_errno(err, errno, "the media folder '%s' could not be found", given);
    const char *const absolute = arena_text(cli->mem, media);
    free(media);
    if (!browse_make(db, absolute, o->folder, o->universe ? id_canonical(cli->mem, o->universe) : NULL,
                     &report, err))
        return false;
    if (cli->json)
        say_shape(&browse_report_shape, &report);
    else
        say("'%s' shows %lld files; %lld were left out, where something else has the name\n", o->folder,
            (long long)report.links, (long long)report.left_out);
    return true;
}

/* On a copy of the database, which is removed again. */
static bool make_beside_server(struct cli *cli, const struct settings *settings, struct error *err)
{
    const char *const copy = arena_printf(cli->mem, "%s/.browse-%s.db", settings->data_dir, id_new().text);
    struct error ignored;
    struct db *db = NULL;
    const bool done = instance_copy_database(settings, NULL, copy, err) && db_open(copy, &db, err) &&
                      make(cli, settings, db, err);
    db_close(db);
    return file_remove(copy, done ? err : &ignored) &&
           file_remove(arena_printf(cli->mem, "%s.lock", copy), done ? err : &ignored) && done;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct browse_options *const o = cli->own;
    struct settings settings;
    struct reach reach;
    if (o->universe && !id_valid(o->universe))
        return fail_field(err, CAUSE_INVALID, "universe", "say which universe by its whole ID");
    if (!instance_settings(cli, &settings, err) || !instance_reach(cli->mem, &settings, &reach, err))
        return false;
    const bool done =
        reach.db ? make(cli, &settings, reach.db, err) : make_beside_server(cli, &settings, err);
    db_close(reach.db);
    return done;
}

const struct command command_browse = {
    .name = "browse",
    .summary = "makes a tree of folders with names for people",
    .usage = "FOLDER [--universe ID] [options]",
    .text = "FOLDER/universe/element or type/title [end of the id].ext: links to the stored files. Once more "
            "brings it up\n"
            "to date. Nothing else in FOLDER is touched. Works while the server runs.\n"
            "example: umam browse /srv/films --data /var/lib/umam",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
