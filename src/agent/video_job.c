#include "agent/video_job.h"

#include "agent/strategy.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "library/trash.h"
#include "task/format.h"

#include <math.h>
#include <string.h>

const char *const video_status_names[] = {
    "pending", "processing", "completed", "failed", "cancelled", NULL
};
const char *const video_type_names[] = { "text_to_video", "image_to_video", NULL };

/* The fields that are both columns and API members, in the contract's order. */
#define SHARED_FIELDS                                                                                        \
    TEXT(struct video_job, id, .format = "uuid", .doc = "UUID."),                                            \
        TEXT(struct video_job, universe_id, .nullable = true, .doc = "Universe it belongs to."),             \
        ENUM(struct video_job, generation_type, video_type_names, .doc = "What it is made from."),           \
        TEXT(struct video_job, prompt, .doc = "The prompt as sent."),                                        \
        TEXT(struct video_job, negative_prompt, .nullable = true, .doc = "What to avoid."),                  \
        ENUM(struct video_job, status, video_status_names, .doc = "Where it stands."),                       \
        TEXT(struct video_job, provider, .nullable = true, .doc = "Who makes it."),                          \
        TEXT(struct video_job, provider_job_id, .nullable = true, .doc = "Its id at the provider."),         \
        TEXT(struct video_job, provider_status, .nullable = true,                                            \
             .doc = "The provider's own word for its state."),                                               \
        ENUM(struct video_job, mood_category, strategy_category_names, .nullable = true,                     \
             .doc = "Mood category."),                                                                       \
        TEXT(struct video_job, camera_movement, .nullable = true, .doc = "Camera movement."),                \
        ENUM(struct video_job, aspect_ratio, format_ratio_names, .doc = "Picture format."),                  \
        INT(struct video_job, duration, .doc = "Seconds asked for."),                                        \
        TEXT(struct video_job, reference_image_url, .nullable = true, .doc = "Picture it starts from."),     \
        TEXT(struct video_job, platform, .nullable = true, .doc = "Target platform."),                       \
        INT(struct video_job, mood, .nullable = true, .doc = "Mood as asked, 0..100."),                      \
        TEXT(struct video_job, enriched_prompt, .nullable = true, .doc = "The prompt the provider got."),    \
        DATA(struct video_job, strategy, .nullable = true, .doc = "The chosen variation."),                  \
        INT(struct video_job, seed, .nullable = true, .doc = "Same request and seed, same clip."),           \
        INT(struct video_job, width, .nullable = true, .doc = "Pixels."),                                    \
        INT(struct video_job, height, .nullable = true, .doc = "Pixels."),                                   \
        REAL(struct video_job, fps, .nullable = true, .doc = "Frames per second."),                          \
        TEXT(struct video_job, video_url, .nullable = true, .format = "uri-reference",                       \
             .doc = "Where the clip is."),                                                                   \
        TEXT(struct video_job, thumbnail_url, .nullable = true, .format = "uri-reference",                   \
             .doc = "Its poster."),                                                                          \
        INT(struct video_job, file_size, .nullable = true, .doc = "Bytes."),                                 \
        REAL(struct video_job, duration_actual, .nullable = true, .doc = "Seconds measured."),               \
        TEXT(struct video_job, video_codec, .nullable = true, .doc = "Video codec."),                        \
        INT(struct video_job, bit_rate, .nullable = true, .doc = "Bits per second."),                        \
        TEXT(struct video_job, checksum, .nullable = true, .doc = "SHA-256 of the clip."),                   \
        TEXT(struct video_job, ltx_model, .nullable = true, .doc = "Model asked of LTX."),                   \
        TEXT(struct video_job, ltx_resolution, .nullable = true, .doc = "Resolution asked of LTX."),         \
        INT(struct video_job, ltx_fps, .nullable = true, .doc = "Frame rate asked of LTX."),                 \
        BOOL(struct video_job, audio_sync_enabled, .doc = "Whether sound was asked for."),                   \
        TIME(struct video_job, created_at, .doc = "When it was asked for."),                                 \
        TIME(struct video_job, started_at, .nullable = true, .doc = "When work began."),                     \
        TIME(struct video_job, completed_at, .nullable = true, .doc = "When it ended."),                     \
        DATA(struct video_job, extra_metadata, .nullable = true,                                             \
             .doc = "Further facts; drawn: what the local renderer took the words for."),                    \
        TEXT(struct video_job, error_message, .nullable = true, .doc = "Why it failed.")

