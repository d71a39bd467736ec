/* The generation agent: takes a request for a video, decides the strategy, keeps the job, has it made by a
 * provider, checks what came back, and stores it in the library. */
#pragma once

#include "agent/strategy.h"
#include "agent/video_job.h"
#include "library/filetype.h"
#include "work/supervisor.h"

extern const char *const generation_provider_names[]; /* local, mock */
extern const char *const generation_size_names[];     /* draft, standard, 4k */

struct generate_in {
    const char *prompt, *universe_id, *generation_type, *negative_prompt, *reference_image_url;
    int64_t mood, duration;
    const char *aspect_ratio, *platform, *provider;
    const char *camera_movement, *lighting, *color_grade, *size;
    int64_t seed, fps, priority;
    const char *ltx_model, *ltx_resolution;
    int64_t ltx_fps;
    bool audio_sync_enabled;
};

struct generate_strategy {
    const char *mood_category, *camera_movement, *enriched_prompt, *lighting, *color_grade, *aspect_ratio,
        *rationale;
};

struct generate_out {
    const char *job_id, *status, *provider, *provider_job_id, *video_url;
    const struct generate_strategy *strategy;
};

extern const struct shape generate_in_shape, generate_out_shape;

/* What is fetched from elsewhere. */
struct import_rules {
    int64_t max_bytes, wait_s; /* of one file */
};

/* What the agent works with. */
struct generation {
    struct library *lib;
    struct work *work;            /* set once it runs */
    const char *default_provider; /* when a request names none */
    struct filetype_rules types;  /* of files that are taken in */
    struct worker *net;           /* umam-net, fetches files; NULL: nothing is fetched */
    struct import_rules imports;
};

/* The queue's kind "video"; its `app` is a struct generation. */
extern const struct job_kind generation_job_kind;

/* All kinds of jobs there are; NULL-terminated. */
extern const struct job_kind *const generation_job_kinds[];

/* Checks the request against the library, decides the strategy, stores job and queue row in one transaction.
 * The job then advances by itself. */
bool generation_start(struct generation *gen, struct arena *mem, const struct actor *actor,
                      const struct generate_in *in, struct generate_out *out, struct error *err) MUST_USE;

/* The job with its live progress. */
bool generation_get(struct generation *gen, struct arena *mem, const struct actor *actor, const char *id,
                    struct video_job *out, struct error *err) MUST_USE;
void generation_add_progress(struct generation *gen, struct arena *mem, struct video_job *job);

/* CONFLICT in any state that does not allow it. */
bool generation_cancel(struct generation *gen, struct arena *mem, const struct actor *actor, const char *id,
                       struct video_job *out, struct error *err) MUST_USE;
/* A failed or cancelled job starts over, where a new one would be taken in too, and with no higher priority
 * than the actor may give. */
bool generation_requeue(struct generation *gen, const struct actor *actor, const char *id,
                        struct error *err) MUST_USE;
bool generation_retry(struct generation *gen, struct arena *mem, const struct actor *actor, const char *id,
                      struct video_job *out, struct error *err) MUST_USE;

/* The strategy and render settings of a request, without storing anything: for the command line too. */
struct shot_plan {
    struct variation variation;
    struct render_in render;
};
bool generation_plan(const struct generate_in *in, const char *provider, struct arena *mem,
                     struct shot_plan *out, struct error *err) MUST_USE;
