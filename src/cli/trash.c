/* Quarantine from the command line: through the running server, or on the data folder when none runs. */
#include "library/trash.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "cli/table.h"
#include "library/search.h"

#include <string.h>

static const char *const action_names[] = { "list", "put", "undo", "purge", NULL };
enum { LIST, PUT, UNDO, PURGE };

struct trash_options {
    const char *action, *ids, *reason;
    int64_t days;
};

static const struct field fields[] = {
    ENUM(struct trash_options, action, action_names, .initial_text = "list", .doc = "What to do."),
    TEXT(struct trash_options, ids, .nullable = true, .max = 40000, .doc = "Ids of assets, comma separated."),
    TEXT(struct trash_options, reason, .nullable = true, .max = TRASH_REASON_MAX,
         .doc = "Why, for those who find them."),
    INT(struct trash_options, days, .nullable = true, .max = 36500,
        .doc = "Purge what has been there for so many days; otherwise as UMAM_TRASH_DAYS says."),
    { 0 },
};
static const struct shape shape = SHAPE("TrashOptions", struct trash_options, fields);
static const char *const positionals[] = { "action", "ids", NULL };

/* Where it is done. */
struct desk {
    struct arena *mem;
    const struct settings *settings;
    const struct trash_options *options;
    struct texts ids;
    struct client server;
    struct library *lib; /* NULL: the server has it */
};

static const struct actor operator_of_all = { .subject = "(umam)", .others = true, .admin = true };

/* ---- through the server ---- */

static const char *body_of(const struct desk *desk, int action)
{
    AUTO(buf) struct buf text = BUF(1 << 17);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    if (action == PURGE) {
        json_put_key(&out, "days");
        json_put_int(&out,
                     desk->options->days == INT_NONE ? desk->settings->trash_days : desk->options->days);
    } else {
        json_put_key(&out, "asset_ids");
        json_put_texts(&out, desk->ids.items, desk->ids.count);
        json_put_pair(&out, "reason", desk->options->reason);
    }
    json_put_close(&out, '}');
    return arena_text(desk->mem, buf_str(&text));
}

static bool ask_server(struct desk *desk, int action, const struct json **out, struct error *err)
{
    static const char *const paths[] = { "/api/media/assets?trashed=only&limit=1000", "/api/media/trash",
                                         "/api/media/trash/undo", "/api/media/trash/purge" };
    return client_call(&desk->server, desk->mem, action == LIST ? "GET" : "POST", paths[action],
                       action == LIST ? NULL : body_of(desk, action), out, err);
}

/* ---- on the data folder ---- */

static bool as_json(struct arena *mem, const struct shape *of, const void *object, const struct json **out,
                    struct error *err)
{
    const char *const text = shape_text(mem, of, object);
    return json_parse(text, strlen(text), mem, out, NULL, err);
}

static bool list_here(const struct desk *desk, const struct json **out, struct error *err)
{
    struct assets_query query;
    struct assets_page page;
    shape_init(&assets_query_shape, &query);
    query.trashed = "only";
    query.limit = 1000;
    return assets_search(desk->lib, desk->mem, &operator_of_all, &query, &page, err) &&
           as_json(desk->mem, &assets_page_shape, &page, out, err);
}

static bool purge_here(const struct desk *desk, const struct json **out, struct error *err)
{
    const int64_t days = desk->options->days == INT_NONE ? desk->settings->trash_days : desk->options->days;
    struct trash_purge report;
    return trash_purge(desk->lib, desk->mem, time_now() - days * 24 * 3600 * SECOND, operator_of_all.subject,
                       NULL, NULL, &report, err) &&
           as_json(desk->mem, &trash_purge_shape, &report, out, err);
}

static bool act_here(const struct desk *desk, int action, const struct json **out, struct error *err)
{
    *out = NULL;
    if (action == LIST) return list_here(desk, out, err);
    if (action == PURGE) return purge_here(desk, out, err);
    return action == PUT ? trash_put(desk->lib, &operator_of_all, &desk->ids, desk->options->reason, err)
                         : trash_undo(desk->lib, &operator_of_all, &desk->ids, err);
}

static bool act(struct desk *desk, int action, const struct json **out, struct error *err)
{
    return desk->lib ? act_here(desk, action, out, err) : ask_server(desk, action, out, err);
}

/* ---- what is printed ---- */

static const struct column columns[] = { { "ID", 8, false },    { "DELETED", 0, false }, { "TYPE", 0, false },
                                         { "OWNER", 8, false }, { "TITLE", 16, false },  { 0 } };

