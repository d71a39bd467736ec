/* Videos: strategy, generation, jobs. */
#include "api/app.h"

#include "base/text.h"
#include "base/time.h"
#include "library/trash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct job_list {
    struct list jobs;
    int64_t total, limit, offset;
    bool has_more;
};

static const struct field job_list_fields[] = {
    LIST(struct job_list, jobs, &video_job_shape, .doc = "The page."),
    INT(struct job_list, total, .doc = "All that match."),
    INT(struct job_list, limit, .doc = "Page length used."),
    INT(struct job_list, offset, .doc = "Rows skipped."),
    BOOL(struct job_list, has_more, .doc = "Whether another page follows."),
    { 0 },
};
static const struct shape job_list_shape = SHAPE("VideoJobList", struct job_list, job_list_fields);

static bool strategy(struct request *rq, struct reply *rp, struct error *err)
{
    struct strategy made;
    if (!strategy_make(rq->in, rq->mem, &made, err)) return false;
    reply_object(rp, &strategy_shape, &made);
    return true;
}

static bool generate(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    const struct generate_in *const in = rq->in;
    struct generate_out out;
    if (!request_may_prioritise(rq, in->priority, err) ||
        !generation_start(&app->generation, rq->mem, &actor, in, &out, err)) return false;
    reply_object(rp, &generate_out_shape, &out);
    return true;
}

static bool list(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct video_jobs_query *const query = rq->query;
    const struct actor actor = request_actor(rq);
    struct job_list out = { .limit = query->limit > 100 ? 100 : query->limit, .offset = query->offset };
    if (!video_job_list(&app->lib, rq->mem, &actor, query, &out.jobs, &out.total, err)) return false;
    struct video_job *const jobs = out.jobs.items;
    for (size_t i = 0; i < out.jobs.count; i++) generation_add_progress(&app->generation, rq->mem, &jobs[i]);
    out.has_more = out.offset + (int64_t)out.jobs.count < out.total;
    reply_object(rp, &job_list_shape, &out);
    return true;
}

/* The job in the path, if it is the caller's. */
static bool find(struct request *rq, struct video_job *out, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    return generation_get(&app->generation, rq->mem, &actor, request_param(rq, "job_id"), out, err);
}

static bool get(struct request *rq, struct reply *rp, struct error *err)
{
    struct video_job job;
    if (!find(rq, &job, err)) return false;
    reply_object(rp, &video_job_shape, &job);
    return true;
}

static bool change(struct request *rq, struct reply *rp, struct error *err,
                   bool (*act)(struct generation *, struct arena *, const struct actor *, const char *,
                               struct video_job *, struct error *))
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct video_job job;
    if (!act(&app->generation, rq->mem, &actor, request_param(rq, "job_id"), &job, err)) return false;
    reply_object(rp, &video_job_shape, &job);
    return true;
}

static bool cancel(struct request *rq, struct reply *rp, struct error *err)
{
    return change(rq, rp, err, generation_cancel);
}

static bool retry(struct request *rq, struct reply *rp, struct error *err)
{
    return change(rq, rp, err, generation_retry);
}

static bool drop(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    const struct trash_query *const query = rq->query;
    const struct actor actor = request_actor(rq);
    struct video_job job;
    return find(rq, &job, err) && video_job_drop(&app->lib, &actor, job.id, query->reason, err);
}

/* ---- the clip ---- */

static bool find_clip(struct request *rq, struct video_job *job, struct error *err)
{
    if (!find(rq, job, err)) return false;
    if (!text_is(job->status, "completed"))
        return fail(err, CAUSE_CONFLICT, "Video job is not completed. Current status: %s", job->status);
    return job->local_path || fail(err, CAUSE_BAD_REQUEST, "Video file not available locally");
}

static bool download(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct video_job job;
    struct blob_file file;
    bool trashed;
    if (!find_clip(rq, &job, err) || !trash_holds(&app->lib, rq->mem, job.local_path, &trashed, err))
        return false;
    if (trashed)
        return fail(err, CAUSE_NOT_FOUND, "the clip of this job was deleted; it may still be brought back");
    if (!blob_open(&app->lib.blobs, job.local_path, &file, err))
        return fail(err, CAUSE_NOT_FOUND, "the clip of this job is missing from the media folder");
    reply_file(rq, rp,
               (struct reply_file){
                   .fd = file.fd,
                   .size_bytes = file.size_bytes,
                   .modified_at = file.modified_at,
                   .type = "video/mp4",
                   .etag = job.checksum,
                   .cache = "private, max-age=31536000, immutable",
                   .download_as = arena_printf(rq->mem, "%s.mp4", text_cut(rq->mem, job.prompt, 80)),
               });
    return true;
}

struct info_video {
    const char *codec, *fps;
    int64_t width, height;
};

