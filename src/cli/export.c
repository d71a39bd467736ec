/* A whole universe as JSON: nothing that was built here is locked in. */
#include "cli/cli.h"
#include "cli/instance.h"
#include "library/component.h"

#include <stdio.h>

struct export_options {
    const char *universe;
};

static const struct field fields[] = {
    TEXT(struct export_options, universe, .nullable = true, .max = 64,
         .doc = "Id of the universe; none: lists them."),
    { 0 },
};
static const struct shape shape = SHAPE("ExportOptions", struct export_options, fields);
static const char *const positionals[] = { "universe", NULL };
static const struct actor owner_of_all = { .subject = "", .others = true };

/* What is written about the universe itself: its elements follow, and with them their number. */
static const struct field exported[] = {
    TEXT(struct universe, id, .doc = "UUID."),
    TEXT(struct universe, name, .doc = "Name."),
    TEXT(struct universe, description, .doc = "What it is about."),
    TEXT(struct universe, owner, .doc = "Subject of the maker's token."),
    TIME(struct universe, created_at, .doc = "When it was made."),
    TIME(struct universe, updated_at, .doc = "When it last changed."),
    { 0 },
};
static const struct shape exported_shape = SHAPE("ExportedUniverse", struct universe, exported);

static bool list(struct cli *cli, struct library *lib, struct error *err)
{
    struct universes_query query = { .limit = PAGE_MAX };
    struct list page;
    do {
        if (!universe_list(lib, cli->mem, &owner_of_all, &query, &page, &query.cursor, err)) return false;
        const struct universe *const rows = page.items;
        for (size_t i = 0; i < page.count; i++) {
            if (cli->json)
                say_shape(&exported_shape, &rows[i]);
            else
                say("%s  %-20s %s\n", rows[i].id, rows[i].owner, rows[i].name);
        }
    } while (query.cursor);
    return true;
}

/* Page by page: a universe may be larger than the memory. */
static bool say_elements(struct library *lib, const struct universe *universe, struct error *err)
{
    char cursor[101] = "";
    const char *next, *comma = "";
    do {
        AUTO(arena) struct arena mem = { 0 };
        const struct elements_query query = { .limit = 100, .cursor = cursor };
        struct list page;
        if (!element_list(lib, &mem, universe, &query, &page, &next, err)) return false;
        for (size_t i = 0; i < page.count; i++, comma = ",")
            say("%s\n%s", comma, shape_text(&mem, &element_shape, (const struct element *)page.items + i));
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
    } while (*cursor);
    return true;
}

static bool say_universe(struct library *lib, struct arena *mem, const char *id, struct error *err)
{
    AUTO(buf) struct buf text = BUF(1 << 20);
    struct universe universe;
    if (!universe_get(lib, mem, &owner_of_all, id, &universe, err)) return false;
    shape_write_fields(&exported_shape, &universe, &(struct json_out){ .buf = &text });
    say("{%s,\"elements\":[", buf_str(&text));
    if (!say_elements(lib, &universe, err)) return false;
    say("]}\n");
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct export_options *const options = cli->own;
    struct settings settings;
    struct library lib = { 0 };
    if (!instance_open(cli, "GET /universes, GET /universes/ID", &settings, &lib.db, err)) return false;
    const bool done = options->universe ? say_universe(&lib, cli->mem, options->universe, err)
                                        : list(cli, &lib, err);
    db_close(lib.db);
    return done;
}

const struct command command_export = {
    .name = "export",
    .summary = "writes a whole universe as JSON",
    .usage = "[UNIVERSE] [options]",
    .text =
        "Works on the data folder while no server uses it. Writes the universe with every element and every\n"
        "component to standard output, however many there are; without an id it lists the universes.\n"
        "example: umam export 100dfeaa-1bc1-4890-b743-d935981f8e3c > coast.json",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
