/* Every row against every file: by the running server, or here when none runs. */
#include "agent/repair.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"

#include <string.h>

struct check_options {
    bool repair;
};

static const struct field fields[] = {
    BOOL(struct check_options, repair,
         .doc = "Have derived files that are missing or damaged made again; nothing is deleted."),
    { 0 },
};
static const struct shape shape = SHAPE("CheckOptions", struct check_options, fields);

static bool draw(void *with, double progress, const char *stage)
{
    bar_draw(with, progress, stage, 0);
    return true;
}

/* ---- what is printed ---- */

static void say_faults(struct arena *mem, const struct json *report)
{
    const struct json *const faults = json_get(report, "faults");
    for (size_t i = 0; i < faults->count; i++) {
        const struct json *const fault = &faults->items[i];
        say("%-10s  %s: %s\n", json_get_text(fault, "kind", ""),
            text_line(mem, json_get_text(fault, "name", "")),
            text_line(mem, json_get_text(fault, "text", "")));
    }
}

/* How many faults there are. */
static int64_t say_report(struct cli *cli, const struct json *report)
{
    int64_t total = 0;
    for (const char *const *kind = check_kind_names; *kind; kind++) total += json_get_int(report, *kind, 0);
    if (cli->json) {
        say("%s\n", json_print(cli->mem, report));
        return total;
    }
    say_faults(cli->mem, report);
    say("%lld files, %.1f MiB read, %lld faults\n", (long long)json_get_int(report, "files", 0),
        (double)json_get_int(report, "bytes", 0) / (1 << 20), (long long)total);
    const int64_t repairs = json_get_int(report, "repairs", 0);
    if (repairs)
        say("%lld assets are looked at again, to make their derived files anew\n", (long long)repairs);
    const int64_t unfinished = json_get_int(report, "unfinished", 0);
    if (unfinished)
        say("%lld files are on their way in or out; the next start of the server settles what a killed one "
            "left\n",
            (long long)unfinished);
    return total;
}

/* ---- through the server ---- */

enum { ASK_EVERY_US = 200 * MS };

/* A token of the command is good for a minute, a check may take hours: each look is a visit of its own. */
static bool ask(struct cli *cli, const struct settings *settings, const char *method, const struct json **out,
                struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct check_options *const options = cli->own;
    const char *const path = arena_printf(&mem, "/api/storage/check%s",
                                          text_is(method, "POST") && options->repair ? "?repair=true" : "");
    struct client server;
    const struct json *status;
    if (!client_open(&mem, settings, &server, err) ||
        !client_call(&server, &mem, method, path, NULL, &status, err))
        return false;
    *out = json_clone(cli->mem, status);
    return true;
}

static bool check_there(struct cli *cli, const struct settings *settings, const struct json **out,
                        struct error *err)
{
    struct bar bar = { 0 };
    const struct json *status;
    bool good = ask(cli, settings, "POST", &status, err);
    while (good && text_is(json_get_text(status, "state", ""), "running")) {
        draw(&bar, json_get_real(status, "progress", 0), "files");
        time_sleep(ASK_EVERY_US);
        good = ask(cli, settings, "GET", &status, err);
    }
    bar_end(&bar);
    if (!good) return false;
    *out = json_get(status, "report");
    return (*out && (*out)->kind == JSON_IS_OBJECT) ||
           fail(err, CAUSE_UNAVAILABLE, "the check came to no end: %s",
                json_get_text(status, "error", "no reason known"));
}

/* ---- on the data folder ---- */

/* The server's next start does the jobs. */
static bool repair_here(struct library *lib, struct check_report *report, struct error *err)
{
    struct generation gen = { .lib = lib };
    const struct work_config config = {
        .db = lib->db, .kinds = generation_job_kinds, .app = &gen, .slots = WORK_NO_SLOTS
    };
    const bool done = work_open(&config, &gen.work, err) && repair_derivatives(&gen, report, err);
    work_close(gen.work);
    return done;
}

static bool check_here(struct cli *cli, const struct settings *settings, struct db *db,
                       const struct json **out, struct error *err)
{
    const struct check_options *const options = cli->own;
    struct library lib = { .db = db, .blobs = { .folder = -1 } };
    struct bar bar = { 0 };
    const struct check_watch watch = { draw, &bar };
    struct check_report report;
    const bool good = blobs_open(instance_media(cli->mem, settings), &lib.blobs, err) &&
                      check_run(&lib, cli->mem, &watch, &report, err) &&
                      (!options->repair || repair_here(&lib, &report, err));
    bar_end(&bar);
    blobs_close(&lib.blobs);
    if (!good) return false;
    const char *const text = shape_text(cli->mem, &check_report_shape, &report);
    return json_parse(text, strlen(text), cli->mem, out, NULL, err);
}

static bool run(struct cli *cli, struct error *err)
{
    struct settings settings;
    struct reach reach;
    const struct json *report;
    if (!instance_settings(cli, &settings, err) || !instance_reach(cli->mem, &settings, &reach, err))
        return false;
    const bool done = reach.db ? check_here(cli, &settings, reach.db, &report, err)
                               : check_there(cli, &settings, &report, err);
    db_close(reach.db);
    if (!done) return false;
    const int64_t faults = say_report(cli, report);
    return !faults || fail(err, CAUSE_BAD_MEDIA, "%lld things are not as they should be", (long long)faults);
}

const struct command command_check = {
    .name = "check",
    .summary = "holds every row against every file",
    .usage = "[--repair] [--data DIR] [options]",
    .text = "Finds files that are missing, changed, truncated or known to no row, and reads every byte for "
            "it. It asks the\n"
            "server that uses the data folder; without one it works on the folder itself. It never deletes "
            "anything;\n"
            "with --repair derived files are made again where their original is well.\n"
            "Exit status 0 when all is well, 3 when something is not.\n"
            "example: umam check --data /var/lib/umam --json",
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