static const struct field info_video_fields[] = {
    TEXT(struct info_video, codec, .doc = "Codec."),
    INT(struct info_video, width, .doc = "Pixels."),
    INT(struct info_video, height, .doc = "Pixels."),
    TEXT(struct info_video, fps, .doc = "Frames per second."),
    { 0 },
};
static const struct shape info_video_shape = SHAPE("VideoStreamInfo", struct info_video, info_video_fields);

struct info_audio {
    const char *codec, *sample_rate;
    int64_t channels;
};

static const struct field info_audio_fields[] = {
    TEXT(struct info_audio, codec, .doc = "Codec."),
    TEXT(struct info_audio, sample_rate, .doc = "Samples per second."),
    INT(struct info_audio, channels, .doc = "Channels."),
    { 0 },
};
static const struct shape info_audio_shape = SHAPE("AudioStreamInfo", struct info_audio, info_audio_fields);

struct video_info {
    const char *format;
    double duration;
    int64_t file_size, bit_rate;
    const struct info_video *video;
    const struct info_audio *audio;
};

static const struct field video_info_fields[] = {
    TEXT(struct video_info, format, .doc = "Container."),
    REAL(struct video_info, duration, .doc = "Seconds."),
    INT(struct video_info, file_size, .doc = "Bytes."),
    INT(struct video_info, bit_rate, .nullable = true, .doc = "Bits per second."),
    OBJECT(struct video_info, video, struct info_video, &info_video_shape, .nullable = true,
           .doc = "Picture."),
    OBJECT(struct video_info, audio, struct info_audio, &info_audio_shape, .nullable = true,
           .doc = "Sound; null for none."),
    { 0 },
};
static const struct shape video_info_shape = SHAPE("VideoInfo", struct video_info, video_info_fields);

struct info_out {
    const char *job_id;
    const struct video_info *video_info;
};

static const struct field info_out_fields[] = {
    TEXT(struct info_out, job_id, .format = "uuid", .doc = "The job."),
    OBJECT(struct info_out, video_info, struct video_info, &video_info_shape,
           .doc = "Read from the file just now."),
    { 0 },
};
static const struct shape info_out_shape = SHAPE("VideoJobInfo", struct info_out, info_out_fields);

static bool probe(struct request *rq, int clip, struct media_facts *facts, struct error *err)
{
    struct verify_in nothing_expected;
    shape_init(&verify_in_shape, &nothing_expected);
    const struct worker_file files[] = { { "in", clip } };
    const struct worker_call call = {
        .kind = TASK_PROBE, .in = &nothing_expected, .files = files, .file_count = 1, .cancel_fd = -1
    };
    return request_run(rq, LOAD_CHECKS, &call, facts, err);
}

static bool info(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    struct video_job job;
    struct blob_file file;
    struct media_facts facts;
    if (!find_clip(rq, &job, err)) return false;
    if (!blob_open(&app->lib.blobs, job.local_path, &file, err))
        return fail(err, CAUSE_BAD_REQUEST, "Video file not available locally");
    AUTO(fd) int clip = file.fd;
    if (!probe(rq, clip, &facts, err)) return false;
    const struct info_video video = { facts.video_codec, arena_printf(rq->mem, "%g", facts.fps), facts.width,
                                      facts.height };
    const struct info_audio audio = { facts.audio_codec,
                                      arena_printf(rq->mem, "%lld", (long long)facts.sample_rate),
                                      facts.channels };
    const struct video_info measured = { facts.format,
                                         facts.duration_s,
                                         facts.file_size,
                                         facts.bit_rate,
                                         facts.video_codec ? &video : NULL,
                                         facts.audio_codec ? &audio : NULL };
    reply_object(rp, &info_out_shape, &(struct info_out){ job.id, &measured });
    return true;
}

/* ---- events ---- */

/* A watcher of one job. Lives until the stream ends. */
struct watch {
    struct app *app;
    const struct server_config *config;
    struct arena mem;
    struct actor actor;
    const char *job_id, *credential;
    int64_t admitted_at; /* monotonic */
    uint64_t seen;
    char last[512]; /* what was said last */
};

static void put_state(struct buf *data, const struct video_job *job)
{
    struct json_out out = { .buf = data };
    json_put_open(&out, '{');
    json_put_pair(&out, "job_id", job->id);
    json_put_pair(&out, "status", job->status);
    json_put_key(&out, "progress");
    json_put_real(&out, round(job->progress * 1000) / 1000);
    json_put_pair(&out, "stage", job->stage);
    json_put_key(&out, "eta_s");
    json_put_real(&out, round(job->eta_s * 10) / 10);
    json_put_pair(&out, "video_url", job->video_url);
    json_put_pair(&out, "thumbnail_url", job->thumbnail_url);
    json_put_pair(&out, "error_message", job->error_message);
    json_put_close(&out, '}');
}

