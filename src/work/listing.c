#include "work/listing.h"

#include "base/id.h"
#include "base/text.h"
#include "work/crew.h"

#include <math.h>

enum { JOBS_MAX = 100, AHEAD_MAX = 1000 };

/* ---- shapes ---- */

#define LIST_FIELDS                                                                                          \
    TEXT(struct job, id, .format = "uuid", .doc = "Same as the resource it works for."),                     \
        TEXT(struct job, kind, .doc = "Which kind of work."),                                                \
        TEXT(struct job, owner_id, .doc = "Who asked for it."),                                              \
        TEXT(struct job, title, .nullable = true, .doc = "What it is about: the start of a prompt."),        \
        ENUM(struct job, state, queue_state_names, .doc = "Where it stands."),                               \
        { .name = "paused",                                                                                  \
          .kind = FIELD_BOOL,                                                                                \
          .offset = offsetof(struct job, held),                                                              \
          .doc = "Whether it is passed over until somebody resumes it." },                                   \
        INT(struct job, priority, .doc = "Higher runs first."),                                              \
        INT(struct job, position, .nullable = true,                                                          \
            .doc = "Place in line, 1 is next; null when it does not wait or is beyond 1000."),               \
        BOOL(struct job, cancel_requested, .doc = "Whether it was asked to stop."),                          \
        INT(struct job, attempt, .doc = "Attempts so far."),                                                 \
        INT(struct job, attempts_max, .doc = "Attempts it gets."),                                           \
        INT(struct job, crashes, .doc = "Attempts that killed the worker."),                                 \
        TEXT(struct job, cause, .nullable = true, .doc = "Why the last attempt ended, as a code."),          \
        TEXT(struct job, error, .nullable = true, .doc = "The same as a sentence."),                         \
        REAL(struct job, progress, .doc = "0..1."),                                                          \
        TEXT(struct job, stage, .nullable = true, .doc = "What it is doing."),                               \
        REAL(struct job, eta_s, .nullable = true, .doc = "Seconds left, while it runs."),                    \
        TIME(struct job, run_after, .nullable = true, .doc = "When the next attempt may begin."),            \
        TIME(struct job, created_at, .doc = "When it was asked for."),                                       \
        TIME(struct job, started_at, .nullable = true, .doc = "When the first attempt began."),              \
        TIME(struct job, finished_at, .nullable = true, .doc = "When it ended."),                            \
        TIME(struct job, updated_at, .doc = "When it last changed."),                                        \
        TEXT(struct job, url, .nullable = true, .format = "uri-reference",                                   \
             .doc = "The resource it works for.")

static const struct field list_fields[] = { LIST_FIELDS, { 0 } };
const struct shape job_list_shape = SHAPE("Job", struct job, list_fields);

static const struct field view_fields[] = {
    LIST_FIELDS,
    JSON(struct job, input, .nullable = true, .doc = "What it was given beyond its resource."),
    LIST(struct job, evidence, &evidence_shape, .doc = "Attempts that did not succeed; the last 20."),
    { 0 },
};
const struct shape job_view_shape = SHAPE("JobDetails", struct job, view_fields);

static const char *const sort_names[] = { "newest", "oldest", "queue", NULL };

static const struct field page_fields[] = {
    LIST(struct jobs_page, jobs, &job_list_shape, .doc = "The page."),
    BOOL(struct jobs_page, paused, .doc = "Whether the whole queue is paused."),
    INT(struct jobs_page, limit, .doc = "Page length asked for."),
    INT(struct jobs_page, offset, .doc = "Rows skipped."),
    TEXT(struct jobs_page, next_cursor, .nullable = true,
         .doc = "Where the next page begins; null after the last."),
    { 0 },
};
const struct shape jobs_page_shape = SHAPE("JobList", struct jobs_page, page_fields);

