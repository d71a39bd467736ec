/* The queue from the command line: through the running server, or on the data folder when none runs. */
#include "agent/generation.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "cli/short_id.h"
#include "cli/table.h"
#include "work/listing.h"

#include <string.h>

static const char *const action_names[] = { "list",  "show",   "stats",    "cancel", "retry",
                                            "pause", "resume", "priority", NULL };

static bool retry(struct work *work, const char *id, struct error *err)
{
    return work_retry(work, id, QUEUE_PRIORITY_MAX, err);
}

/* What is done, in the order of the names. */
static const struct action {
    enum { OF_NONE, OF_ANY, OF_ONE } id;
    const char *method; /* asks the server for it */
    bool (*act)(struct work *work, const char *id, struct error *err); /* does it here */
    const char *done, *all_done; /* what is said of one job, and of the queue */
} actions[] = {
    { OF_NONE, "GET", NULL, NULL, NULL },
    { OF_ONE, "GET", NULL, NULL, NULL },
    { OF_NONE, "GET", NULL, NULL, NULL },
    { OF_ONE, "POST", work_cancel, "is asked to stop", NULL },
    { OF_ONE, "POST", retry, "starts over", NULL },
    { OF_ANY, "POST", work_pause, "is passed over until it is resumed",
      "the queue is paused: what runs goes on to its end, nothing new starts until `umam jobs resume`" },
    { OF_ANY, "POST", work_resume, "is back in line", "the queue goes on" },
    { OF_ONE, "PATCH", NULL, "has another priority", NULL },
};
static_assert(COUNT_OF(actions) + 1 == COUNT_OF(action_names), "one row per name");

struct jobs_options {
    const char *action, *id, *state, *kind, *sort;
    int64_t priority, limit;
};

static const char *const sort_names[] = { "newest", "oldest", "queue", NULL };

static const struct field fields[] = {
    ENUM(struct jobs_options, action, action_names, .initial_text = "list", .doc = "What to do."),
    TEXT(struct jobs_options, id, .nullable = true, .max = 64, .doc = "Which job."),
    INT(struct jobs_options, priority, .nullable = true, .min = QUEUE_PRIORITY_MIN, .max = QUEUE_PRIORITY_MAX,
        .doc = "Its new priority."),
    ENUM(struct jobs_options, state, queue_state_names, .nullable = true, .doc = "Only jobs in this state."),
    TEXT(struct jobs_options, kind, .nullable = true, .max = 50, .doc = "Only jobs of this kind."),
    ENUM(struct jobs_options, sort, sort_names, .initial_text = "newest", .doc = "Order of the list."),
    INT(struct jobs_options, limit, .min = 1, .max = 100, .initial = 50, .doc = "Jobs listed at most."),
    { 0 },
};
static const struct shape shape = SHAPE("JobsOptions", struct jobs_options, fields);
static const char *const positionals[] = { "action", "id", "priority", NULL };

static const struct action *action_of(const struct jobs_options *o)
{
    return &actions[text_find(action_names, o->action)];
}

/* Where the queue is asked. */
struct desk {
    struct arena *mem;
    struct client server;
    struct work *work; /* NULL: the server has it */
};

/* ---- through the server ---- */

static const char *path_of(struct arena *mem, const struct jobs_options *o)
{
    AUTO(buf) struct buf path = BUF(1024);
    buf_printf(&path, "/api/jobs");
    if (text_is(o->action, "list")) {
        buf_printf(&path, "?limit=%lld&sort=%s", (long long)o->limit, o->sort);
        if (o->id) buf_printf(&path, "&id=%s", o->id);
        if (o->state) buf_printf(&path, "&state=%s", o->state);
        if (o->kind) {
            buf_text(&path, "&kind=");
            client_quote(&path, o->kind);
        }
    } else {
        if (o->id) buf_printf(&path, "/%s", o->id);
        if (!text_is(o->action, "show") && o->priority == INT_NONE) buf_printf(&path, "/%s", o->action);
    }
    return arena_text(mem, buf_str(&path));
}

static bool ask_server(struct desk *desk, const struct jobs_options *o, const struct json **out,
                       struct error *err)
{
    const char *const body = o->priority == INT_NONE
                                 ? NULL
                                 : arena_printf(desk->mem, "{\"priority\":%lld}", (long long)o->priority);
    return client_call(&desk->server, desk->mem, action_of(o)->method, path_of(desk->mem, o), body, out, err);
}

/* ---- on the data folder ---- */

static const struct json *as_json(struct arena *mem, const struct shape *of, const void *object)
{
    const char *const text = shape_text(mem, of, object);
    const struct json *json = NULL;
    struct error ignored;
    return json_parse(text, strlen(text), mem, &json, NULL, &ignored) ? json : NULL;
}

