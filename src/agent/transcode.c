#include "agent/transcode.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "library/quota.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LOUDNESS_LUFS (-14.0) /* what the platforms below turn louder films down to */

const struct profile profiles[PROFILE_COUNT] = {
    { "tiktok", 1080, 1920, 5000000, 60, 600, "h264", "mp4", "TikTok, upright, up to 10 minutes" },
    { "youtube", 1920, 1080, 8000000, 60, NAN, "h264", "mp4", "YouTube in 1080p" },
    { "youtube_4k", 3840, 2160, 20000000, 60, NAN, "h264", "mp4", "YouTube in 4K" },
    { "instagram", 1080, 1350, 5000000, 30, 3600, "h264", "mp4", "Instagram feed, 4:5, up to an hour" },
    { "instagram_reels", 1080, 1920, 6000000, 30, 180, "h264", "mp4",
      "Instagram Reels, upright, up to 3 minutes" },
    { "twitter", 1280, 720, 5000000, 60, 140, "h264", "mp4", "X (Twitter), up to 140 seconds" },
    { "web", 1920, 1080, 4000000, 60, NAN, "vp9", "webm", "Web pages, VP9 and Opus" },
    { "web_mobile", 720, 1280, 2000000, 30, NAN, "h264", "mp4", "Web pages on phones, upright" },
};

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < PROFILE_COUNT; i++)
        if (text_is(profiles[i].name, name)) return &profiles[i];
    return NULL;
}

const char *profile_bit_rate(struct arena *mem, const struct profile *profile)
{
    return arena_printf(mem, "%gM", (double)profile->bit_rate / 1e6);
}

static const struct field variant_fields[] = {
    BOOL(struct variant, success, .doc = "Whether it was made."),
    TEXT(struct variant, platform, .doc = "As asked for."),
    TEXT(struct variant, profile, .nullable = true, .doc = "The profile it was made by."),
    TEXT(struct variant, output_path, .nullable = true, .doc = "Its name in the media folder."),
    TEXT(struct variant, public_url, .nullable = true, .format = "uri-reference",
         .doc = "Where it is served."),
    INT(struct variant, file_size, .nullable = true, .doc = "Bytes."),
    INT(struct variant, width, .nullable = true, .doc = "Pixels."),
    INT(struct variant, height, .nullable = true, .doc = "Pixels."),
    TEXT(struct variant, bitrate, .nullable = true, .doc = "Of the picture at most."),
    TEXT(struct variant, codec, .nullable = true, .doc = "Of the picture."),
    TEXT(struct variant, container, .nullable = true, .doc = "Of the file."),
    TEXT(struct variant, error, .nullable = true, .doc = "Why it was not made."),
    { 0 },
};
const struct shape variant_shape = SHAPE("VideoVariant", struct variant, variant_fields);

/* What the queue keeps of an order. */
struct order {
    const char *clip_id, *profile;
};

static const struct field order_fields[] = {
    TEXT(struct order, clip_id, .required = true, .doc = "The video job."),
    TEXT(struct order, profile, .required = true, .doc = "The profile."),
    { 0 },
};
static const struct shape order_shape = SHAPE("TranscodeOrder", struct order, order_fields);

/* ---- making one ---- */

/* What a run leaves for the transaction that ends it. */
struct making {
    struct video_job clip;
    struct variant variant;
    struct asset asset;
    struct blob file;
};

static void tell(void *with, double progress, const char *stage, double eta_s)
{
    work_tell(with, progress, stage, eta_s);
}

