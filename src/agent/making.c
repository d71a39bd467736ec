/* The job kind "video": provider, check, store. Nothing here is seen until the transaction at the end. */
#include "agent/generation.h"
#include "agent/transcode.h"

#include "agent/import.h"
#include "agent/ingest.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"

#include <string.h>
#include <unistd.h>

/* What a run leaves for the transaction that ends it. */
struct making {
    struct video_job job;
    struct asset asset;
    struct blob files[2];
};

/* Share of the progress bar that making takes; the rest is checking. */
static const double made_at = 0.9;

struct stage {
    struct job_run *run;
    const char *name;
    double from, to;
};

static void tell(void *with, double progress, const char *stage, double eta_s)
{
    const struct stage *const at = with;
    work_tell(at->run, at->from + (at->to - at->from) * progress, text_empty(stage) ? at->name : stage,
              eta_s);
}

static bool shot_of(const struct video_job *job, struct arena *mem, struct render_in *out, struct error *err)
{
    const char *const text = job->strategy ? job->strategy : "{}";
    const struct json *strategy;
    if (!json_parse(text, strlen(text), mem, &strategy, NULL, err)) return false;
    *out = (struct render_in){
        .prompt = json_get_text(json_get(strategy, "metadata"), "original_prompt", job->prompt),
        .mood_category = job->mood_category,
        .camera_movement = job->camera_movement,
        .lighting = json_get_text(strategy, "lighting", ""),
        .color_grade = json_get_text(strategy, "color_grade", ""),
        .width = job->width,
        .height = job->height,
        .fps = (int64_t)job->fps,
        .seed = job->seed,
        .duration_s = (double)job->duration,
    };
    return true;
}

/* The picture of image_to_video; -1 when there is none. */
static bool open_reference(struct generation *gen, struct arena *mem, const struct video_job *job,
                           int *fd_out, struct error *err)
{
    if (!text_is(job->generation_type, "image_to_video")) return true;
    const char *const name = media_url_blob(mem, job->reference_image_url);
    struct blob_file file;
    struct error why = { 0 };
    const bool known = name && job->reference_asset_id;
    if (known && !blob_open(&gen->lib->blobs, name, &file, &why) && why.cause != CAUSE_NOT_FOUND) {
        *err = why; /* may be better next time */
        return false;
    }
    if (!known || why.cause == CAUSE_NOT_FOUND)
        return fail(err, CAUSE_BAD_MEDIA,
                    "the reference picture '%s' is gone; upload it again and start a new job",
                    job->reference_image_url);
    *fd_out = file.fd;
    return true;
}

/* The clip, made by the job's provider into `out`. */
static bool make_clip(struct job_run *run, const struct video_job *job, int out, struct render_out *made,
                      struct error *err)
{
    struct generation *const gen = run->app;
    AUTO(fd) int reference = -1;
    struct render_in shot;
    if (!shot_of(job, run->mem, &shot, err) || !open_reference(gen, run->mem, job, &reference, err))
        return false;
    const struct worker_file files[] = { { "out", out }, { "reference", reference } };
    struct stage stage = { run, "render", 0, made_at };
    const struct worker_call call = {
        .kind = text_is(job->provider, "mock") ? TASK_MOCK_CLIP : TASK_RENDER,
        .in = &shot,
        .files = files,
        .file_count = reference >= 0 ? 2 : 1,
        .cancel_fd = run->cancel_fd,
        .progress = tell,
        .with = &stage,
        .trace = &run->trace,
    };
    return worker_run(work_worker(run->work), &call, run->mem, made, err);
}

/* Decodes all of it and compares with what was asked for. */
static bool check_clip(struct job_run *run, const struct video_job *job, int clip, int poster,
                       struct media_facts *facts, struct error *err)
{
    const struct verify_in expected = { .duration_s = (double)job->duration,
                                        .width = job->width,
                                        .height = job->height,
                                        .fps = (int64_t)job->fps };
    const struct worker_file files[] = { { "in", clip }, { "poster", poster } };
    struct stage stage = { run, "verify", made_at, 1 };
    const struct worker_call call = { .kind = TASK_VERIFY,
                                      .in = &expected,
                                      .files = files,
                                      .file_count = 2,
                                      .cancel_fd = run->cancel_fd,
                                      .progress = tell,
                                      .with = &stage,
                                      .trace = &run->trace };
    return worker_run(work_worker(run->work), &call, run->mem, facts, err);
}

static const char *recipe_of(struct arena *mem, const struct video_job *job)
{
    AUTO(buf) struct buf text = BUF(1 << 20);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_pair(&out, "prompt", job->prompt);
    json_put_pair(&out, "negative_prompt", job->negative_prompt);
    json_put_pair(&out, "enriched_prompt", job->enriched_prompt);
    json_put_key(&out, "strategy");
    json_put_raw(&out, job->strategy);
    json_put_pair(&out, "provider", job->provider);
    json_put_pair(&out, "model", arena_printf(mem, "umam-%s %s", job->provider, UMAM_VERSION));
    json_put_key(&out, "seed");
    json_put_int(&out, job->seed);
    json_put_key(&out, "settings");
    json_put_open(&out, '{');
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = { { "width", job->width },
                    { "height", job->height },
                    { "fps", (int64_t)job->fps },
                    { "duration", job->duration },
                    { "mood", job->mood } };
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        json_put_key(&out, numbers[i].name);
        json_put_int(&out, numbers[i].value);
    }
    json_put_pair(&out, "platform", job->platform);
    json_put_close(&out, '}');
    json_put_pair(&out, "reference_asset_id", job->reference_asset_id);
    json_put_close(&out, '}');
    return arena_text_n(mem, buf_str(&text), text.size);
}

