/* The queue: jobs of all kinds. What a job makes is under its own resource. */
#include "api/app.h"
#include "api/paging.h"
#include "work/listing.h"

/* Whose jobs the caller may see: NULL for everybody's. */
static const char *seen_owner(const struct request *rq, const char *asked)
{
    const struct actor actor = request_actor(rq);
    return actor.others ? asked : actor.subject;
}

static struct work *work_of(const struct request *rq)
{
    const struct app *const app = rq->app;
    return app->generation.work;
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct jobs_query query = *(const struct jobs_query *)rq->query;
    query.owner_id = seen_owner(rq, query.owner_id);
    struct jobs_page page;
    if (!jobs_list(work_of(rq), rq->mem, &query, &page, err)) return false;
    reply_next_page(rq, rp, page.next_cursor);
    reply_object(rp, &jobs_page_shape, &page);
    return true;
}

static bool reply_stats(struct request *rq, struct reply *rp, struct error *err)
{
    struct jobs_stats stats;
    if (!jobs_stats(work_of(rq), rq->mem, seen_owner(rq, NULL), &stats, err)) return false;
    reply_object(rp, &jobs_stats_shape, &stats);
    return true;
}

/* The job in the path, if it is the caller's. */
static bool find(struct request *rq, struct job *out, struct error *err)
{
    const struct actor actor = request_actor(rq);
    struct job job;
    if (!jobs_get(work_of(rq), rq->mem, request_param(rq, "job_id"), &job, err)) return false;
    if (!actor_owns(&actor, job.owner_id)) return fail(err, CAUSE_NOT_FOUND, "Job not found");
    *out = job;
    return true;
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    struct job job;
    if (!find(rq, &job, err)) return false;
    reply_object(rp, &job_view_shape, &job);
    return true;
}

/* ---- changes ---- */

static bool change(struct request *rq, struct reply *rp, struct error *err,
                   bool (*act)(struct work *, const char *, struct error *))
{
    struct job job;
    return find(rq, &job, err) && act(work_of(rq), job.id, err) && get(rq, rp, err);
}

static bool cancel(struct request *rq, struct reply *rp, struct error *err)
{
    return change(rq, rp, err, work_cancel);
}

static bool retry(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct job job;
    return find(rq, &job, err) && generation_requeue(&app->generation, &actor, job.id, err) &&
           get(rq, rp, err);
}

static bool pause_one(struct request *rq, struct reply *rp, struct error *err)
{
    return change(rq, rp, err, work_pause);
}

static bool resume_one(struct request *rq, struct reply *rp, struct error *err)
{
    return change(rq, rp, err, work_resume);
}

struct job_change {
    int64_t priority;
};

static const struct field job_change_fields[] = {
    INT(struct job_change, priority, .required = true, .min = QUEUE_PRIORITY_MIN, .max = QUEUE_PRIORITY_MAX,
        .doc = "Higher runs first; above 0 only for administrators."),
    { 0 },
};
static const struct shape job_change_shape = SHAPE("JobChange", struct job_change, job_change_fields);

static bool update(struct request *rq, struct reply *rp, struct error *err)
{
    const struct job_change *const in = rq->in;
    struct job job;
    return find(rq, &job, err) && request_may_prioritise(rq, in->priority, err) &&
           work_set_priority(work_of(rq), job.id, in->priority, err) && get(rq, rp, err);
}

static bool pause_all(struct request *rq, struct reply *rp, struct error *err)
{
    return work_pause_all(work_of(rq), true, rq->caller.subject, err) && reply_stats(rq, rp, err);
}

static bool resume_all(struct request *rq, struct reply *rp, struct error *err)
{
    return work_pause_all(work_of(rq), false, rq->caller.subject, err) && reply_stats(rq, rp, err);
}

const struct route job_routes[] = {
    { METHOD_GET, "/api/jobs", list, .query = &jobs_query_shape, .out = &jobs_page_shape, .tag = "jobs",
      .doc = "Jobs of all kinds: the caller's, or with the permission to see others' everybody's." },
    { METHOD_GET, "/api/jobs/stats", reply_stats, .out = &jobs_stats_shape, .tag = "jobs",
      .doc = "Jobs by kind and state, what runs, how fast it goes." },
    { METHOD_POST, "/api/jobs/pause", pause_all, .needs = NEED_ADMIN, .by_key = true,
      .out = &jobs_stats_shape, .tag = "jobs",
      .doc =
          "Pauses the whole queue, also over restarts: nothing new starts, what runs goes on to its end." },
    { METHOD_POST, "/api/jobs/resume", resume_all, .needs = NEED_ADMIN, .by_key = true,
      .out = &jobs_stats_shape, .tag = "jobs", .doc = "Lets the queue go on." },
    { METHOD_GET, "/api/jobs/{job_id}", get, .out = &job_view_shape, .tag = "jobs",
      .doc = "One job, with the evidence of the attempts that did not succeed." },
    { METHOD_PATCH, "/api/jobs/{job_id}", update, .body = BODY_JSON, .in = &job_change_shape,
      .out = &job_view_shape, .tag = "jobs", .doc = "Changes the priority of a job that waits." },
    { METHOD_POST, "/api/jobs/{job_id}/cancel", cancel, .out = &job_view_shape, .tag = "jobs",
      .doc = "Stops a job that has not ended: at once, or within a second when it runs." },
    { METHOD_POST, "/api/jobs/{job_id}/retry", retry, .rate = RATE_GENERATION, .out = &job_view_shape,
      .tag = "jobs", .doc = "Starts a failed or cancelled job over." },
    { METHOD_POST, "/api/jobs/{job_id}/pause", pause_one, .out = &job_view_shape, .tag = "jobs",
      .doc = "A job that waits is passed over until it is resumed; one that runs cannot be paused." },
    { METHOD_POST, "/api/jobs/{job_id}/resume", resume_one, .out = &job_view_shape, .tag = "jobs",
      .doc = "Puts a paused job back, at the end of its owner's line." },
    { 0 },
};