static bool convert(struct job_run *run, const struct profile *profile, int from, int to,
                    struct media_facts *facts, struct error *err)
{
    struct transcode_in in;
    shape_init(&transcode_in_shape, &in);
    in.width = profile->width;
    in.height = profile->height;
    in.bit_rate = profile->bit_rate;
    in.fps_max = profile->fps_max;
    in.duration_max_s = profile->duration_max_s;
    in.container = profile->container;
    in.fit = "crop";
    in.loudness = LOUDNESS_LUFS;
    const struct worker_file files[] = { { "in", from }, { "out", to } };
    const struct worker_call call = { .kind = TASK_TRANSCODE,
                                      .in = &in,
                                      .files = files,
                                      .file_count = 2,
                                      .cancel_fd = run->cancel_fd,
                                      .progress = tell,
                                      .with = run,
                                      .trace = &run->trace };
    return worker_run(work_worker(run->work), &call, run->mem, facts, err);
}

/* Every picture is decoded before the file counts. A black source makes a black variant. */
static bool check(struct job_run *run, const struct profile *profile, int made, struct media_facts *facts,
                  struct error *err)
{
    struct verify_in expected;
    shape_init(&verify_in_shape, &expected);
    expected.width = profile->width;
    expected.height = profile->height;
    expected.allow_black = true;
    const struct worker_file files[] = { { "in", made } };
    const struct worker_call call = { .kind = TASK_VERIFY,
                                      .in = &expected,
                                      .files = files,
                                      .file_count = 1,
                                      .cancel_fd = run->cancel_fd,
                                      .trace = &run->trace };
    return worker_run(work_worker(run->work), &call, run->mem, facts, err) &&
           file_size(made, &facts->file_size, err);
}

static void describe(struct making *making, const struct profile *profile, const struct media_facts *facts,
                     struct arena *mem)
{
    const struct video_job *const clip = &making->clip;
    struct asset *const asset = &making->asset;
    *asset = asset_new(mem, clip->owner_id, "video", facts);
    asset->file_path = making->file.name;
    asset->public_url = media_url(mem, making->file.name);
    asset->thumbnail_url = clip->thumbnail_url;
    asset->universe_id = clip->universe_id;
    asset->title = text_cut(mem, arena_printf(mem, "%s: %s", profile->name, clip->prompt), 200);
    asset->source_job_id = clip->id;
    asset->source_type = "generated";
    asset->provider = clip->provider;
    asset->file_size = facts->file_size;
    making->variant = (struct variant){ .success = true,
                                        .platform = profile->name,
                                        .profile = profile->name,
                                        .output_path = asset->file_path,
                                        .public_url = asset->public_url,
                                        .file_size = facts->file_size,
                                        .width = facts->width,
                                        .height = facts->height,
                                        .bitrate = profile_bit_rate(mem, profile),
                                        .codec = facts->video_codec,
                                        .container = profile->container };
}

static bool store(struct generation *gen, struct making *making, const struct profile *profile,
                  const char *id, int fd, const struct media_facts *facts, struct arena *mem,
                  struct error *err)
{
    struct digest digest;
    const char *const folder = making->clip.universe_id ? making->clip.universe_id : "default";
    making->file = (struct blob){ arena_printf(mem, "videos/%s/%s.%s", folder, id, profile->container), fd };
    if (!hash_file(fd, &digest, err) || !blob_keep(&gen->lib->blobs, &making->file, 1, err)) return false;
    describe(making, profile, facts, mem);
    making->asset.checksum = arena_text(mem, digest.hex);
    return true;
}

static bool make(struct job_run *run, struct error *err)
{
    struct generation *const gen = run->app;
    const struct actor owner = { run->job->owner_id, true };
    struct making *const making = arena_new(run->mem, struct making);
    struct order order;
    struct blob_file source;
    struct media_facts facts;
    AUTO(fd) int out = -1;
    if (!shape_take(&order_shape, run->job->input, run->mem, &order, err)) return false;
    const struct profile *const profile = profile_find(order.profile);
    if (!profile) return fail(err, CAUSE_INVALID, "there is no profile '%s' any more", order.profile);
    if (!video_job_get(gen->lib, run->mem, &owner, order.clip_id, &making->clip, err) ||
        !blob_open(&gen->lib->blobs, making->clip.local_path, &source, err))
        return false;
    AUTO(fd) int in = source.fd;
    if (!blob_draft(&gen->lib->blobs, &out, err) || !convert(run, profile, in, out, &facts, err) ||
        !check(run, profile, out, &facts, err))
        return false;
    run->result = making;
    return store(gen, making, profile, run->job->id, out, &facts, run->mem, err);
}

