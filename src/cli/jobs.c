/* The queue from the command line: through the running server, or on the data folder when none runs. */
#include "agent/generation.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/instance.h"
#include "work/listing.h"

static const char *const action_names[] = { "list",  "show",   "cancel", "retry",
                                            "pause", "resume", "stats",  NULL };

struct jobs_options {
    const char *action, *id, *state, *kind, *sort;
    int64_t limit;
};

static const char *const sort_names[] = { "newest", "oldest", "queue", NULL };

static const struct field fields[] = {
    ENUM(struct jobs_options, action, action_names, .initial_text = "list", .doc = "What to do."),
    TEXT(struct jobs_options, id, .nullable = true, .max = 64, .doc = "Which job."),
    ENUM(struct jobs_options, state, queue_state_names, .nullable = true, .doc = "Only jobs in this state."),
    TEXT(struct jobs_options, kind, .nullable = true, .max = 50, .doc = "Only jobs of this kind."),
    ENUM(struct jobs_options, sort, sort_names, .initial_text = "newest", .doc = "Order of the list."),
    INT(struct jobs_options, limit, .min = 1, .max = 100, .initial = 50, .doc = "Jobs listed at most."),
    { 0 },
};
static const struct shape shape = SHAPE("JobsOptions", struct jobs_options, fields);
static const char *const positionals[] = { "action", "id", NULL };

/* ---- through the server ---- */

static const char *path_of(struct arena *mem, const struct jobs_options *o)
{
    AUTO(buf) struct buf path = BUF(1024);
    buf_printf(&path, "/api/jobs");
    if (text_is(o->action, "list")) {
        buf_printf(&path, "?limit=%lld&sort=%s", (long long)o->limit, o->sort);
        if (o->state) buf_printf(&path, "&state=%s", o->state);
        if (o->kind) buf_printf(&path, "&kind=%s", o->kind);
    } else {
        if (o->id) buf_printf(&path, "/%s", o->id);
        if (!text_is(o->action, "show")) buf_printf(&path, "/%s", o->action);
    }
    return arena_text(mem, buf_str(&path));
}

static bool reads(const char *action)
{
    return text_is(action, "list") || text_is(action, "show") || text_is(action, "stats");
}

static bool ask_server(struct cli *cli, const struct settings *settings, const struct jobs_options *o,
                       const struct json **out, struct error *err)
{
    struct client client;
    return client_open(cli->mem, settings, &client, err) &&
           client_call(&client, cli->mem, reads(o->action) ? "GET" : "POST", path_of(cli->mem, o), out, err);
}

/* ---- on the data folder ---- */

static const struct json *as_json(struct arena *mem, const struct shape *of, const void *object)
{
    AUTO(buf) struct buf text = BUF(64u << 20);
    const struct json *json = NULL;
    struct error ignored;
    shape_write(of, object, &(struct json_out){ .buf = &text });
    return json_parse(buf_str(&text), text.size, mem, &json, NULL, &ignored) ? json : NULL;
}

struct page {
    struct list jobs;
};

static const struct field page_fields[] = {
    LIST(struct page, jobs, &job_list_shape, .doc = "The page."),
    { 0 },
};
static const struct shape page_shape = SHAPE("Page", struct page, page_fields);

static bool list_here(struct work *work, struct arena *mem, const struct jobs_options *o,
                      const struct json **out, struct error *err)
{
    const struct jobs_query query = {
        .state = o->state, .kind = o->kind, .sort = o->sort, .limit = o->limit
    };
    struct page page;
    const char *next;
    if (!jobs_list(work, mem, &query, &page.jobs, &next, err)) return false;
    *out = as_json(mem, &page_shape, &page);
    return true;
}

static bool change_here(struct work *work, const struct jobs_options *o, struct error *err)
{
    static bool (*const acts[])(struct work *, const char *, struct error *) = { work_cancel, work_retry,
                                                                                 work_pause, work_resume };
    const int at = text_find(action_names + 2, o->action);
    if (o->id) return acts[at](work, o->id, err);
    return work_pause_all(work, text_is(o->action, "pause"), "(umam)", err);
}

static bool act_here(struct work *work, struct arena *mem, const struct jobs_options *o,
                     const struct json **out, struct error *err)
{
    struct job job;
    struct jobs_stats stats;
    if (text_is(o->action, "list")) return list_here(work, mem, o, out, err);
    if (!reads(o->action) && !change_here(work, o, err)) return false;
    if (o->id ? !jobs_get(work, mem, o->id, &job, err) : !jobs_stats(work, mem, NULL, &stats, err))
        return false;
    *out = o->id ? as_json(mem, &job_view_shape, &job) : as_json(mem, &jobs_stats_shape, &stats);
    return true;
}