static const struct field video_job_row_fields[] = {
    SHARED_FIELDS,
    TEXT(struct video_job, agent_job_id, .nullable = true, .doc = "Agent job that asked for it."),
    TEXT(struct video_job, owner_id, .doc = "Subject of the maker's token."),
    TEXT(struct video_job, reference_asset_id, .nullable = true, .doc = "Asset behind reference_image_url."),
    TEXT(struct video_job, ltx_request_id, .nullable = true, .doc = "Request id at LTX."),
    TEXT(struct video_job, local_path, .nullable = true, .doc = "Name in the media folder."),
    JSON(struct video_job, encoding_variants, .nullable = true, .doc = "Transcoded variants."),
    TIME(struct video_job, updated_at, .doc = "When the row last changed."),
    { 0 },
};
const struct shape video_job_row_shape = SHAPE("VideoJobRow", struct video_job, video_job_row_fields);

static const struct field video_job_fields[] = {
    SHARED_FIELDS,
    TEXT(struct video_job, output_video_url, .nullable = true, .format = "uri-reference",
         .doc = "Same as video_url."),
    REAL(struct video_job, progress, .nullable = true, .doc = "0..1."),
    TEXT(struct video_job, stage, .nullable = true, .doc = "What it is doing."),
    REAL(struct video_job, eta_s, .nullable = true, .doc = "Seconds left, while it runs."),
    { 0 },
};
const struct shape video_job_shape = SHAPE("VideoJob", struct video_job, video_job_fields);

static const char *const sort_by_names[] = { "created_at", "completed_at", "duration", NULL };
static const char *const sort_order_names[] = { "desc", "asc", NULL };

static const struct field video_jobs_query_fields[] = {
    TEXT(struct video_jobs_query, universe_id, .nullable = true, .max = 64, .doc = "Only of this universe."),
    ENUM(struct video_jobs_query, status, video_status_names, .nullable = true, .doc = "Only in this state."),
    TEXT(struct video_jobs_query, provider, .nullable = true, .max = 50, .doc = "Only of this provider."),
    INT(struct video_jobs_query, limit, .max = 1000000, .initial = 20, .doc = "Page length; 100 at most."),
    INT(struct video_jobs_query, offset, .max = INT32_MAX, .doc = "Rows to skip."),
    ENUM(struct video_jobs_query, sort_by, sort_by_names, .initial_text = "created_at", .doc = "Order by."),
    ENUM(struct video_jobs_query, sort_order, sort_order_names, .initial_text = "desc", .doc = "Direction."),
    { 0 },
};
const struct shape video_jobs_query_shape =
    SHAPE("VideoJobsQuery", struct video_jobs_query, video_jobs_query_fields);

static void derive(struct video_job *job)
{
    job->output_video_url = job->video_url;
    job->progress = text_is(job->status, "completed") ? 1 : 0;
    job->eta_s = NAN;
    job->stage = NULL;
}

bool video_job_is_over(const struct video_job *job)
{
    return text_is(job->status, "completed") || text_is(job->status, "failed") ||
           text_is(job->status, "cancelled");
}

bool video_job_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                   struct video_job *out, struct error *err)
{
    bool found = false;
    struct video_job row;
    if (id_valid(id) && !db_find(lib->db, SQL_VIDEO_JOB_GET, ARGS(db_text("id", id)), mem,
                                 &video_job_row_shape, &row, &found, err))
        return false;
    if (!found || !actor_owns(actor, row.owner_id)) return fail(err, CAUSE_NOT_FOUND, "Video job not found");
    derive(&row);
    *out = row;
    return true;
}

bool video_job_title(struct db *db, const char *id, struct arena *mem, const char **out, struct error *err)
{
    struct video_job row = { 0 };
    bool found = false;
    if (!db_find(db, SQL_VIDEO_JOB_TITLE, ARGS(db_text("id", id)), mem, &video_job_row_shape, &row, &found,
                 err))
        return false;
    *out = found ? row.prompt : NULL;
    return true;
}

/* The statement for an order: variants stand in the order of sort_by_names x sort_order_names. */
static enum sql list_statement(const struct video_jobs_query *query)
{
    return SQL_VIDEO_JOB_LIST_CREATED_AT_DESC + (enum sql)(text_find(sort_by_names, query->sort_by) * 2 +
                                                           text_find(sort_order_names, query->sort_order));
}