static bool add_asset(struct tx *tx, struct job_run *run, struct error *err)
{
    const struct generation *const gen = run->app;
    const struct making *const making = run->result;
    return quota_check_storage(tx, &gen->lib->quota, making->asset.owner_id, making->asset.file_size, err) &&
           asset_put(tx, &making->asset, err) &&
           video_job_add_variant(tx, run->mem, making->clip.id,
                                 shape_text(run->mem, &variant_shape, &making->variant), err);
}

static void settled(struct job_run *run, bool stored)
{
    const struct generation *const gen = run->app;
    const struct making *const making = run->result;
    blob_settle(&gen->lib->blobs, &making->file, 1, stored);
}

const struct job_kind transcode_job_kind = {
    .name = "transcode",
    .attempts_max = 3,
    .run = make,
    .succeeded = add_asset,
    .settled = settled,
};

/* ---- asking for them ---- */

struct start {
    struct generation *gen;
    struct arena *mem;
    const struct video_job *clip;
    const struct texts *names;
    const char **ids;
};

static bool start_body(struct tx *tx, void *with, struct error *err)
{
    const struct start *const start = with;
    for (size_t i = 0; i < start->names->count; i++) {
        const struct order order = { start->clip->id, start->names->items[i] };
        const struct queue_order job = { .id = start->ids[i],
                                         .kind = transcode_job_kind.name,
                                         .owner_id = start->clip->owner_id,
                                         .input = shape_text(start->mem, &order_shape, &order) };
        if (!work_put(start->gen->work, tx, &job, err)) return false;
    }
    return true;
}

bool transcode_start(struct generation *gen, struct arena *mem, const struct video_job *clip,
                     const struct texts *names, const char **ids, struct error *err)
{
    struct start start = { gen, mem, clip, names, ids };
    for (size_t i = 0; i < names->count; i++) ids[i] = arena_text(mem, id_new().text);
    if (!worker_allowed(work_worker(gen->work), err) || !quota_check_disk(gen->lib, err) ||
        !db_write(gen->lib->db, start_body, &start, err))
        return false;
    work_wake(gen->work);
    return true;
}

/* The variant among the clip's whose file is called like the job. */
static bool made_by(struct generation *gen, struct arena *mem, const struct order *order,
                    const struct job *job, struct variant *out, struct error *err)
{
    const struct actor owner = { job->owner_id, true };
    struct video_job clip;
    if (!video_job_get(gen->lib, mem, &owner, order->clip_id, &clip, err)) return false;
    for (size_t i = 0; clip.encoding_variants && i < clip.encoding_variants->count; i++)
        if (strstr(json_get_text(&clip.encoding_variants->items[i], "output_path", ""), job->id))
            return shape_take(&variant_shape, &clip.encoding_variants->items[i], mem, out, err);
    return fail(err, CAUSE_NOT_FOUND, "the variant was removed");
}

bool transcode_result(struct generation *gen, struct arena *mem, const char *id, bool *over_out,
                      struct variant *out, struct error *err)
{
    struct job job;
    struct order order;
    if (!queue_get(gen->lib->db, id, mem, &job, err) ||
        !shape_take(&order_shape, job.input, mem, &order, err))
        return false;
    *over_out = !text_is(job.state, "queued") && !text_is(job.state, "running");
    if (text_is(job.state, "succeeded")) return made_by(gen, mem, &order, &job, out, err);
    shape_init(&variant_shape, out);
    out->platform = order.profile;
    out->error = text_is(job.state, "cancelled") ? "it was cancelled" : job.error;
    return true;
}