static const struct field query_fields[] = {
    TEXT(struct jobs_query, id, .nullable = true, .min = 1, .max = 36,
         .doc = "Only whose id begins so. Not with sort=queue."),
    ENUM(struct jobs_query, state, queue_state_names, .nullable = true, .doc = "Only in this state."),
    TEXT(struct jobs_query, kind, .nullable = true, .max = 50, .doc = "Only of this kind."),
    TEXT(struct jobs_query, owner_id, .nullable = true, .max = 255,
         .doc = "Only of this owner; without the permission to see others' everybody gets his own."),
    ENUM(struct jobs_query, sort, sort_names, .initial_text = "newest",
         .doc = "queue: those that wait, in the order they will run."),
    INT(struct jobs_query, limit, .max = 1000000, .initial = 50, .doc = "Page length; 100 at most."),
    INT(struct jobs_query, offset, .max = INT32_MAX, .doc = "Rows to skip."),
    TEXT(struct jobs_query, cursor, .nullable = true, .max = 100,
         .doc = "Where the page begins: next_cursor of the page before. Not with sort=queue."),
    { 0 },
};
const struct shape jobs_query_shape = SHAPE("JobsQuery", struct jobs_query, query_fields);

static const struct field count_fields[] = {
    TEXT(struct jobs_count, kind, .doc = "Kind of work."),
    ENUM(struct jobs_count, state, queue_state_names, .doc = "State."),
    INT(struct jobs_count, count, .doc = "Jobs."),
    { 0 },
};
static const struct shape count_shape = SHAPE("JobCount", struct jobs_count, count_fields);

static const struct field stats_fields[] = {
    BOOL(struct jobs_stats, paused, .doc = "Whether the whole queue is paused."),
    INT(struct jobs_stats, running, .doc = "Jobs at work now."),
    INT(struct jobs_stats, slots, .doc = "Jobs there can be at work at once."),
    INT(struct jobs_stats, ended_minute, .doc = "Attempts that ended within the last minute."),
    INT(struct jobs_stats, ended_hour, .doc = "Attempts that ended within the last hour."),
    TIME(struct jobs_stats, oldest_ready_at, .nullable = true,
         .doc = "Since when the longest waiting waits."),
    LIST(struct jobs_stats, counts, &count_shape, .doc = "Jobs by kind and state; one's own, or all."),
    { 0 },
};
const struct shape jobs_stats_shape = SHAPE("JobStats", struct jobs_stats, stats_fields);

/* ---- what is not in the row ---- */

static bool add_position(struct work *work, struct job *job, struct error *err)
{
    int64_t ahead = 0;
    job->position = INT_NONE;
    if (!text_is(job->state, "queued") || job->held || job->run_after) return true;
    if (!db_count(work->config.db, SQL_JOB_AHEAD,
                  ARGS(db_int("priority", job->priority), db_int("turn", job->turn),
                       db_int("created_at", job->created_at), db_text("id", job->id),
                       db_int("most", AHEAD_MAX)),
                  &ahead, err))
        return false;
    if (ahead < AHEAD_MAX) job->position = ahead + 1;
    return true;
}

static bool derive(struct work *work, struct arena *mem, struct job *job, struct error *err)
{
    const struct job_kind *const kind = work_kind(work, job->kind);
    struct work_progress live = { 0 };
    const bool running = text_is(job->state, "running") && work_progress(work, job->id, &live);
    job->progress = text_is(job->state, "succeeded") ? 1 : round(live.progress * 1000) / 1000;
    job->stage = running && live.stage[0] ? arena_text(mem, live.stage) : NULL;
    job->eta_s = running && live.eta_s > 0 ? live.eta_s : (double)NAN;
    job->url = kind && kind->resource ? arena_printf(mem, "%s%s", kind->resource, job->id) : NULL;
    job->title = NULL;
    return add_position(work, job, err) &&
           (!kind || !kind->title || kind->title(work->config.db, job->id, mem, &job->title, err));
}

bool jobs_get(struct work *work, struct arena *mem, const char *id, struct job *out, struct error *err)
{
    struct job job;
    if (!id_valid(id)) return fail(err, CAUSE_NOT_FOUND, "Job not found");
    if (!queue_get(work->config.db, id, mem, &job, err) || !derive(work, mem, &job, err)) return false;
    *out = job;
    return true;
}

/* ---- pages ---- */

/* A job costs more than a row: its place, its title. */
static int64_t most(const struct jobs_query *query)
{
    return query->limit > JOBS_MAX ? JOBS_MAX : query->limit;
}

