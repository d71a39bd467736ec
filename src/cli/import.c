/* Files and folders into the library: through the running server, or on the data folder when none runs. */
#include "base/text.h"
#include "base/time.h"
#include "cli/bring.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "cli/walk.h"
#include "library/asset.h"
#include "library/asset_change.h"
#include "library/element.h"

struct import_options {
    struct texts paths, tag;
    const char *owner, *universe, *element;
};

static const struct field fields[] = {
    TEXTS(struct import_options, paths, .required = true, .min = 1, .max = 10000,
          .doc = "Files and folders."),
    TEXTS(struct import_options, tag, .max = ASSET_TAGS_MAX,
          .doc = "A tag for each of them; may be given several times."),
    TEXT(struct import_options, owner, .min = 1, .max = 200, .initial_text = "admin",
         .doc = "Whose they will be."),
    TEXT(struct import_options, universe, .nullable = true, .max = 64,
         .doc = "Id of the universe they belong to."),
    TEXT(struct import_options, element, .nullable = true, .max = 64,
         .doc = "Id of its element they belong to."),
    { 0 },
};
static const struct shape shape = SHAPE("ImportOptions", struct import_options, fields);
static const char *const positionals[] = { "paths", NULL };

struct import_report {
    int64_t imported, known, unsupported, failed, links, bytes;
};

static const struct field report_fields[] = {
    INT(struct import_report, imported, .doc = "Files that came in."),
    INT(struct import_report, known, .doc = "Files that were there already."),
    INT(struct import_report, unsupported, .doc = "Files of types that are not taken in."),
    INT(struct import_report, failed, .doc = "Files that could not be taken in."),
    INT(struct import_report, links, .doc = "Symbolic links, devices and the like that were passed over."),
    INT(struct import_report, bytes, .doc = "Bytes that came in."),
    { 0 },
};
static const struct shape report_shape = SHAPE("ImportReport", struct import_report, report_fields);

struct import {
    struct cli *cli;
    struct bring bring;
    struct bar bar;
    struct import_report report;
    struct walk_counts passed;
    int64_t total_bytes, done_bytes; /* each byte counts twice: it is read twice */
    int64_t began;
    const char *name;
};

/* ---- what is said ---- */

static void draw(void *with, int64_t file_bytes)
{
    struct import *const import = with;
    const double done = (double)(import->done_bytes + file_bytes), all = (double)import->total_bytes;
    const double share = all > 0 && done < all ? done / all : 1;
    const double took_s = (double)(time_mono() - import->began) / SECOND;
    bar_draw(&import->bar, share, "import", share > 0.01 ? took_s / share - took_s : 0);
}

static void say_file(struct import *import, const struct walk_item *item, const char *word,
                     const char *asset_id, const struct error *why)
{
    struct arena *const mem = import->cli->mem;
    bar_end(&import->bar);
    if (!import->cli->json) {
        if (why) say("%-12s %s: %s\n", word, text_line(mem, item->path), why->text);
        return;
    }
    const char *const names[] = { "file", "outcome", "asset_id", "error" };
    const char *const values[] = { bring_name(mem, item->path), word, asset_id, why ? why->text : NULL };
    AUTO(buf) struct buf text = BUF(64 << 10);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    for (size_t i = 0; i < COUNT_OF(names); i++) json_put_pair(&out, names[i], values[i]);
    json_put_close(&out, '}');
    say("%s\n", buf_str(&text));
}

/* ---- each file ---- */

static bool measure(void *with, const struct walk_item *item, struct error *err)
{
    (void)err;
    ((struct import *)with)->total_bytes += 2 * item->size_bytes;
    return true;
}

static void count(struct import *import, const struct walk_item *item, const struct brought *brought,
                  const struct error *why)
{
    struct import_report *const report = &import->report;
    int64_t *const place = !why ? (brought->known ? &report->known : &report->imported)
                           : why->cause == CAUSE_UNSUPPORTED ? &report->unsupported
                                                             : &report->failed;
    (*place)++;
    if (place == &report->imported) report->bytes += item->size_bytes;
    say_file(import, item,
             place == &report->imported      ? "imported"
             : place == &report->known       ? "known"
             : place == &report->unsupported ? "unsupported"
                                             : "failed",
             why ? NULL : brought->asset_id, why);
}

/* What ends the whole import: trying the next file would only say it again. */
static bool ends_all(enum cause cause)
{
    return cause == CAUSE_UNAVAILABLE || cause == CAUSE_NO_SPACE || cause == CAUSE_UNAUTHENTICATED ||
           cause == CAUSE_FORBIDDEN;
}

