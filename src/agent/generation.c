/* From request to stored job. Making the clip is in making.c. */
#include "agent/generation.h"

#include "base/hash.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "library/quota.h"
#include "library/universe.h"
#include "task/format.h"

#include <math.h>
#include <string.h>

const char *const generation_provider_names[] = { "local", "mock", NULL };

const char *const generation_size_names[] = { "draft", "standard", "4k", NULL };

enum { FPS_INITIAL = 30, DURATION_MAX_S = 60 };

static const struct field generate_in_fields[] = {
    TEXT(struct generate_in, prompt, .required = true, .min = 1, .max = 4000, .doc = "What the shot shows."),
    TEXT(struct generate_in, universe_id, .nullable = true, .max = 64,
         .doc = "Universe of yours it belongs to."),
    ENUM(struct generate_in, generation_type, video_type_names, .initial_text = "text_to_video",
         .doc = "image_to_video needs reference_image_url."),
    TEXT(struct generate_in, negative_prompt, .nullable = true, .max = 4000, .doc = "What to avoid."),
    TEXT(struct generate_in, reference_image_url, .nullable = true, .max = 2000, .format = "uri-reference",
         .doc = "A picture you uploaded: the url of POST /media/upload."),
    INT(struct generate_in, mood, .nullable = true, .max = 100, .initial = STRATEGY_MOOD_INITIAL,
        .doc = "0 surreal .. 100 high energy."),
    ENUM(struct generate_in, aspect_ratio, format_ratio_names, .nullable = true,
         .doc = "Picture format; the platform's when absent."),
    INT(struct generate_in, duration, .min = 1, .max = DURATION_MAX_S, .initial = STRATEGY_DURATION_INITIAL,
        .doc = "Seconds."),
    ENUM(struct generate_in, platform, strategy_platform_names, .nullable = true, .initial_text = "youtube",
         .doc = "Target platform; null for none."),
    ENUM(struct generate_in, provider, generation_provider_names, .nullable = true,
         .doc = "Who makes it; the server's default when absent."),
    ENUM(struct generate_in, camera_movement, strategy_camera_names, .nullable = true,
         .doc = "Instead of the strategy's choice."),
    ENUM(struct generate_in, lighting, strategy_lighting_names, .nullable = true,
         .doc = "Instead of the strategy's choice."),
    ENUM(struct generate_in, color_grade, strategy_grade_names, .nullable = true,
         .doc = "Instead of the strategy's choice."),
    ENUM(struct generate_in, size, generation_size_names, .initial_text = "standard",
         .doc = "draft: short side 540 pixels, standard: 1080, 4k: 2160."),
    INT(struct generate_in, fps, .min = 24, .max = 60, .initial = FPS_INITIAL, .doc = "24, 25, 30 or 60."),
    INT(struct generate_in, seed, .nullable = true, .max = INT32_MAX,
        .doc = "Same request and seed, same clip; drawn from the prompt when absent."),
    INT(struct generate_in, priority, .min = QUEUE_PRIORITY_MIN, .max = QUEUE_PRIORITY_MAX,
        .doc = "Higher runs first; above 0 only for administrators."),
    TEXT(struct generate_in, ltx_model, .nullable = true, .max = 50, .doc = "Kept for provider ltx."),
    TEXT(struct generate_in, ltx_resolution, .nullable = true, .max = 20, .doc = "Kept for provider ltx."),
    INT(struct generate_in, ltx_fps, .nullable = true, .min = 1, .max = 240, .doc = "Kept for provider ltx."),
    BOOL(struct generate_in, audio_sync_enabled, .nullable = true,
         .doc = "Kept for providers that make sound."),
    { 0 },
};
const struct shape generate_in_shape = SHAPE("VideoGenerateRequest", struct generate_in, generate_in_fields);

static const struct field generate_strategy_fields[] = {
    ENUM(struct generate_strategy, mood_category, strategy_category_names, .doc = "Mood category."),
    ENUM(struct generate_strategy, camera_movement, strategy_camera_names, .doc = "Camera movement."),
    TEXT(struct generate_strategy, enriched_prompt, .doc = "The prompt the provider gets."),
    ENUM(struct generate_strategy, lighting, strategy_lighting_names, .doc = "Lighting."),
    ENUM(struct generate_strategy, color_grade, strategy_grade_names, .doc = "Colour grade."),
    ENUM(struct generate_strategy, aspect_ratio, format_ratio_names, .doc = "Picture format."),
    TEXT(struct generate_strategy, rationale, .doc = "Why this choice."),
    { 0 },
};
static const struct shape generate_strategy_shape =
    SHAPE("VideoGenerateStrategy", struct generate_strategy, generate_strategy_fields);

