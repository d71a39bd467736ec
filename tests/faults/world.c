#include "world.h"

#include "agent/ingest.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "consistency.h"
#include "library/user.h"
#include "points.h"

#include <dlfcn.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

const char *world_worker_program;
const struct actor world_actor = { "ann", true };

/* Passwords are not what is looked at here: the cheapest hash there is. */
__attribute__((visibility("default"))) int
crypto_pwhash_str_alg(char out[crypto_pwhash_STRBYTES], const char *password, unsigned long long size,
                      unsigned long long passes, size_t memory_bytes, int algorithm)
{
    static __typeof__(&crypto_pwhash_str_alg) real;
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash_str_alg");
    (void)passes;
    (void)memory_bytes;
    return real(out, password, size, crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN, algorithm);
}

/* ---- life ---- */

static bool open_library(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *password;
    return file_make_dirs(world->data, err) &&
           db_open(arena_printf(&mem, "%s/umam.db", world->data), &world->lib.db, err) &&
           blobs_open(arena_printf(&mem, "%s/media", world->data), &world->lib.blobs, err) &&
           blobs_recover(&world->lib.blobs, asset_file_known, &world->lib, err) &&
           user_first_admin(&world->lib, &mem, NULL, &password, err);
}

static bool open_work(struct world *world, struct error *err)
{
    static const struct job_kind *const kinds[] = { &generation_job_kind, &ingest_job_kind, NULL };
    const struct work_config config = {
        .db = world->lib.db, .worker = world->worker, .kinds = kinds, .app = &world->gen, .slots = 2
    };
    return work_open(&config, &world->work, err);
}

bool world_open(struct world *world, const char *data, bool jobs, struct error *err)
{
    *world = (struct world){ .lib = { .blobs = { .folder = -1 } } };
    snprintf(world->data, sizeof world->data, "%s", data);
    world->gen = (struct generation){ .lib = &world->lib, .default_provider = "mock" };
    bool good = open_library(world, err) &&
                (!jobs || (worker_open(world_worker_program, &world->worker, err) && open_work(world, err)));
    world->gen.work = world->work;
    if (!good) world_close(world);
    return good;
}

void world_close(struct world *world)
{
    work_close(world->work);
    worker_close(world->worker);
    blobs_close(&world->lib.blobs);
    db_close(world->lib.db);
    world->work = NULL;
    world->worker = NULL;
    world->lib.db = NULL;
}

/* ---- jobs ---- */

bool world_start_job(struct world *world, const char *provider, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *json;
    struct generate_in in;
    struct generate_out out;
    const char *const text = arena_printf(
        &mem,
        "{\"prompt\":\"a lighthouse\",\"duration\":1,\"size\":\"draft\",\"fps\":24,\"provider\":\"%s\"}",
        provider);
    return json_parse(text, strlen(text), &mem, &json, NULL, err) &&
           shape_take(&generate_in_shape, json, &mem, &in, err) &&
           generation_start(&world->gen, &mem, &world_actor, &in, &out, err);
}

/* Until the question has the answer 0. */
static bool await(struct world *world, const char *sql, struct error *err)
{
    const int64_t patience = (points_are_planned() ? 2 : 20) * (int64_t)SECOND;
    bool good = false;
    points_aside = true;
    for (int64_t until = time_mono() + patience; !good && time_mono() < until;) {
        const struct timespec nap = { 0, 5 * 1000 * 1000 };
        good = store_ask(world->data, sql) == 0;
        points_clock_ahead_us += 100 * MS;
        work_wake(world->work);
        if (!good) clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
    }
    points_aside = false;
    return good || fail(err, CAUSE_TIMEOUT, "the jobs do not end");
}

bool world_await_jobs(struct world *world, struct error *err)
{
    return await(world, "SELECT COUNT(*) FROM jobs WHERE finished_at IS NULL", err);
}

bool world_await_running(struct world *world, struct error *err)
{
    return await(world, "SELECT COUNT(*) = 0 FROM video_jobs WHERE status = 'processing'", err);
}

/* ---- files ---- */

static bool asset_body(struct tx *tx, void *with, struct error *err) { return asset_put(tx, with, err); }

bool world_upload(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int picture = -1;
    AUTO(fd) int thumb = -1;
    struct digest digest;
    char bytes[3000];
    random_bytes(bytes, sizeof bytes);
    struct asset asset =
        asset_new(&mem, world_actor.subject, "image", &(struct media_facts){ .mime_type = "image/png" });
    asset.file_size = sizeof bytes;
    asset.file_path = arena_printf(&mem, "images/%s.png", asset.id);
    asset.thumbnail_url = arena_printf(&mem, "/media/images/thumb-%s.jpg", asset.id);
    if (!blob_draft(&world->lib.blobs, &picture, err) || !blob_draft(&world->lib.blobs, &thumb, err) ||
        !file_put(picture, bytes, sizeof bytes, err) || !file_put(thumb, bytes, 300, err) ||
        !hash_file(picture, &digest, err))
        return false;
    asset.checksum = digest.hex;
    const struct blob files[] = { { asset.thumbnail_url + strlen("/media/"), thumb },
                                  { asset.file_path, picture } };
    return library_keep(&world->lib, files, COUNT_OF(files), asset_body, &asset, err);
}

bool world_take(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = -1;
    struct digest digest;
    struct asset asset;
    static const char bytes[3000] = "as good as a picture";
    if (!blob_draft(&world->lib.blobs, &fd, err) || !file_put(fd, bytes, sizeof bytes, err) ||
        !hash_file(fd, &digest, err))
        return false;
    const struct ingest_order order = { .owner_id = world_actor.subject,
                                        .type = filetype_by_name("picture.png"),
                                        .checksum = digest.hex,
                                        .source_type = "uploaded",
                                        .fd = fd,
                                        .size_bytes = sizeof bytes,
                                        .thumb_fd = -1 };
    return ingest_take(&world->gen, &mem, &order, &asset, err) && world_await_jobs(world, err);
}