static bool work_here(struct cli *cli, struct db *db, const struct jobs_options *o, const struct json **out,
                      struct error *err)
{
    const struct work_config config = { .db = db, .kinds = generation_job_kinds, .slots = WORK_NO_SLOTS };
    struct work *work = NULL;
    const bool done = work_open(&config, &work, err) && act_here(work, cli->mem, o, out, err);
    work_close(work);
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

static void print_line(struct arena *mem, const struct json *job)
{
    const char *const state = json_get_text(job, "state", "");
    const struct json *const paused = json_get(job, "paused");
    const int64_t position = json_get_int(job, "position", 0);
    const char *const where =
        text_is(state, "running") ? arena_printf(mem, "%3.0f %%", json_get_real(job, "progress", 0) * 100)
        : position                ? arena_printf(mem, "#%lld", (long long)position)
                                  : "";
    say("%-36s  %-9s  %6s  %-8s  %-12s  %4lld  %lld/%lld  %5s  %s\n", json_get_text(job, "id", ""),
        paused && paused->truth ? "paused" : state, where, json_get_text(job, "kind", ""),
        text_cut(mem, json_get_text(job, "owner_id", ""), 12), (long long)json_get_int(job, "priority", 0),
        (long long)json_get_int(job, "attempt", 0), (long long)json_get_int(job, "attempts_max", 0),
        age(mem, json_get_text(job, "created_at", NULL)), json_get_text(job, "error", ""));
}

static void print_list(struct arena *mem, const struct json *page)
{
    const struct json *const jobs = json_get(page, "jobs");
    if (!jobs->count) say("no such jobs\n");
    else
        say("%-36s  %-9s  %6s  %-8s  %-12s  %4s  %3s  %5s  %s\n", "ID", "STATE", "WHERE", "KIND", "OWNER",
            "PRIO", "TRY", "AGE", "ERROR");
    for (size_t i = 0; i < jobs->count; i++) print_line(mem, &jobs->items[i]);
}

/* Every member that is not null, one a line; lists of objects as a block each. */
static void print_members(struct arena *mem, const struct json *object, const char *indent)
{
    for (size_t i = 0; i < object->count; i++) {
        const struct json *const value = &object->items[i];
        if (value->kind == JSON_IS_NULL) continue;
        if (value->kind != JSON_IS_ARRAY) {
            say("%s%-16s %s\n", indent, object->keys[i],
                value->kind == JSON_IS_TEXT ? value->text : json_print(mem, value));
            continue;
        }
        if (value->count) say("%s%s\n", indent, object->keys[i]);
        for (size_t k = 0; k < value->count; k++) {
            print_members(mem, &value->items[k], arena_printf(mem, "%s    ", indent));
            if (k + 1 < value->count) say("\n");
        }
    }
}

static void print(struct cli *cli, const struct jobs_options *o, const struct json *answer)
{
    if (cli->json)
        say("%s\n", json_print(cli->mem, answer));
    else if (text_is(o->action, "list"))
        print_list(cli->mem, answer);
    else if (o->id && !text_is(o->action, "show"))
        print_line(cli->mem, answer);
    else
        print_members(cli->mem, answer, "");
}

/* ---- the command ---- */

static bool check(const struct jobs_options *o, struct error *err)
{
    static const char *const of_one[] = { "show", "cancel", "retry", NULL },
                      *const of_none[] = { "list", "stats", NULL };
    if (!o->id && text_find(of_one, o->action) >= 0)
        return fail(err, CAUSE_INVALID, "say which job: `umam jobs %s ID`", o->action);
    if (o->id && text_find(of_none, o->action) >= 0)
        return fail(err, CAUSE_INVALID, "`umam jobs %s` takes no id; `umam jobs show ID` shows one job",
                    o->action);
    if (o->id && !id_valid(o->id)) return fail(err, CAUSE_INVALID, "'%s' is no id of a job", o->id);
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct jobs_options *const options = cli->own;
    const struct json *answer = NULL;
    struct settings settings;
    struct db *db = NULL;
    if (!check(options, err) || !instance_settings(cli, &settings, err)) return false;
    const bool here = db_open(instance_database(cli->mem, &settings), &db, err);
    if (!here && err->cause != CAUSE_CONFLICT) return false;
    const bool done = here ? work_here(cli, db, options, &answer, err)
                           : ask_server(cli, &settings, options, &answer, err);
    db_close(db);
    if (done) print(cli, options, answer);
    return done;
}

const struct command command_jobs = {
    .name = "jobs",
    .summary = "shows and steers the queue",
    .usage = "[list|show ID|cancel ID|retry ID|pause [ID]|resume [ID]|stats] [options]",
    .text = "Asks the server that uses the data folder; without one it works on the folder itself. pause and\n"
            "resume without an ID are about the whole queue: nothing new starts, what runs goes on to its end.\n"
            "example: umam jobs --state failed",
    .positionals = positionals,
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