static bool list_here(struct desk *desk, const struct jobs_options *o, const struct json **out,
                      struct error *err)
{
    const struct jobs_query query = {
        .id = o->id, .state = o->state, .kind = o->kind, .sort = o->sort, .limit = o->limit
    };
    struct jobs_page page;
    if (!jobs_list(desk->work, desk->mem, &query, &page, err)) return false;
    *out = as_json(desk->mem, &jobs_page_shape, &page);
    return true;
}

static bool change_here(struct work *work, const struct jobs_options *o, struct error *err)
{
    if (!o->id) return work_pause_all(work, text_is(o->action, "pause"), "(umam)", err);
    const struct action *const action = action_of(o);
    return action->act ? action->act(work, o->id, err) : work_set_priority(work, o->id, o->priority, err);
}

static bool act_here(struct desk *desk, const struct jobs_options *o, const struct json **out,
                     struct error *err)
{
    struct job job;
    struct jobs_stats stats;
    if (text_is(o->action, "list")) return list_here(desk, o, out, err);
    if (action_of(o)->done && !change_here(desk->work, o, err)) return false;
    if (o->id ? !jobs_get(desk->work, desk->mem, o->id, &job, err)
              : !jobs_stats(desk->work, desk->mem, NULL, &stats, err))
        return false;
    *out = o->id ? as_json(desk->mem, &job_view_shape, &job) : as_json(desk->mem, &jobs_stats_shape, &stats);
    return true;
}

static bool ask(struct desk *desk, const struct jobs_options *o, const struct json **out, struct error *err)
{
    return desk->work ? act_here(desk, o, out, err) : ask_server(desk, o, out, err);
}

/* ---- which job ---- */

static struct texts ids_of(struct arena *mem, const struct json *jobs)
{
    struct texts ids = { arena_array(mem, jobs->count, sizeof(char *)), jobs->count };
    for (size_t i = 0; i < ids.count; i++) ids.items[i] = json_get_text(&jobs->items[i], "id", "");
    return ids;
}

/* Whose id begins as the one that was given. */
static bool complete_id(struct desk *desk, struct jobs_options *o, struct error *err)
{
    struct jobs_options like = {
        .action = "list", .sort = "newest", .limit = SHORT_ID_LOOK, .priority = INT_NONE
    };
    const struct json *page;
    if (!o->id || id_valid(o->id)) return true;
    return short_id_read(desk->mem, o->id, "job", &like.id, err) && ask(desk, &like, &page, err) &&
           short_id_choose(desk->mem, like.id, "job", ids_of(desk->mem, json_get(page, "jobs")), &o->id, err);
}

static bool answer(struct desk *desk, struct jobs_options *o, const struct json **out, struct error *err)
{
    return complete_id(desk, o, err) && ask(desk, o, out, err);
}

static bool answer_here(struct desk *desk, struct db *db, struct jobs_options *o, const struct json **out,
                        struct error *err)
{
    const struct work_config config = { .db = db, .kinds = generation_job_kinds, .slots = WORK_NO_SLOTS };
    const bool done = work_open(&config, &desk->work, err) && answer(desk, o, out, err);
    work_close(desk->work);
    return done;
}

/* ---- what is printed ---- */

static const char *age(struct arena *mem, const char *since)
{
    int64_t at = 0;
    if (!since || !time_parse(since, &at)) return "-";
    const int64_t s = (time_now() - at) / SECOND;
    return s < 120            ? arena_printf(mem, "%llds", (long long)s)
           : s < 120 * 60     ? arena_printf(mem, "%lldm", (long long)s / 60)
           : s < 48 * 60 * 60 ? arena_printf(mem, "%lldh", (long long)s / 3600)
                              : arena_printf(mem, "%lldd", (long long)s / 86400);
}

static const struct column columns[] = {
    { "ID", 8, false },   { "STATE", 0, false }, { "WHERE", 0, true }, { "KIND", 0, false },
    { "OWNER", 8, false }, { "PRIO", 0, true },   { "TRY", 0, true },   { "AGE", 0, true },
    { "TITLE", 16, false }, { "ERROR", 16, false }, { 0 },
};

static void fill_row(struct arena *mem, const struct json *job, const char **cells)
{
    const char *const state = json_get_text(job, "state", "");
    const struct json *const paused = json_get(job, "paused");
    const int64_t position = json_get_int(job, "position", 0);
    const char *const row[COUNT_OF(columns) - 1] = {
        json_get_text(job, "id", ""),
        paused && paused->truth ? "paused" : state,
        text_is(state, "running") ? arena_printf(mem, "%.0f %%", json_get_real(job, "progress", 0) * 100)
        : position                ? arena_printf(mem, "#%lld", (long long)position)
                                  : "",
        json_get_text(job, "kind", ""),
        json_get_text(job, "owner_id", ""),
        arena_printf(mem, "%lld", (long long)json_get_int(job, "priority", 0)),
        arena_printf(mem, "%lld/%lld", (long long)json_get_int(job, "attempt", 0),
                     (long long)json_get_int(job, "attempts_max", 0)),
        age(mem, json_get_text(job, "created_at", NULL)),
        json_get_text(job, "title", "-"),
        json_get_text(job, "error", ""),
    };
    memcpy(cells, row, sizeof row);
}

