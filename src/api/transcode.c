/* Clips for platforms: profiles, making variants, listing them. */
#include "agent/transcode.h"
#include "api/app.h"

#include "base/text.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

enum { PLATFORMS_MAX = 20, SIGN_OF_LIFE_US = 10 * SECOND };

/* ---- profiles ---- */

struct profile_out {
    const char *name, *resolution, *codec, *bitrate, *container, *description;
};

static const struct field profile_out_fields[] = {
    TEXT(struct profile_out, name, .doc = "The platform to ask for."),
    TEXT(struct profile_out, resolution, .doc = "Width x height."),
    TEXT(struct profile_out, codec, .doc = "Of the picture."),
    TEXT(struct profile_out, bitrate, .doc = "Of the picture at most."),
    TEXT(struct profile_out, container, .doc = "Of the file."),
    TEXT(struct profile_out, description, .doc = "What for."),
    { 0 },
};
static const struct shape profile_out_shape =
    SHAPE("TranscodeProfile", struct profile_out, profile_out_fields);

struct profiles_out {
    struct list profiles;
};

static const struct field profiles_out_fields[] = {
    LIST(struct profiles_out, profiles, &profile_out_shape, .doc = "All there are."),
    { 0 },
};
static const struct shape profiles_out_shape =
    SHAPE("TranscodeProfiles", struct profiles_out, profiles_out_fields);

static bool list_profiles(struct request *rq, struct reply *rp, struct error *err)
{
    struct profile_out items[PROFILE_COUNT];
    (void)err;
    for (size_t i = 0; i < PROFILE_COUNT; i++)
        items[i] = (struct profile_out){ .name = profiles[i].name,
                                         .resolution =
                                             arena_printf(rq->mem, "%lldx%lld", (long long)profiles[i].width,
                                                          (long long)profiles[i].height),
                                         .codec = profiles[i].codec,
                                         .bitrate = profile_bit_rate(rq->mem, &profiles[i]),
                                         .container = profiles[i].container,
                                         .description = profiles[i].description };
    reply_object(rp, &profiles_out_shape, &(struct profiles_out){ { items, PROFILE_COUNT } });
    return true;
}

/* ---- variants ---- */

static bool find(struct request *rq, struct video_job *out, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    return generation_get(&app->generation, rq->mem, &actor, request_param(rq, "job_id"), out, err);
}

struct variants_out {
    const char *job_id, *original_url, *original_path;
    struct list variants;
};

static const struct field variants_out_fields[] = {
    TEXT(struct variants_out, job_id, .format = "uuid", .doc = "The clip."),
    TEXT(struct variants_out, original_url, .nullable = true, .format = "uri-reference",
         .doc = "Where it is served."),
    TEXT(struct variants_out, original_path, .nullable = true, .doc = "Its name in the media folder."),
    LIST(struct variants_out, variants, &variant_shape, .doc = "What was made of it, oldest first."),
    { 0 },
};
static const struct shape variants_out_shape =
    SHAPE("VideoVariants", struct variants_out, variants_out_fields);

static bool list_variants(struct request *rq, struct reply *rp, struct error *err)
{
    struct video_job job;
    if (!find(rq, &job, err)) return false;
    const struct json *const kept = job.encoding_variants;
    const size_t count = kept ? kept->count : 0;
    struct variant *const variants = arena_array(rq->mem, count, sizeof *variants);
    for (size_t i = 0; i < count; i++)
        if (!shape_take(&variant_shape, &kept->items[i], rq->mem, &variants[i], err)) return false;
    reply_object(rp, &variants_out_shape,
                 &(struct variants_out){ job.id, job.video_url, job.local_path, { variants, count } });
    return true;
}

/* ---- making them ---- */

struct transcode_request {
    struct texts platforms;
};

static const struct field transcode_request_fields[] = {
    TEXTS(struct transcode_request, platforms, .required = true, .max = PLATFORMS_MAX,
          .doc = "Names of profiles."),
    { 0 },
};
static const struct shape transcode_request_shape =
    SHAPE("TranscodeRequest", struct transcode_request, transcode_request_fields);

struct transcode_out {
    const char *job_id;
    int64_t success_count, failure_count;
    struct list variants;
};

static const struct field transcode_out_fields[] = {
    TEXT(struct transcode_out, job_id, .format = "uuid", .doc = "The clip."),
    INT(struct transcode_out, success_count, .doc = "That were made."),
    INT(struct transcode_out, failure_count, .doc = "That were not."),
    LIST(struct transcode_out, variants, &variant_shape, .doc = "In the order asked for."),
    { 0 },
};
static const struct shape transcode_out_shape =
    SHAPE("TranscodeResult", struct transcode_out, transcode_out_fields);