static void fill_job(struct video_job *job, const struct media_facts *facts, const struct digest *digest,
                     const char *clip_name, const char *poster_name, struct arena *mem)
{
    job->local_path = clip_name;
    job->video_url = media_url(mem, clip_name);
    job->thumbnail_url = media_url(mem, poster_name);
    job->checksum = arena_text(mem, digest->hex);
    job->provider_status = "completed";
    job->updated_at = time_now();
    job->duration_actual = facts->duration_s;
    job->width = facts->width;
    job->height = facts->height;
    job->fps = facts->fps;
    job->video_codec = facts->video_codec;
    job->bit_rate = facts->bit_rate;
}

static struct asset clip_asset(const struct video_job *job, const struct media_facts *facts,
                               struct arena *mem)
{
    struct asset asset = asset_new(mem, job->owner_id, "video", facts);
    asset.file_size = job->file_size;
    asset.universe_id = job->universe_id;
    asset.title = text_cut(mem, job->prompt, 200);
    asset.description = job->prompt;
    asset.file_path = job->local_path;
    asset.public_url = job->video_url;
    asset.thumbnail_url = job->thumbnail_url;
    asset.checksum = job->checksum;
    asset.source_job_id = job->id;
    asset.source_type = "generated";
    asset.provider = job->provider;
    asset.mood = job->mood;
    asset.mood_category = job->mood_category;
    asset.camera_movement = job->camera_movement;
    asset.prompt = job->prompt;
    asset.extra_metadata = job->extra_metadata;
    return asset;
}

static bool store_clip(struct generation *gen, struct making *making, int clip, int poster,
                       const struct media_facts *facts, struct arena *mem, struct error *err)
{
    struct video_job *const job = &making->job;
    struct digest digest;
    const char *const folder = job->universe_id ? job->universe_id : "default";
    const char *const clip_name = arena_printf(mem, "videos/%s/%s.mp4", folder, job->id);
    const char *const poster_name = arena_printf(mem, "videos/thumbnails/%s.jpg", job->id);
    making->files[0] = (struct blob){ poster_name, poster };
    making->files[1] = (struct blob){ clip_name, clip };
    if (!hash_file(clip, &digest, err) || !file_size(clip, &job->file_size, err) ||
        !blob_keep(&gen->lib->blobs, making->files, COUNT_OF(making->files), err))
        return false;
    const char *const recipe = recipe_of(mem, job); /* what was asked for, before what was measured */
    fill_job(job, facts, &digest, clip_name, poster_name, mem);
    making->asset = clip_asset(job, facts, mem);
    making->asset.recipe = recipe;
    return true;
}

/* {"drawn": "..."}, NULL when the provider did not say. */
static const char *metadata_of(struct arena *mem, const struct render_out *made)
{
    const char *const key = "drawn";
    return made->scene ? json_print(mem, json_from_pairs(mem, &key, &made->scene, 1)) : NULL;
}

static bool make(struct job_run *run, struct error *err)
{
    struct generation *const gen = run->app;
    const struct actor owner = { run->job->owner_id, true };
    struct making *const making = arena_new(run->mem, struct making);
    AUTO(fd) int clip = -1;
    AUTO(fd) int poster = -1;
    struct media_facts facts;
    struct render_out made;
    if (!video_job_get(gen->lib, run->mem, &owner, run->job->id, &making->job, err) ||
        !blob_draft(&gen->lib->blobs, &clip, err) || !blob_draft(&gen->lib->blobs, &poster, err) ||
        !make_clip(run, &making->job, clip, &made, err) ||
        !check_clip(run, &making->job, clip, poster, &facts, err))
        return false;
    making->job.extra_metadata = metadata_of(run->mem, &made);
    run->result = making;
    return store_clip(gen, making, clip, poster, &facts, run->mem, err);
}

/* ---- the rows, in the queue's transactions ---- */

static bool started(struct tx *tx, struct job_run *run, struct error *err)
{
    return video_job_processing(tx, run->job->id, err);
}

static bool succeeded(struct tx *tx, struct job_run *run, struct error *err)
{
    const struct making *const making = run->result;
    const struct queue_order look = { .id = making->asset.id,
                                      .kind = ingest_job_kind.name,
                                      .owner_id = making->asset.owner_id };
    return asset_put(tx, &making->asset, err) && video_job_completed(tx, &making->job, err) &&
           work_put(run->work, tx, &look, err);
}

static void settled(struct job_run *run, bool stored)
{
    const struct generation *const gen = run->app;
    const struct making *const making = run->result;
    blob_settle(&gen->lib->blobs, making->files, COUNT_OF(making->files), stored);
    if (stored) work_wake(run->work);
}

static bool requeued(struct tx *tx, const char *id, const struct error *why, struct error *err)
{
    (void)why;
    return video_job_waiting(tx, id, err);
}

static bool failed(struct tx *tx, const char *id, const struct error *why, struct error *err)
{
    return video_job_ended(tx, id, "failed", why->text, err);
}

static bool cancelled(struct tx *tx, const char *id, struct error *err)
{
    return video_job_ended(tx, id, "cancelled", NULL, err);
}

const struct job_kind generation_job_kind = {
    .name = "video",
    .resource = "/api/video/jobs/",
    .title = video_job_title,
    .attempts_max = 4,
    .started = started,
    .run = make,
    .succeeded = succeeded,
    .settled = settled,
    .requeued = requeued,
    .failed = failed,
    .cancelled = cancelled,
    .revived = video_job_again,
};

const struct job_kind *const generation_job_kinds[] = { &generation_job_kind, &ingest_job_kind,
                                                        &import_job_kind, &transcode_job_kind, NULL };