/* Values and statement of a query; which one depends on what an index can answer. */
struct asked {
    enum sql sql;
    struct db_value values[9];
    size_t count;
};

static void add(struct asked *asked, struct db_value value) { asked->values[asked->count++] = value; }

/* Which index answers: the ids' own, or of the states those that have one. */
static int index_of(const struct jobs_query *query)
{
    const char *const state = query->state;
    if (query->id) return 3;
    if (!state) return 0;
    return text_is(state, "failed")                                   ? 2
           : text_is(state, "succeeded") || text_is(state, "cancelled") ? 0
                                                                        : 1;
}

static bool ask(const struct jobs_query *query, struct arena *mem, struct asked *out, struct error *err)
{
    const bool line = text_is(query->sort, "queue"), newest = text_is(query->sort, "newest");
    struct cursor after;
    if (line && query->cursor)
        return fail_field(err, CAUSE_INVALID, "cursor", "sort=queue is paged by offset, not by cursor");
    if (line && query->id)
        return fail_field(err, CAUSE_INVALID, "id",
                          "sort=queue shows all that wait; look for an id in another order");
    if (!cursor_read(mem, query->cursor, &after, err)) return false;
    if (newest && text_empty(query->cursor)) after = (struct cursor){ INT64_MAX, "" };
    const int own = query->owner_id != NULL, which = index_of(query);
    out->sql = line     ? SQL_JOB_LINE_ALL + (enum sql)own
               : newest ? SQL_JOB_NEWEST_ALL_ANY + (enum sql)(own * 4 + which)
                        : SQL_JOB_OLDEST_ALL_ANY + (enum sql)(own * 4 + which);
    if (own) add(out, db_text("owner_id", query->owner_id));
    add(out, db_text("kind", query->kind));
    add(out, db_int("limit", page_rows(most(query))));
    add(out, db_int("offset", query->offset));
    if (line) return true;
    add(out, db_text("state", query->state));
    if (query->id) {
        add(out, db_text("id", query->id));
        add(out, db_text("id_end", arena_printf(mem, "%sg", query->id))); /* behind every digit of an id */
    }
    add(out, db_int("after_at", after.at));
    add(out, db_text("after_id", after.id));
    return true;
}

bool jobs_list(struct work *work, struct arena *mem, const struct jobs_query *query, struct jobs_page *out,
               struct error *err)
{
    struct asked asked = { 0 };
    const bool line = text_is(query->sort, "queue");
    struct jobs_page page = { .paused = work_load(work).paused,
                              .limit = query->limit,
                              .offset = query->offset };
    struct list *const rows = &page.jobs;
    if (line && query->state && !text_is(query->state, "queued")) {
        *out = page;
        return true;
    }
    if (!ask(query, mem, &asked, err) ||
        !db_list(work->config.db, asked.sql,
                 (struct db_args){ .values = asked.values, .count = asked.count }, mem, &job_shape, rows,
                 err))
        return false;
    if (page_cut(rows, most(query)) && !line)
        page.next_cursor = page_next(mem, rows, &job_shape);
    for (size_t i = 0; i < rows->count; i++)
        if (!derive(work, mem, (struct job *)rows->items + i, err)) return false;
    *out = page;
    return true;
}

/* ---- numbers ---- */

bool jobs_stats(struct work *work, struct arena *mem, const char *owner_id, struct jobs_stats *out,
                struct error *err)
{
    const struct db_value owner = db_text("owner_id", owner_id);
    const struct db_args args = { .values = &owner, .count = owner_id ? 1 : 0 };
    const enum sql own = owner_id ? 1 : 0;
    const struct work_load load = work_load(work);
    struct jobs_stats stats = { .paused = load.paused,
                                .running = load.running,
                                .slots = load.slots,
                                .ended_minute = load.ended_minute,
                                .ended_hour = load.ended_hour };
    if (!db_count(work->config.db, SQL_JOB_OLDEST_READY_ALL + own, args, &stats.oldest_ready_at, err) ||
        !db_list(work->config.db, SQL_JOB_COUNTS_ALL + own, args, mem, &count_shape, &stats.counts, err))
        return false;
    *out = stats;
    return true;
}