/* Once each, in the order they came. The sentence is the old API's. */
static bool check_platforms(struct arena *mem, const struct texts *asked, struct texts *out,
                            struct error *err)
{
    const char *wrong = "", *known = "";
    *out = (struct texts){ arena_array(mem, asked->count, sizeof *out->items), 0 };
    for (size_t i = 0; i < asked->count; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++) again = again || text_is(asked->items[k], asked->items[i]);
        if (again) continue;
        if (!profile_find(asked->items[i]))
            wrong =
                arena_printf(mem, "%s%s'%s'", wrong, *wrong ? ", " : "", text_cut(mem, asked->items[i], 50));
        out->items[out->count++] = asked->items[i];
    }
    for (size_t i = 0; i < PROFILE_COUNT; i++)
        known = arena_printf(mem, "%s%s'%s'", known, i ? ", " : "", profiles[i].name);
    return !*wrong || fail(err, CAUSE_BAD_REQUEST, "Invalid platforms: {%s}. Available: {%s}", wrong, known);
}

/* Somebody waits for the jobs. They go on without him. */
struct waiting {
    struct generation *gen;
    struct arena mem;
    const char *clip_id, **ids;
    size_t count;
    uint64_t seen;
    int64_t spoke_at;
};

/* False while one is not over. One whose result cannot be read any more counts as failed. */
static bool gather(struct waiting *waiting, struct arena *mem, struct variant *variants)
{
    struct error err;
    for (size_t i = 0; i < waiting->count; i++) {
        bool over = true;
        shape_init(&variant_shape, &variants[i]);
        if (!transcode_result(waiting->gen, mem, waiting->ids[i], &over, &variants[i], &err))
            variants[i].error = arena_text(mem, err.text);
        if (!over) return false;
    }
    return true;
}

/* The reply comes when the last job ends. Until then white space tells everybody between that somebody is
 * there. */
static bool next(void *with, struct buf *out, int wait_ms)
{
    struct waiting *const waiting = with;
    AUTO(arena) struct arena mem = { 0 };
    struct variant *const variants = arena_array(&mem, waiting->count, sizeof *variants);
    struct transcode_out result = { .job_id = waiting->clip_id, .variants = { variants, waiting->count } };
    if (!gather(waiting, &mem, variants)) {
        work_watch(waiting->gen->work, &waiting->seen, wait_ms);
        if (time_mono() - waiting->spoke_at > SIGN_OF_LIFE_US) {
            buf_char(out, ' ');
            waiting->spoke_at = time_mono();
        }
        return true;
    }
    for (size_t i = 0; i < waiting->count; i++) result.success_count += variants[i].success;
    result.failure_count = (int64_t)waiting->count - result.success_count;
    shape_write(&transcode_out_shape, &result, &(struct json_out){ .buf = out });
    return false;
}

static void end(void *with)
{
    struct waiting *const waiting = with;
    arena_clear(&waiting->mem);
    free(waiting);
}

static bool find_clip(struct request *rq, struct video_job *job, struct error *err)
{
    struct app *const app = rq->app;
    struct blob_file file;
    if (!find(rq, job, err)) return false;
    if (!text_is(job->status, "completed")) return fail(err, CAUSE_BAD_REQUEST, "Video job is not completed");
    if (!job->local_path || !blob_open(&app->lib.blobs, job->local_path, &file, err))
        return fail(err, CAUSE_BAD_REQUEST, "Video file not available locally for transcoding");
    fd_cleanup(&file.fd);
    return true;
}

static bool transcode(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct transcode_request *const in = rq->in;
    struct texts names;
    struct video_job job;
    if (!find_clip(rq, &job, err) || !check_platforms(rq->mem, &in->platforms, &names, err)) return false;
    struct waiting *const waiting = calloc(1, sizeof *waiting);
    if (!waiting)
        return fail(err, CAUSE_UNAVAILABLE, "there is no memory to wait for the result; ask again later");
    waiting->gen = &app->generation;
    waiting->count = names.count;
    waiting->spoke_at = time_mono();
    waiting->clip_id = arena_text(&waiting->mem, job.id);
    waiting->ids = arena_array(&waiting->mem, names.count, sizeof *waiting->ids);
    if (names.count && !transcode_start(&app->generation, &waiting->mem, &job, &names, waiting->ids, err)) {
        end(waiting);
        return false;
    }
    reply_stream(rp, "application/json", next, waiting, end);
    return true;
}

const struct route transcode_routes[] = {
    { METHOD_POST, "/api/video/jobs/{job_id}/transcode", transcode, .rate = RATE_GENERATION,
      .body = BODY_JSON, .in = &transcode_request_shape, .out = &transcode_out_shape, .tag = "video",
      .doc = "Makes the clip over for platforms: shape, size, loudness. Each is a job of the queue; the "
             "reply comes when "
             "all have ended. They go on when nobody waits any more: see the variants." },
    { METHOD_GET, "/api/video/jobs/{job_id}/variants", list_variants, .out = &variants_out_shape,
      .tag = "video", .doc = "What was made of the clip." },
    { METHOD_GET, "/api/video/transcode/profiles", list_profiles, .out = &profiles_out_shape, .tag = "video",
      .doc = "The platforms a clip can be made over for." },
    { 0 },
};