static const struct field generate_out_fields[] = {
    TEXT(struct generate_out, job_id, .format = "uuid", .doc = "Ask for it under /api/video/jobs/{job_id}."),
    ENUM(struct generate_out, status, video_status_names, .doc = "pending or processing."),
    ENUM(struct generate_out, provider, generation_provider_names, .doc = "Who makes it."),
    TEXT(struct generate_out, provider_job_id, .nullable = true, .doc = "Its id at the provider."),
    TEXT(struct generate_out, video_url, .nullable = true, .doc = "Where the clip is, once there is one."),
    OBJECT(struct generate_out, strategy, struct generate_strategy, &generate_strategy_shape,
           .doc = "What was decided."),
    { 0 },
};
const struct shape generate_out_shape =
    SHAPE("VideoGenerateResult", struct generate_out, generate_out_fields);

/* ---- planning ---- */

static bool check_fps(int64_t fps, struct error *err)
{
    if (fps == 24 || fps == 25 || fps == 30 || fps == 60) return true;
    return fail_field(err, CAUSE_INVALID, "fps", "fps is 24, 25, 30 or 60, not %lld", (long long)fps);
}

static bool decide(const struct generate_in *in, struct arena *mem, struct variation *out, struct error *err)
{
    const struct strategy_in ask = {
        .prompt = in->prompt,
        .mood = in->mood == INT_NONE ? STRATEGY_MOOD_INITIAL : in->mood,
        .platform = in->platform,
        .aspect_ratio = in->aspect_ratio,
        .num_variations = 1,
        .camera_movement = in->camera_movement,
        .lighting = in->lighting,
        .color_grade = in->color_grade,
    };
    struct strategy strategy;
    if (!strategy_make(&ask, mem, &strategy, err)) return false;
    *out = *(const struct variation *)strategy.variations.items;
    return true;
}

bool generation_plan(const struct generate_in *in, const char *provider, struct arena *mem,
                     struct shot_plan *out, struct error *err)
{
    struct shot_plan plan = { 0 };
    struct format format;
    if (!check_fps(in->fps, err) || !decide(in, mem, &plan.variation, err)) return false;
    if (!format_find(plan.variation.aspect_ratio, text_is(provider, "mock") ? "mock" : in->size, &format))
        return fail_field(err, CAUSE_INVALID, "size", "there is no picture format %s in size %s",
                          plan.variation.aspect_ratio, in->size);
    plan.render = (struct render_in){
        .prompt = plan.variation.metadata->original_prompt,
        .mood_category = plan.variation.mood_category,
        .camera_movement = plan.variation.camera_movement,
        .lighting = plan.variation.lighting,
        .color_grade = plan.variation.color_grade,
        .width = format.width,
        .height = format.height,
        .fps = in->fps,
        .seed = in->seed != INT_NONE
                    ? in->seed
                    : (int64_t)(hash_seed(plan.variation.metadata->original_prompt) & INT32_MAX),
        .duration_s = (double)in->duration,
    };
    *out = plan;
    return true;
}

/* ---- storing ---- */

/* What the request points to exists and is the actor's. */
static bool check_references(struct generation *gen, struct arena *mem, const struct actor *actor,
                             const struct generate_in *in, const char **universe_out, const char **asset_out,
                             struct error *err)
{
    struct universe universe;
    struct asset asset;
    if (!text_empty(in->universe_id)) {
        if (!universe_get(gen->lib, mem, actor, in->universe_id, &universe, err)) return false;
        *universe_out = universe.id;
    }
    if (text_is(in->generation_type, "text_to_video")) return true;
    if (text_empty(in->reference_image_url))
        return fail_field(err, CAUSE_INVALID, "reference_image_url",
                          "image_to_video needs reference_image_url: the url of a picture uploaded with POST "
                          "/media/upload");
    if (!asset_by_url(gen->lib, mem, actor, in->reference_image_url, &asset, err)) return false;
    if (!text_is(asset.asset_type, "image"))
        return fail_field(err, CAUSE_INVALID, "reference_image_url", "'%s' is a %s, not a picture",
                          in->reference_image_url, asset.asset_type);
    *asset_out = asset.id;
    return true;
}

static struct video_job new_job(const struct generate_in *in, const struct shot_plan *plan,
                                const char *provider, struct arena *mem)
{
    struct video_job job;
    shape_init(&video_job_row_shape, &job);
    job.id = arena_text(mem, id_new().text);
    job.generation_type = in->generation_type;
    job.prompt = in->prompt;
    job.negative_prompt = in->negative_prompt;
    job.reference_image_url = in->reference_image_url;
    job.platform = in->platform;
    job.mood = in->mood == INT_NONE ? STRATEGY_MOOD_INITIAL : in->mood;
    job.mood_category = plan->variation.mood_category;
    job.camera_movement = plan->variation.camera_movement;
    job.aspect_ratio = plan->variation.aspect_ratio;
    job.enriched_prompt = plan->variation.enriched_prompt;
    job.strategy = shape_text(mem, &variation_shape, &plan->variation);
    job.duration = in->duration;
    job.seed = plan->render.seed;
    job.width = plan->render.width;
    job.height = plan->render.height;
    job.fps = (double)plan->render.fps;
    job.provider = provider;
    job.ltx_model = in->ltx_model;
    job.ltx_resolution = in->ltx_resolution;
    job.ltx_fps = in->ltx_fps;
    job.audio_sync_enabled = in->audio_sync_enabled;
    job.status = "pending";
    job.created_at = job.updated_at = time_now();
    return job;
}