/* A stream does not outlive what its watcher came with: asked again every second. */
static bool still_admitted(struct watch *watch, struct arena *mem, struct error *err)
{
    struct caller caller;
    const int64_t now = time_mono();
    if (now - watch->admitted_at < SECOND) return true;
    if (!identity_renew(watch->config, mem, watch->credential, &caller, err)) return false;
    watch->actor.others = caller.may & MAY_OTHERS;
    watch->admitted_at = now;
    return true;
}

/* Says the job's state when it is news; false when the job has ended. */
static bool say(struct watch *watch, struct buf *out)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(buf) struct buf data = BUF(8192);
    struct video_job job;
    struct error err;
    if (!still_admitted(watch, &mem, &err) ||
        !generation_get(&watch->app->generation, &mem, &watch->actor, watch->job_id, &job, &err)) {
        sse_put(out, "error", NULL, arena_printf(&mem, "{\"detail\":\"%s\"}", cause_code(err.cause)));
        return false;
    }
    put_state(&data, &job);
    const char *const text = buf_str(&data);
    const char *const event = video_job_is_over(&job) ? job.status : "progress";
    const char *const news = text_cut(&mem, text, sizeof watch->last - 1);
    if (!text_is(news, watch->last)) sse_put(out, event, NULL, text);
    snprintf(watch->last, sizeof watch->last, "%s", news);
    return !video_job_is_over(&job);
}

static bool next_event(void *with, struct buf *out, int wait_ms)
{
    struct watch *const watch = with;
    const bool first = !watch->last[0];
    if (!first) work_watch(watch->app->generation.work, &watch->seen, wait_ms);
    return say(watch, out);
}

static void end_watch(void *with)
{
    struct watch *const watch = with;
    arena_clear(&watch->mem);
    free(watch);
}

static bool events(struct request *rq, struct reply *rp, struct error *err)
{
    struct video_job job;
    if (!find(rq, &job, err)) return false;
    struct watch *const watch = calloc(1, sizeof *watch);
    if (!watch) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to watch the job; ask again later");
    watch->app = rq->app;
    watch->config = rq->config;
    watch->credential = rq->caller.credential ? arena_text(&watch->mem, rq->caller.credential) : NULL;
    watch->admitted_at = time_mono();
    watch->actor = request_actor(rq);
    watch->actor.subject = arena_text(&watch->mem, watch->actor.subject);
    watch->job_id = arena_text(&watch->mem, job.id);
    reply_stream(rp, "text/event-stream", next_event, watch, end_watch);
    return true;
}

const struct route video_routes[] = {
    { METHOD_POST, "/api/video/strategy", strategy, .needs = NEED_READ, .rate = RATE_AGENTS,
      .body = BODY_JSON, .in = &strategy_in_shape, .out = &strategy_shape, .tag = "video",
      .doc = "Turns a prompt and a mood into camera, light, grade and format. Stores nothing." },
    { METHOD_POST, "/api/video/generate", generate, .rate = RATE_GENERATION, .body = BODY_JSON,
      .in = &generate_in_shape, .out = &generate_out_shape, .tag = "video",
      .doc = "Starts a job that makes the clip. It advances by itself: watch its events, or ask again." },
    { METHOD_GET, "/api/video/jobs", list, .query = &video_jobs_query_shape, .out = &job_list_shape,
      .tag = "video", .doc = "The caller's jobs; who has the permission `others` sees all." },
    { METHOD_GET, "/api/video/jobs/{job_id}", get, .out = &video_job_shape, .tag = "video",
      .doc = "One job." },
    { METHOD_DELETE, "/api/video/jobs/{job_id}", drop, .query = &trash_query_shape, .status = 204,
      .act = "job.delete", .tag = "video",
      .doc = "Removes an ended job. Its clip and what was made of it go to quarantine and can be brought "
             "back." },
    { METHOD_GET, "/api/video/jobs/{job_id}/download", download, .rate = RATE_NONE, .out_type = "video/mp4",
      .tag = "video", .doc = "The clip as an attachment." },
    { METHOD_POST, "/api/video/jobs/{job_id}/retry", retry, .rate = RATE_GENERATION, .out = &video_job_shape,
      .tag = "video", .doc = "Starts a failed or cancelled job over." },
    { METHOD_POST, "/api/video/jobs/{job_id}/cancel", cancel, .out = &video_job_shape, .tag = "video",
      .doc = "Stops a job that has not ended." },
    { METHOD_GET, "/api/video/jobs/{job_id}/info", info, .out = &info_out_shape, .tag = "video",
      .doc = "Facts of the clip, read from the file." },
    { METHOD_GET, "/api/video/jobs/{job_id}/events", events, .rate = RATE_NONE,
      .out_type = "text/event-stream", .tag = "video",
      .doc = "Server-sent events: progress, then completed, failed or cancelled; error when the caller's "
             "token or "
             "key is not good any more." },
    { 0 },
};