static void print_list(struct arena *mem, const struct json *page)
{
    enum { WIDTH = COUNT_OF(columns) - 1 };
    const struct json *const jobs = json_get(page, "jobs"), *const paused = json_get(page, "paused");
    const size_t count = jobs ? jobs->count : 0;
    const char **const cells = arena_array(mem, count * WIDTH, sizeof *cells);
    for (size_t i = 0; i < count; i++) fill_row(mem, &jobs->items[i], cells + i * WIDTH);
    if (count)
        table_print(mem, columns, cells, count);
    else
        say("no such jobs\n");
    if (paused && paused->truth) say("the queue is paused; `umam jobs resume` lets it go on\n");
}

/* Every member that is not null, one a line; lists of objects as a block each. */
static void print_members(struct arena *mem, const struct json *object, const char *indent)
{
    for (size_t i = 0; i < object->count; i++) {
        const struct json *const value = &object->items[i];
        if (value->kind == JSON_IS_NULL) continue;
        if (value->kind != JSON_IS_ARRAY) {
            say("%s%-16s %s\n", indent, object->keys[i],
                text_line(mem, value->kind == JSON_IS_TEXT ? value->text : json_print(mem, value)));
            continue;
        }
        if (value->count) say("%s%s\n", indent, object->keys[i]);
        for (size_t k = 0; k < value->count; k++) {
            print_members(mem, &value->items[k], arena_printf(mem, "%s    ", indent));
            if (k + 1 < value->count) say("\n");
        }
    }
}

/* One sentence about what was done. */
static void print_done(const struct jobs_options *o, const struct json *job)
{
    const struct action *const action = action_of(o);
    if (!o->id)
        say("%s\n", action->all_done);
    else if (o->priority != INT_NONE)
        say("job %s has the priority %lld\n", o->id, (long long)o->priority);
    else
        say("job %s %s\n", o->id,
            text_is(json_get_text(job, "state", ""), "cancelled") ? "is cancelled" : action->done);
}

static void print(struct cli *cli, const struct jobs_options *o, const struct json *answer)
{
    if (cli->json)
        say("%s\n", json_print(cli->mem, answer));
    else if (text_is(o->action, "list"))
        print_list(cli->mem, answer);
    else if (action_of(o)->done)
        print_done(o, answer);
    else
        print_members(cli->mem, answer, "");
}

/* ---- the command ---- */

static bool check(const struct jobs_options *o, struct error *err)
{
    const struct action *const action = action_of(o);
    const bool moves = text_is(o->action, "priority");
    if (!o->id && action->id == OF_ONE)
        return fail(err, CAUSE_INVALID, "say which job: `umam jobs %s ID%s`", o->action, moves ? " N" : "");
    if (o->id && action->id == OF_NONE)
        return fail(err, CAUSE_INVALID, "`umam jobs %s` takes no id; `umam jobs show ID` shows one job",
                    o->action);
    if (moves != (o->priority != INT_NONE))
        return fail(err, CAUSE_INVALID, "a priority goes with `umam jobs priority ID N`, and only there");
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    struct jobs_options options = *(const struct jobs_options *)cli->own;
    const struct json *found = NULL;
    struct settings settings;
    struct reach reach;
    if (!check(&options, err) || !instance_settings(cli, &settings, err) ||
        !instance_reach(cli->mem, &settings, &reach, err))
        return false;
    struct desk desk = { .mem = cli->mem, .server = reach.server };
    const bool done = reach.db ? answer_here(&desk, reach.db, &options, &found, err)
                               : answer(&desk, &options, &found, err);
    db_close(reach.db);
    if (done) print(cli, &options, found);
    return done;
}

const struct command command_jobs = {
    .name = "jobs",
    .summary = "shows and steers the queue",
    .usage = "[list|show ID|cancel ID|retry ID|pause [ID]|resume [ID]|priority ID N|stats] [options]",
    .text = "Asks the server that uses the data folder; without one it works on the folder itself. Of an ID "
            "the first\n"
            "four or more characters do, where no other job has them. pause and resume without an ID are "
            "about the\n"
            "whole queue: nothing new starts, what runs goes on to its end.\n"
            "example: umam jobs --state failed",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