struct start {
    struct generation *gen;
    const struct video_job *job;
    int64_t priority;
};

static bool start_body(struct tx *tx, void *with, struct error *err)
{
    const struct start *const start = with;
    const struct queue_order order = { .id = start->job->id,
                                       .kind = generation_job_kind.name,
                                       .owner_id = start->job->owner_id,
                                       .priority = start->priority };
    return video_job_put(tx, start->job, err) && work_put(start->gen->work, tx, &order, err);
}

static struct generate_out answer(struct arena *mem, const struct video_job *job,
                                  const struct variation *variation)
{
    struct generate_strategy *const strategy = arena_new(mem, struct generate_strategy);
    *strategy = (struct generate_strategy){
        .mood_category = job->mood_category,
        .camera_movement = job->camera_movement,
        .enriched_prompt = job->enriched_prompt,
        .lighting = variation->lighting,
        .color_grade = variation->color_grade,
        .aspect_ratio = job->aspect_ratio,
        .rationale = variation->rationale,
    };
    return (struct generate_out){
        .job_id = job->id, .status = job->status, .provider = job->provider, .strategy = strategy
    };
}

bool generation_start(struct generation *gen, struct arena *mem, const struct actor *actor,
                      const struct generate_in *in, struct generate_out *out, struct error *err)
{
    const char *const provider = in->provider ? in->provider : gen->default_provider;
    const char *universe_id = NULL, *asset_id = NULL;
    struct shot_plan plan;
    if (!worker_allowed(work_worker(gen->work), err) || !actor_may_own(actor, err) ||
        !generation_plan(in, provider, mem, &plan, err) ||
        !check_references(gen, mem, actor, in, &universe_id, &asset_id, err) ||
        !quota_check_disk(gen->lib, err))
        return false;
    struct video_job job = new_job(in, &plan, provider, mem);
    job.owner_id = actor->subject;
    job.universe_id = universe_id;
    job.reference_asset_id = asset_id;
    struct start start = { gen, &job, in->priority };
    if (!db_write(gen->lib->db, start_body, &start, err)) return false;
    work_wake(gen->work);
    *out = answer(mem, &job, &plan.variation);
    return true;
}

/* ---- following ---- */

void generation_add_progress(struct generation *gen, struct arena *mem, struct video_job *job)
{
    struct work_progress live;
    if (!work_progress(gen->work, job->id, &live)) return;
    job->progress = round(live.progress * 1000) / 1000;
    job->stage = arena_text(mem, live.stage);
    job->eta_s = live.eta_s > 0 ? live.eta_s : (double)NAN;
}

bool generation_get(struct generation *gen, struct arena *mem, const struct actor *actor, const char *id,
                    struct video_job *out, struct error *err)
{
    if (!video_job_get(gen->lib, mem, actor, id, out, err)) return false;
    generation_add_progress(gen, mem, out);
    return true;
}

bool generation_cancel(struct generation *gen, struct arena *mem, const struct actor *actor, const char *id,
                       struct video_job *out, struct error *err)
{
    struct video_job job;
    return video_job_get(gen->lib, mem, actor, id, &job, err) && work_cancel(gen->work, job.id, err) &&
           generation_get(gen, mem, actor, job.id, out, err);
}

bool generation_requeue(struct generation *gen, const struct actor *actor, const char *id, struct error *err)
{
    return worker_allowed(work_worker(gen->work), err) && quota_check_disk(gen->lib, err) &&
           work_retry(gen->work, id, actor->admin ? QUEUE_PRIORITY_MAX : QUEUE_PRIORITY_OPEN, err);
}

bool generation_retry(struct generation *gen, struct arena *mem, const struct actor *actor, const char *id,
                      struct video_job *out, struct error *err)
{
    struct video_job job;
    if (!video_job_get(gen->lib, mem, actor, id, &job, err)) return false;
    if (!text_is(job.status, "failed") && !text_is(job.status, "cancelled"))
        return fail(err, CAUSE_CONFLICT, "Can only retry failed or cancelled jobs. Current status: %s",
                    job.status);
    return generation_requeue(gen, actor, job.id, err) &&
           generation_get(gen, mem, actor, job.id, out, err);
}