bool video_job_list(struct library *lib, struct arena *mem, const struct actor *actor,
                    const struct video_jobs_query *query, struct list *out, int64_t *total_out,
                    struct error *err)
{
    const struct db_value args[] = { db_text("owner_id", actor->others ? NULL : actor->subject),
                                     db_text("universe_id", query->universe_id),
                                     db_text("status", query->status),
                                     db_text("provider", query->provider),
                                     db_int("limit", query->limit > 100 ? 100 : query->limit),
                                     db_int("offset", query->offset) };
    const struct db_args page = { .values = args, .count = COUNT_OF(args) },
                         filters = { .values = args, .count = 4 };
    if (!db_count(lib->db, SQL_VIDEO_JOB_COUNT, filters, total_out, err) ||
        !db_list(lib->db, list_statement(query), page, mem, &video_job_row_shape, out, err))
        return false;
    struct video_job *const jobs = out->items;
    for (size_t i = 0; i < out->count; i++) derive(&jobs[i]);
    return true;
}

/* ---- changes of state ---- */

bool video_job_put(struct tx *tx, const struct video_job *job, struct error *err)
{
    return tx_run(tx, SQL_VIDEO_JOB_INSERT, ARGS_OF(&video_job_row_shape, job), NULL, err);
}

/* Runs a guarded statement: no row changed means that the job stands somewhere else. */
static bool step(struct tx *tx, enum sql sql, struct db_args args, struct error *err)
{
    int64_t changed = 0;
    return tx_run(tx, sql, args, &changed, err) &&
           (changed == 1 ||
            fail(err, CAUSE_CONFLICT, "the video job is in another state than its place in the queue"));
}

bool video_job_processing(struct tx *tx, const char *id, struct error *err)
{
    return step(tx, SQL_VIDEO_JOB_START, ARGS(db_text("id", id), db_int("now", time_now())), err);
}

bool video_job_waiting(struct tx *tx, const char *id, struct error *err)
{
    return step(tx, SQL_VIDEO_JOB_WAIT, ARGS(db_text("id", id), db_int("now", time_now())), err);
}

bool video_job_again(struct tx *tx, const char *id, struct error *err)
{
    return step(tx, SQL_VIDEO_JOB_RETRY, ARGS(db_text("id", id), db_int("now", time_now())), err);
}

bool video_job_completed(struct tx *tx, const struct video_job *job, struct error *err)
{
    return step(tx, SQL_VIDEO_JOB_FINISH, ARGS_OF(&video_job_row_shape, job), err);
}

bool video_job_ended(struct tx *tx, const char *id, const char *status, const char *why, struct error *err)
{
    return step(tx, SQL_VIDEO_JOB_END,
                ARGS(db_text("id", id), db_text("status", status), db_text("error_message", why),
                     db_int("now", time_now())),
                err);
}

bool video_job_add_variant(struct tx *tx, struct arena *mem, const char *id, const char *variant,
                           struct error *err)
{
    struct video_job row;
    bool found = false;
    if (!tx_find(tx, SQL_VIDEO_JOB_GET, ARGS(db_text("id", id)), mem, &video_job_row_shape, &row, &found,
                 err))
        return false;
    if (!found) return fail(err, CAUSE_NOT_FOUND, "Video job not found");
    const struct json *const kept = row.encoding_variants;
    const char *const text = kept ? json_print(mem, kept) : "[]";
    const char *const list =
        arena_printf(mem, "%.*s%s%s]", (int)strlen(text) - 1, text, kept && kept->count ? "," : "", variant);
    return tx_run(tx, SQL_VIDEO_JOB_SET_VARIANTS,
                  ARGS(db_text("id", id), db_text("encoding_variants", list), db_int("now", time_now())),
                  NULL, err);
}

/* ---- removing ---- */

struct dropping {
    const char *id, *reason;
    const struct actor *actor;
};

static bool drop_body(struct tx *tx, void *with, struct error *err)
{
    const struct dropping *const d = with;
    const struct db_args id = ARGS(db_text("id", d->id));
    int64_t dropped = 0, there = 0;
    if (!tx_count(tx, SQL_VIDEO_JOB_EXISTS, id, &there, err) ||
        !tx_run(tx, SQL_VIDEO_JOB_DELETE, id, &dropped, err))
        return false;
    if (!there) return fail(err, CAUSE_NOT_FOUND, "Video job not found"); /* somebody was quicker */
    if (!dropped) return fail(err, CAUSE_CONFLICT, "the job is under way; cancel it first");
    return tx_run(tx, SQL_JOB_DELETE, id, NULL, err) && trash_put_of_job(tx, d->id, d->actor, d->reason, err);
}

bool video_job_drop(struct library *lib, const struct actor *actor, const char *id, const char *reason,
                    struct error *err)
{
    struct dropping dropping = { id, text_empty(reason) ? "its video job was deleted" : reason, actor };
    return db_write(lib->db, drop_body, &dropping, err);
}
