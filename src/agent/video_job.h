/* Video jobs: the rows behind /api/video/jobs, from the request to the stored clip. */
#pragma once

#include "library/asset.h"

extern const char *const video_status_names[]; /* pending, processing, completed, failed, cancelled */
extern const char *const video_type_names[];   /* text_to_video, image_to_video */

struct video_job {
    const char *id, *universe_id, *agent_job_id, *owner_id;
    const char *generation_type, *prompt, *negative_prompt, *reference_image_url, *reference_asset_id;
    const char *platform, *mood_category, *camera_movement, *aspect_ratio, *enriched_prompt;
    int64_t mood, duration, seed, width, height;
    double fps;
    const char *strategy; /* the chosen variation, whole, as JSON */
    const char *provider, *provider_job_id, *provider_status;
    const char *ltx_model, *ltx_resolution, *ltx_request_id;
    int64_t ltx_fps;
    bool audio_sync_enabled;
    const char *status, *error_message;
    const char *video_url, *output_video_url, *thumbnail_url, *local_path, *checksum, *video_codec;
    int64_t file_size, bit_rate;
    double duration_actual;
    const char *extra_metadata; /* JSON */
    const struct json *encoding_variants;
    int64_t created_at, started_at, completed_at, updated_at;
    double progress, eta_s; /* not in the row: asked from the queue when shown */
    const char *stage;
};

/* The row, and what the API shows of it. */
extern const struct shape video_job_row_shape, video_job_shape;

struct video_jobs_query {
    const char *universe_id, *status, *provider;
    int64_t limit, offset;
    const char *sort_by, *sort_order;
};

extern const struct shape video_jobs_query_shape;

/* NOT_FOUND "Video job not found" also for somebody else's. */
bool video_job_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                   struct video_job *out, struct error *err) MUST_USE;

/* The start of its prompt; NULL when there is no such job. */
bool video_job_title(struct db *db, const char *id, struct arena *mem, const char **out,
                     struct error *err) MUST_USE;

/* One page of the actor's jobs (with the permission `others`: of all) and how many match in all. */
bool video_job_list(struct library *lib, struct arena *mem, const struct actor *actor,
                    const struct video_jobs_query *query, struct list *out, int64_t *total_out,
                    struct error *err) MUST_USE;

/* Changes of state, inside the queue's transaction. Each expects the state before it and is CONFLICT in any
 * other, so that nothing comes back from its end unasked. */
bool video_job_put(struct tx *tx, const struct video_job *job, struct error *err) MUST_USE;
bool video_job_processing(struct tx *tx, const char *id, struct error *err) MUST_USE;
bool video_job_waiting(struct tx *tx, const char *id, struct error *err) MUST_USE; /* for another attempt */
bool video_job_again(struct tx *tx, const char *id, struct error *err) MUST_USE;   /* starts over */
bool video_job_completed(struct tx *tx, const struct video_job *job, struct error *err) MUST_USE;
bool video_job_ended(struct tx *tx, const char *id, const char *status, const char *why,
                     struct error *err) MUST_USE;

/* Appends to the clip's variants; `variant` is a JSON object. NOT_FOUND when the clip is gone. */
bool video_job_add_variant(struct tx *tx, struct arena *mem, const char *id, const char *variant,
                           struct error *err) MUST_USE;

/* Completed, failed or cancelled. */
bool video_job_is_over(const struct video_job *job);

/* Removes the row and its queue row; the clip and its variants go to quarantine, from where they can be
 * brought back without the job. `reason` may be NULL. CONFLICT while the job is under way. */
bool video_job_drop(struct library *lib, const struct actor *actor, const char *id, const char *reason,
                    struct error *err) MUST_USE;