static void say_list(struct arena *mem, const struct json *page)
{
    enum { WIDTH = COUNT_OF(columns) - 1 };
    const struct json *const assets = json_get(page, "assets");
    const char **const cells = arena_array(mem, assets->count * WIDTH, sizeof *cells);
    for (size_t i = 0; i < assets->count; i++) {
        const struct json *const asset = &assets->items[i];
        const char *const row[] = { json_get_text(asset, "id", ""), json_get_text(asset, "trashed_at", ""),
                                    json_get_text(asset, "asset_type", ""),
                                    json_get_text(asset, "owner_id", ""),
                                    json_get_text(asset, "title", "-") };
        memcpy(cells + i * WIDTH, row, sizeof row);
    }
    if (!assets->count) say("nothing is in quarantine\n");
    table_print(mem, columns, cells, assets->count);
}

static void say_purge(struct arena *mem, const struct json *report)
{
    const struct json *const held = json_get(report, "held");
    for (size_t i = 0; i < held->count; i++)
        say("%s stays: %s\n", json_get_text(&held->items[i], "id", ""),
            text_line(mem, json_get_text(&held->items[i], "why", "")));
    say("%lld removed for good, %.1f MiB; %lld stay\n", (long long)json_get_int(report, "purged", 0),
        (double)json_get_int(report, "purged_bytes", 0) / (1 << 20),
        (long long)json_get_int(report, "kept", 0));
}

/* What a purge left, because it has not been there long enough. */
static bool say_waiting(struct desk *desk, struct error *err)
{
    const struct json *page;
    if (!act(desk, LIST, &page, err)) return false;
    const size_t count = json_get(page, "assets")->count;
    if (count)
        say("%zu%s in quarantine; they go %lld days after they were deleted, `--days 0` is now\n", count,
            count == 1000 ? " or more" : "", (long long)desk->settings->trash_days);
    return true;
}

static void print(struct cli *cli, const struct desk *desk, int action, const struct json *answer)
{
    if (cli->json && answer)
        say("%s\n", json_print(cli->mem, answer));
    else if (action == LIST)
        say_list(cli->mem, answer);
    else if (action == PURGE)
        say_purge(cli->mem, answer);
    else if (!cli->json)
        say("%zu %s %s\n", desk->ids.count, desk->ids.count == 1 ? "asset is" : "assets are",
            action == PUT ? "in quarantine; `umam trash undo` brings them back" : "in the library as before");
}

/* ---- the command ---- */

static bool run(struct cli *cli, struct error *err)
{
    const struct trash_options *const options = cli->own;
    const int action = text_find(action_names, options->action);
    struct settings settings;
    struct reach reach;
    struct desk desk = { .mem = cli->mem, .settings = &settings, .options = options };
    const struct json *answer;
    if (options->ids) desk.ids = text_split(cli->mem, options->ids, ',');
    if ((action == PUT || action == UNDO) != (desk.ids.count > 0))
        return fail(err, CAUSE_INVALID, "say which: `umam trash %s ID,ID,...`",
                    action == UNDO ? "undo" : "put");
    if (!instance_settings(cli, &settings, err) || !instance_reach(cli->mem, &settings, &reach, err))
        return false;
    struct library lib = { .db = reach.db, .blobs = { .folder = -1 } };
    desk.server = reach.server;
    desk.lib = reach.db ? &lib : NULL;
    bool done = (!reach.db || blobs_open(instance_media(cli->mem, &settings), &lib.blobs, err)) &&
                act(&desk, action, &answer, err);
    if (done) print(cli, &desk, action, answer);
    if (done && action == PURGE && !cli->json) done = say_waiting(&desk, err);
    blobs_close(&lib.blobs);
    db_close(reach.db);
    return done;
}

const struct command command_trash = {
    .name = "trash",
    .summary = "shows what was deleted, brings it back, or ends it",
    .usage = "[list|put ID[,ID...]|undo ID[,ID...]|purge] [--days N] [options]",
    .text = "Deleted assets are in quarantine: neither served nor listed. After UMAM_TRASH_DAYS the server "
            "removes those\n"
            "that nothing refers to and that cost no money; purge does it now. Asks the server that uses the "
            "data folder;\n"
            "without one it works on the folder itself.\n"
            "example: umam trash undo 100dfeaa-1bc1-4890-b743-d935981f8e3c",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
