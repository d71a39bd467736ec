/* The media library from the command line: through the running server, or on the data folder when none runs.
 */
#include "base/id.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "cli/table.h"
#include "library/asset_change.h"
#include "library/search.h"

#include <string.h>

static const char *const action_names[] = { "show", "tag", "rate", NULL };
enum action { SHOW, TAG, RATE, FIND = -1 };

struct assets_options {
    const char *query, *id, *value; /* `query` may be the name of an action */
    const char *type, *tag, *universe, *sort;
    int64_t limit;
};

static const char *const sort_names[] = {
    "created", "title", "duration", "size", "rating", "relevance", NULL
};

static const struct field fields[] = {
    TEXT(struct assets_options, query, .nullable = true, .max = 1000,
         .doc = "Words to look for; or show, tag, rate."),
    TEXT(struct assets_options, id, .nullable = true, .max = 64, .doc = "Which asset."),
    TEXT(struct assets_options, value, .nullable = true, .max = 2000,
         .doc = "Its tags, separated by commas, or its rating."),
    ENUM(struct assets_options, type, asset_type_names, .nullable = true, .doc = "Only of this kind."),
    TEXT(struct assets_options, tag, .nullable = true, .max = 2000,
         .doc = "Only with these tags, separated by commas."),
    TEXT(struct assets_options, universe, .nullable = true, .max = 64, .doc = "Only of this universe."),
    ENUM(struct assets_options, sort, sort_names, .initial_text = "created", .doc = "Order of the list."),
    INT(struct assets_options, limit, .min = 1, .max = 1000, .initial = 50, .doc = "Assets listed at most."),
    { 0 },
};
static const struct shape shape = SHAPE("AssetsOptions", struct assets_options, fields);
static const char *const positionals[] = { "query", "id", "value", NULL };

static enum action action_of(const struct assets_options *o)
{
    return o->query ? (enum action)text_find(action_names, o->query) : FIND;
}

/* What an action changes, as the body of a request. */
static bool change_of(struct arena *mem, const struct assets_options *o, const char **out, struct error *err)
{
    int64_t rating;
    if (action_of(o) == TAG) {
        const struct texts tags = text_split(mem, o->value, ',');
        *out = arena_printf(mem, "{\"tags\":%s}", json_texts(mem, tags.items, tags.count));
        return true;
    }
    if (!text_to_int(o->value, &rating) || rating < 0 || rating > ASSET_RATING_MAX)
        return fail_field(err, CAUSE_INVALID, "value", "a rating is a number from 0 to %d", ASSET_RATING_MAX);
    *out = arena_printf(mem, "{\"rating\":%lld}", (long long)rating);
    return true;
}

/* ---- through the server ---- */

static void add_pair(struct buf *path, const char *name, const char *value)
{
    if (!value) return;
    buf_printf(path, "&%s=", name);
    client_quote(path, value);
}

static bool ask_server(const struct client *server, struct arena *mem, const struct assets_options *o,
                       const char *change, const struct json **out, struct error *err)
{
    AUTO(buf) struct buf path = BUF(16 << 10);
    buf_text(&path, "/api/media/assets");
    if (action_of(o) != FIND) {
        buf_char(&path, '/');
        client_quote(&path, o->id);
    } else {
        buf_printf(&path, "?limit=%lld&sort=%s", (long long)o->limit, o->sort);
        add_pair(&path, "q", o->query);
        add_pair(&path, "type", o->type);
        add_pair(&path, "tag", o->tag);
        add_pair(&path, "universe_id", o->universe);
    }
    return buf_check(&path, "the request", err) &&
           client_call(server, mem, change ? "PATCH" : "GET", buf_str(&path), change, out, err);
}

/* ---- on the data folder ---- */

static bool as_json(struct arena *mem, const struct shape *of, const void *object, const struct json **out,
                    struct error *err)
{
    const char *const text = shape_text(mem, of, object);
    return json_parse(text, strlen(text), mem, out, NULL, err);
}

static const struct actor everybody = { .subject = "(umam)", .others = true, .admin = true };

static bool find_here(struct library *lib, struct arena *mem, const struct assets_options *o,
                      const struct json **out, struct error *err)
{
    struct assets_query query;
    struct assets_page page;
    shape_init(&assets_query_shape, &query);
    query.q = o->query;
    query.type = o->type;
    query.tag = o->tag;
    query.universe_id = o->universe;
    query.sort = o->sort;
    query.limit = o->limit;
    return assets_search(lib, mem, &everybody, &query, &page, err) &&
           as_json(mem, &assets_page_shape, &page, out, err);
}

static bool act_here(struct library *lib, struct arena *mem, const struct assets_options *o, const char *text,
                     const struct json **out, struct error *err)
{
    struct asset asset;
    struct asset_change change;
    const struct json *json;
    if (action_of(o) == FIND) return find_here(lib, mem, o, out, err);
    if (text) {
        if (!json_parse(text, strlen(text), mem, &json, NULL, err) ||
            !shape_take(&asset_change_shape, json, mem, &change, err))
            return false;
        asset_change_read(json, &change);
        if (!asset_update(lib, mem, &everybody, o->id, &change, &asset, err)) return false;
    } else if (!asset_get(lib, mem, &everybody, o->id, &asset, err)) {
        return false;
    }
    return as_json(mem, &asset_shape, &asset, out, err);
}

