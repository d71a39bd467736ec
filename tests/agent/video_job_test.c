/* Removing a video job: what it made goes to quarantine, with its files. */
#include "agent/video_job.h"
#include "base/file.h"
#include "base/time.h"
#include "library/trash.h"
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

static struct error err;
static const char clip_name[] = "videos/default/v.mp4", poster_name[] = "videos/thumbnails/v.jpg";
static const char *const id = "0198f0a0-0000-7000-8000-000000000001";
static const struct actor ann = { "ann", false };

struct place {
    char folder[64];
    struct library lib;
    struct arena mem;
};

static void place_cleanup(struct place *p)
{
    char command[96];
    blobs_close(&p->lib.blobs);
    db_close(p->lib.db);
    arena_clear(&p->mem);
    snprintf(command, sizeof command, "rm -rf %s", p->folder);
    if (system(command) != 0) fprintf(stderr, "%s stays behind\n", p->folder);
}

static bool put_body(struct tx *tx, void *with, struct error *why) { return video_job_put(tx, with, why); }
static bool start_body(struct tx *tx, void *with, struct error *why)
{
    return video_job_processing(tx, with, why);
}
static bool again_body(struct tx *tx, void *with, struct error *why)
{
    return video_job_again(tx, with, why);
}
static bool put_asset_body(struct tx *tx, void *with, struct error *why) { return asset_put(tx, with, why); }

/* A file that the job made, as a row; all share the poster. */
static bool add_asset(struct place *p, const char *asset_id, const char *file)
{
    struct asset asset = asset_new(&p->mem, "ann", "video", &(struct media_facts){ 0 });
    asset.id = asset_id;
    asset.file_path = file;
    asset.public_url = media_url(&p->mem, file);
    asset.thumbnail_url = media_url(&p->mem, poster_name);
    asset.source_job_id = id;
    asset.source_type = "generated";
    asset.provider = "mock";
    return db_write(p->lib.db, put_asset_body, &asset, &err);
}

static bool complete_body(struct tx *tx, void *with, struct error *why)
{
    return video_job_completed(tx, with, why);
}
static bool fail_body(struct tx *tx, void *with, struct error *why)
{
    return video_job_ended(tx, with, "failed", "no luck", why);
}

static bool step(struct place *p, bool (*body)(struct tx *tx, void *with, struct error *err))
{
    return db_write(p->lib.db, body, (void *)(uintptr_t)id, &err);
}

static bool see(struct place *p, struct video_job *out)
{
    return video_job_get(&p->lib, &p->mem, &ann, id, out, &err);
}

/* A job that failed. */
static bool place_open(struct place *p)
{
    struct video_job job;
    p->lib.blobs.folder = -1;
    snprintf(p->folder, sizeof p->folder, "/tmp/umam-video-job-XXXXXX");
    shape_init(&video_job_row_shape, &job);
    job.id = id;
    job.owner_id = "ann";
    job.generation_type = "text_to_video";
    job.prompt = "a fox";
    job.status = "pending";
    job.aspect_ratio = "16:9";
    job.duration = 5;
    job.created_at = job.updated_at = time_now();
    return mkdtemp(p->folder) && db_open(arena_printf(&p->mem, "%s/umam.db", p->folder), &p->lib.db, &err) &&
           blobs_open(arena_printf(&p->mem, "%s/media", p->folder), &p->lib.blobs, &err) &&
           db_write(p->lib.db, put_body, &job, &err) && step(p, start_body) && step(p, fail_body);
}

static bool complete(struct place *p)
{
    struct blob files[] = { { clip_name, -1 }, { poster_name, -1 } };
    struct video_job job;
    if (!step(p, again_body) || !step(p, start_body) || !see(p, &job)) return false;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (!blob_draft(&p->lib.blobs, &files[i].fd, &err)) return false;
    job.local_path = clip_name;
    job.thumbnail_url = media_url(&p->mem, poster_name);
    job.updated_at = time_now();
    const bool kept = library_keep(&p->lib, files, COUNT_OF(files), complete_body, &job, &err);
    for (size_t i = 0; i < COUNT_OF(files); i++) close(files[i].fd);
    return kept && add_asset(p, id, clip_name);
}

static int files_there(const struct place *p)
{
    return (faccessat(p->lib.blobs.folder, clip_name, F_OK, 0) == 0) +
           (faccessat(p->lib.blobs.folder, poster_name, F_OK, 0) == 0);
}

TEST(the_clip_of_a_dropped_job_stays_in_quarantine)
{
    AUTO(place) struct place p = { 0 };
    struct video_job now;
    struct asset clip;
    bool held;
    CHECK_OK(place_open(&p));
    CHECK_OK(complete(&p));
    CHECK_OK(video_job_drop(&p.lib, &ann, id, NULL, &err));
    CHECK(!see(&p, &now) && err.cause == CAUSE_NOT_FOUND);
    CHECK_INT(files_there(&p), 2);
    CHECK_OK(asset_get(&p.lib, &p.mem, &ann, id, &clip, &err));
    CHECK_TEXT(clip.trashed_by, "ann");
    CHECK_TEXT(clip.trash_reason, "its video job was deleted");
    CHECK_OK(trash_holds(&p.lib, &p.mem, clip_name, &held, &err) && held);
    CHECK(!video_job_drop(&p.lib, &ann, id, NULL, &err) && err.cause == CAUSE_NOT_FOUND);
}

TEST(of_files_that_go_stay_those_that_other_rows_name)
{
    AUTO(place) struct place p = { 0 };
    const char *const other = "0198f0a0-0000-7000-8000-000000000002";
    struct trash_purge done;
    CHECK_OK(place_open(&p));
    CHECK_OK(complete(&p));
    CHECK_OK(add_asset(&p, other, "videos/default/w.mp4"));
    CHECK_OK(video_job_drop(&p.lib, &ann, id, "too dark", &err));
    CHECK_OK(trash_undo(&p.lib, &ann, &(struct texts){ (const char *[]){ other }, 1 }, &err));
    CHECK_OK(trash_purge(&p.lib, &p.mem, time_now() + SECOND, "ann", NULL, NULL, &done, &err));
    CHECK_INT(done.purged, 1);
    CHECK_INT(files_there(&p), 1); /* the poster, which the other has too */
    CHECK_INT(blobs_marked(&p.lib.blobs), 0);
}

TEST(a_job_under_way_stays)
{
    AUTO(place) struct place p = { 0 };
    CHECK_OK(place_open(&p));
    CHECK_OK(step(&p, again_body));
    CHECK(!video_job_drop(&p.lib, &ann, id, NULL, &err) && err.cause == CAUSE_CONFLICT);
    CHECK_TEXT(err.text, "the job is under way; cancel it first");
    CHECK_OK(step(&p, start_body));
    CHECK_OK(step(&p, fail_body));
    CHECK_OK(video_job_drop(&p.lib, &ann, id, NULL, &err));
}

TEST_MAIN