static bool take(void *with, const struct walk_item *item, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct import *const import = with;
    struct brought brought = { 0 };
    struct error why;
    const bool good = item->fd >= 0 && bring_file(&import->bring, &mem, item->fd, item->name, &brought, &why);
    if (item->fd < 0) why = *item->why;
    if (!good && item->fd >= 0 && ends_all(why.cause)) {
        *err = why;
        return false;
    }
    count(import, item, &brought, good ? NULL : &why);
    import->done_bytes += 2 * item->size_bytes;
    draw(import, 0);
    return true;
}

static bool each(struct import *import, walk_visit *visit, struct error *err)
{
    const struct import_options *const o = import->cli->own;
    for (size_t i = 0; i < o->paths.count; i++)
        if (!walk_each(o->paths.items[i], visit, import, &import->passed, err)) return false;
    return true;
}

static void say_report(const struct import *import)
{
    const struct import_report *const r = &import->report;
    if (import->cli->json)
        say_shape(&report_shape, r);
    else
        say("%lld imported (%.1f MiB), %lld known already, %lld not accepted, %lld failed, %lld links passed "
            "over\n",
            (long long)r->imported, (double)r->bytes / (1 << 20), (long long)r->known,
            (long long)r->unsupported, (long long)r->failed, (long long)r->links);
}

static bool import_all(struct import *import, struct error *err)
{
    if (!each(import, measure, err)) return false;
    import->passed = (struct walk_counts){ 0 };
    import->began = time_mono();
    const bool good = each(import, take, err);
    bar_end(&import->bar);
    import->report.links = import->passed.links + import->passed.others;
    say_report(import);
    return good && (!import->report.failed || fail(err, CAUSE_BAD_MEDIA, "%lld files could not be taken in",
                                                   (long long)import->report.failed));
}

/* ---- where they go ---- */

/* There, and the ids as rows have them. */
static bool find_place(struct library *lib, const struct import_options *o, struct arena *mem,
                       struct bring *bring, struct error *err)
{
    const struct actor anybody = { .subject = "(umam)", .others = true };
    struct universe universe;
    struct element element;
    if (o->element && !o->universe)
        return fail(err, CAUSE_INVALID, "--element goes with the --universe it belongs to");
    if (o->universe && !universe_get(lib, mem, &anybody, o->universe, &universe, err)) return false;
    if (o->element && !element_get(lib, mem, &universe, o->element, &element, err)) return false;
    bring->universe_id = o->universe ? universe.id : NULL;
    bring->element_id = o->element ? element.id : NULL;
    return true;
}

/* No server runs: the jobs that look at the files wait for the next one. */
static bool import_here(struct import *import, const struct settings *settings, struct db *db,
                        struct error *err)
{
    struct library lib = { .db = db, .blobs = { .folder = -1 } };
    struct generation gen = { .lib = &lib };
    lib.quota = instance_quota(settings);
    const struct work_config config = {
        .db = db, .kinds = generation_job_kinds, .app = &gen, .slots = WORK_NO_SLOTS
    };
    import->bring.local = &gen;
    const bool good = filetype_rules_read(settings->upload_types, &gen.types, err) &&
                      find_place(&lib, import->cli->own, import->cli->mem, &import->bring, err) &&
                      blobs_open(instance_media(import->cli->mem, settings), &lib.blobs, err) &&
                      work_open(&config, &gen.work, err) && import_all(import, err);
    work_close(gen.work);
    blobs_close(&lib.blobs);
    return good;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct import_options *const o = cli->own;
    struct settings settings;
    struct reach reach;
    struct import import = { .cli = cli };
    if (!instance_settings(cli, &settings, err) || !instance_reach(cli->mem, &settings, &reach, err))
        return false;
    import.bring = (struct bring){ .settings = &settings,
                                   .owner_id = o->owner,
                                   .universe_id = o->universe,
                                   .element_id = o->element,
                                   .tags = o->tag,
                                   .tell = draw,
                                   .with = &import };
    const bool good = asset_tags_clean(cli->mem, &import.bring.tags, "--tag", err) &&
                      (reach.db ? import_here(&import, &settings, reach.db, err) : import_all(&import, err));
    db_close(reach.db);
    return good;
}

const struct command command_import = {
    .name = "import",
    .summary = "takes files and folders into the library",
    .usage = "PATH... [--universe ID] [--tag WORD]... [options]",
    .text = "Through the running server, or on the data folder when none runs. Folders are taken with all "
            "that is in them;\n"
            "symbolic links inside are passed over. What the owner has already is skipped, so an import that "
            "was broken off\n"
            "is gone on with by running it again. The files themselves are only read.\n"
            "example: umam import ~/footage --tag dailies --tag day-3",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