/* ---- what is printed ---- */

static const struct column columns[] = {
    { "ID", 8, false },   { "TYPE", 0, false },    { "STATUS", 0, false }, { "RATING", 0, true },
    { "SECONDS", 0, true }, { "SIZE", 0, true },   { "TITLE", 16, false }, { "TAGS", 8, false },
    { 0 },
};
enum { WIDTH = COUNT_OF(columns) - 1 };

static const char *tags_of(struct arena *mem, const struct json *tags)
{
    AUTO(buf) struct buf out = BUF(64 << 10);
    for (size_t i = 0; tags && i < tags->count; i++)
        buf_printf(&out, "%s%s", i ? ", " : "", tags->items[i].text);
    return buf_copy(&out, mem);
}

static void fill_row(struct arena *mem, const struct json *asset, const char **cells)
{
    const double seconds = json_get_real(asset, "duration", -1), bytes = json_get_real(asset, "file_size", 0);
    const int64_t rating = json_get_int(asset, "rating", 0);
    const char *const row[WIDTH] = {
        json_get_text(asset, "id", ""),
        json_get_text(asset, "asset_type", ""),
        json_get_text(asset, "status", ""),
        rating ? arena_printf(mem, "%lld", (long long)rating) : "",
        seconds >= 0 ? arena_printf(mem, "%.1f", seconds) : "",
        arena_printf(mem, "%.1f MB", bytes / 1e6),
        json_get_text(asset, "title", "-"),
        tags_of(mem, json_get(asset, "tags")),
    };
    memcpy(cells, row, sizeof row);
}

static void print_list(struct arena *mem, const struct json *page)
{
    const struct json *const assets = json_get(page, "assets");
    const size_t count = assets ? assets->count : 0;
    const char **const cells = arena_array(mem, count * WIDTH, sizeof *cells);
    for (size_t i = 0; i < count; i++) fill_row(mem, &assets->items[i], cells + i * WIDTH);
    if (count)
        table_print(mem, columns, cells, count);
    else
        say("no such assets\n");
    if (json_get_text(page, "next_cursor", NULL)) say("there are more; --limit shows up to 1000\n");
}

static void print_asset(struct arena *mem, const struct json *asset)
{
    for (size_t i = 0; i < asset->count; i++) {
        const struct json *const value = &asset->items[i];
        if (value->kind == JSON_IS_NULL) continue;
        say("%-16s %s\n", asset->keys[i],
            text_line(mem, value->kind == JSON_IS_TEXT ? value->text : json_print(mem, value)));
    }
}

static void print(struct cli *cli, const struct assets_options *o, const struct json *answer)
{
    if (cli->json)
        say("%s\n", json_print(cli->mem, answer));
    else if (action_of(o) == FIND)
        print_list(cli->mem, answer);
    else
        print_asset(cli->mem, answer);
}

/* ---- the command ---- */

static bool check(const struct assets_options *o, struct error *err)
{
    const enum action action = action_of(o);
    if (action == FIND)
        return !o->id || fail(err, CAUSE_INVALID, "put quotes around several words: `umam assets 'red fox'`");
    if (!o->id || !id_valid(o->id))
        return fail(err, CAUSE_INVALID, "say which asset by its whole ID: `umam assets %s ID`", o->query);
    if ((action == SHOW) != !o->value)
        return fail(err, CAUSE_INVALID,
                    "it is `umam assets show ID`, `umam assets tag ID TAG,TAG` or `umam assets rate ID N`");
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct assets_options *const o = cli->own;
    const struct json *answer = NULL;
    const char *change = NULL;
    struct settings settings;
    struct reach reach;
    if (!check(o, err) || (o->value && !change_of(cli->mem, o, &change, err)) ||
        !instance_settings(cli, &settings, err) || !instance_reach(cli->mem, &settings, &reach, err))
        return false;
    struct library lib = { .db = reach.db };
    const bool done = reach.db ? act_here(&lib, cli->mem, o, change, &answer, err)
                               : ask_server(&reach.server, cli->mem, o, change, &answer, err);
    db_close(reach.db);
    if (done) print(cli, o, answer);
    return done;
}

const struct command command_assets = {
    .name = "assets",
    .summary = "finds, shows, tags and rates media",
    .usage = "[QUERY|show ID|tag ID TAG,...|rate ID N] [options]",
    .text = "Asks the server that uses the data folder; without one it works on the folder itself. QUERY is "
            "words,\n"
            "\"a phrase\", beginning* and -without; a query beginning with - goes behind --.\n"
            "tag sets all tags of an asset.\n"
            "example: umam assets 'fox -night' --type video --tag wild",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
