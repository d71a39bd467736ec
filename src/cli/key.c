/* API keys of an instance: made, listed and revoked in its data folder. */
#include "library/key.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "cli/short_id.h"
#include "cli/table.h"
#include "library/page.h"
#include "library/role.h"

#include <stdio.h>
#include <string.h>

static const char *const action_names[] = { "list", "create", "revoke", NULL };

struct key_options {
    const char *action, *subject, *name, *scopes;
    int64_t days;
};

static const struct field fields[] = {
    ENUM(struct key_options, action, action_names, .initial_text = "list", .doc = "What to do."),
    TEXT(struct key_options, subject, .nullable = true, .max = 64,
         .doc = "Whose keys to list, for whom to make one, or the id of the one to revoke."),
    TEXT(struct key_options, name, .min = 1, .max = 100, .initial_text = "command line",
         .doc = "What a new key is for."),
    TEXT(struct key_options, scopes, .max = 100, .initial_text = "read",
         .doc = "read, create, others, admin; comma separated."),
    INT(struct key_options, days, .max = 36500, .doc = "How long it is good; 0 for ever."),
    { 0 },
};
static const struct shape shape = SHAPE("KeyOptions", struct key_options, fields);
static const char *const positionals[] = { "action", "subject", NULL };

static bool create(struct cli *cli, struct library *lib, const struct key_options *options, struct error *err)
{
    struct user user;
    struct key made;
    const char *text;
    const struct key_in in = { .name = options->name,
                               .scopes = text_split(cli->mem, options->scopes, ','),
                               .expires_at =
                                   options->days ? time_now() + options->days * 86400 * (int64_t)SECOND : 0 };
    if (!user_get(lib, cli->mem, options->subject, &user, err) ||
        !key_create(lib, cli->mem, &user, MAY_ALL, &in, &made, &text, err))
        return false;
    if (!cli->json) {
        say("%s\n", text);
        fprintf(stderr, "This is the only time the key is shown; %s may use it for: %s.\n", user.username,
                options->scopes);
        return true;
    }
    say("{\"key\":\"%s\",\"details\":%s}\n", text, shape_text(cli->mem, &key_row_shape, &made));
    return true;
}

static const struct column columns[] = {
    { "ID", 8, false },  { "OWNER", 8, false },   { "NAME", 8, false },
    { "KEY", 0, false }, { "SCOPES", 8, false }, { "LAST USED", 0, false }, { 0 },
};

static void show(struct cli *cli, const struct list *keys)
{
    enum { WIDTH = COUNT_OF(columns) - 1 };
    const struct key *const rows = keys->items;
    const char **const cells = arena_array(cli->mem, keys->count * WIDTH, sizeof *cells);
    for (size_t i = 0; i < keys->count; i++) {
        const char *const used = time_text(cli->mem, rows[i].last_used_at), *scopes = "";
        for (size_t s = 0; s < rows[i].scopes.count; s++)
            scopes = arena_printf(cli->mem, "%s%s%s", scopes, s ? "," : "", rows[i].scopes.items[s]);
        const char *const row[WIDTH] = { rows[i].id,   rows[i].username,
                                         rows[i].name, arena_printf(cli->mem, "%s...", rows[i].hint),
                                         scopes,       used ? used : "never" };
        memcpy(cells + i * WIDTH, row, sizeof row);
        if (cli->json) say_shape(&key_row_shape, &rows[i]);
    }
    if (!cli->json) table_print(cli->mem, columns, cells, keys->count);
}

static bool list(struct cli *cli, struct library *lib, const char *username, struct error *err)
{
    struct user user = { 0 };
    struct keys_query query = { .limit = PAGE_MAX };
    struct list keys;
    if (username && !user_get(lib, cli->mem, username, &user, err)) return false;
    do {
        if (!key_list(lib, cli->mem, user.id, &query, &keys, &query.cursor, err)) return false;
        show(cli, &keys);
    } while (query.cursor);
    return true;
}

static bool note(struct library *lib, const char *act, const char *target, struct error *err)
{
    return audit_put(lib, &(struct audit_note){ "", "local", act, target, false }, err);
}

/* The key whose id begins so. */
static bool complete_id(struct cli *cli, struct library *lib, const char *given, const char **out,
                        struct error *err)
{
    struct texts found = { arena_array(cli->mem, SHORT_ID_LOOK, sizeof(char *)), 0 };
    struct keys_query query = { .limit = PAGE_MAX };
    struct list keys;
    const char *start;
    if (!short_id_read(cli->mem, given, "key", &start, err)) return false;
    do {
        if (!key_list(lib, cli->mem, NULL, &query, &keys, &query.cursor, err)) return false;
        const struct key *const rows = keys.items;
        for (size_t i = 0; i < keys.count && found.count < SHORT_ID_LOOK; i++)
            if (text_starts(rows[i].id, start)) found.items[found.count++] = rows[i].id;
    } while (query.cursor);
    return short_id_choose(cli->mem, start, "key", found, out, err);
}

static bool revoke(struct cli *cli, struct library *lib, const char *given, struct error *err)
{
    const char *id;
    if (!complete_id(cli, lib, given, &id, err) || !key_drop(lib, cli->mem, id, NULL, err) ||
        !note(lib, "key.revoke", id, err))
        return false;
    say(cli->json ? "{\"id\":\"%s\"}\n" : "key %s is revoked\n", id);
    return true;
}

static bool act(struct cli *cli, struct library *lib, const struct key_options *options, struct error *err)
{
    if (text_is(options->action, "list")) return list(cli, lib, options->subject, err);
    if (text_empty(options->subject))
        return fail(err, CAUSE_INVALID, "say whose or which: `umam key create NAME`, `umam key revoke ID`");
    if (text_is(options->action, "create"))
        return create(cli, lib, options, err) && note(lib, "key.create", options->subject, err);
    return revoke(cli, lib, options->subject, err);
}

static bool run(struct cli *cli, struct error *err)
{
    struct library lib = { 0 };
    struct settings settings;
    if (!instance_open(cli, "GET /auth/keys, POST /auth/keys, DELETE /auth/keys/ID", &settings, &lib.db, err))
        return false;
    const bool done = act(cli, &lib, cli->own, err);
    db_close(lib.db);
    return done;
}

const struct command command_key = {
    .name = "key",
    .summary = "makes, lists and revokes API keys",
    .usage = "[list|create|revoke] [NAME|ID] [options]",
    .text = "Works on the data folder while no server uses it. A key is shown once. Of an ID the first four "
            "or more\n"
            "characters do, where no other key has them.\n"
            "example: umam key create mira --scopes read,create --days 90",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
