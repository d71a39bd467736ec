/* The job kind "ingest": the worker looks at a file that came in, and what it found is stored. Nothing of it
 * is seen until the transaction at the end. */
#include "agent/ingest.h"

#include "agent/lines.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "library/derivative.h"
#include "task/ingest.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the worker may make of a file; what it leaves empty does not apply. */
static const struct product {
    const char *kind, *extension, *mime;
} products[] = { { "poster", "jpg", "image/jpeg" },
                 { "sprite", "jpg", "image/jpeg" },
                 { "peaks", "dat", "application/octet-stream" },
                 { "text", "txt", "text/plain" } };

enum { PRODUCTS = COUNT_OF(products), POSTER = 0, TEXT_FOUND = 3 };

/* What a run leaves for the transaction that ends it. */
struct finding {
    struct asset asset;
    struct media_analysis analysis;
    struct list lines;
    struct blob files[PRODUCTS];
    struct derivative derivatives[PRODUCTS];
    size_t count;
    struct blob *older; /* what earlier looks made of the same asset */
    size_t older_count;
};

struct drafts {
    int fds[PRODUCTS];
};

static void drafts_cleanup(struct drafts *drafts)
{
    for (size_t i = 0; i < PRODUCTS; i++) fd_cleanup(&drafts->fds[i]);
}

static void tell(void *with, double progress, const char *stage, double eta_s)
{
    work_tell(with, progress, text_empty(stage) ? "analyse" : stage, eta_s);
}

/* ---- bytes that are there already ---- */

/* Whether two files are alike and not one file already. */
static bool same_bytes(int a, int b)
{
    struct stat left_info, right_info;
    char left[32 << 10], right[32 << 10];
    if (fstat(a, &left_info) < 0 || fstat(b, &right_info) < 0 ||
        (left_info.st_ino == right_info.st_ino && left_info.st_dev == right_info.st_dev))
        return false;
    for (off_t at = 0;;) {
        const ssize_t got = pread(a, left, sizeof left, at);
        if (got < 0 || pread(b, right, sizeof right, at) != got || memcmp(left, right, (size_t)got) != 0)
            return false;
        if (got == 0) return true;
        at += got;
    }
}

/* The same bytes are on disk once: the newer asset's file becomes another name of the oldest one's. They are
 * compared first, so damage is not spread. Failing to is no harm. */
static void share(struct library *lib, struct arena *mem, const struct asset *asset, int fd)
{
    struct asset twin = { 0 };
    struct blob_file file;
    struct error err = { 0 };
    bool found = false;
    const struct db_args args =
        ARGS(db_text("checksum", asset->checksum), db_int("file_size", asset->file_size));
    if (!asset->checksum ||
        !db_find(lib->db, SQL_INGEST_TWIN, args, mem, &asset_shape, &twin, &found, &err) || !found ||
        text_is(twin.id, asset->id) || !blob_open(&lib->blobs, twin.file_path, &file, &err))
        return;
    AUTO(fd) int older = file.fd;
    if (same_bytes(fd, older) && !blob_share(&lib->blobs, asset->file_path, older, &err))
        log_warn("equal files stay two", LOG_TEXT("asset", asset->id), LOG_TEXT("error", err.text));
}

/* ---- looking ---- */

static bool look(struct job_run *run, int file, const struct drafts *drafts, struct media_analysis *out,
                 struct error *err)
{
    const struct ingest_in in = { 0 };
    struct worker_file files[PRODUCTS + 1] = { { "in", file } };
    for (size_t i = 0; i < PRODUCTS; i++)
        files[i + 1] = (struct worker_file){ products[i].kind, drafts->fds[i] };
    const struct worker_call call = { .kind = TASK_INGEST,
                                      .in = &in,
                                      .files = files,
                                      .file_count = COUNT_OF(files),
                                      .cancel_fd = run->cancel_fd,
                                      .progress = tell,
                                      .with = run,
                                      .trace = &run->trace };
    return worker_run(work_worker(run->work), &call, run->mem, out, err);
}

static const char *dimensions_of(struct arena *mem, const struct media_analysis *found)
{
    if (found->width == INT_NONE || found->height == INT_NONE) return NULL;
    return arena_printf(mem, "{\"width\":%lld,\"height\":%lld}", (long long)found->width,
                        (long long)found->height);
}

static void fill(struct arena *mem, struct asset *asset, const struct media_analysis *found)
{
    asset->status = "ready";
    asset->status_reason = NULL;
    if (found->kind) asset->asset_type = found->kind;
    if (found->mime_type) asset->mime_type = found->mime_type;
    asset->duration = found->duration_s;
    asset->dimensions = dimensions_of(mem, found);
    asset->width = found->width;
    asset->height = found->height;
    asset->fps = found->fps;
    asset->video_codec = found->video_codec;
    asset->audio_codec = found->audio_codec;
    asset->sample_rate = found->sample_rate;
    asset->channels = found->channels;
    asset->bit_rate = found->bit_rate;
    asset->thumbhash = found->thumbhash;
    asset->loudness = found->loudness;
    asset->tempo = found->tempo;
    asset->has_captions = found->has_captions;
    asset->analysis = shape_text(mem, &media_analysis_shape, found);
    if (!ingest_phash(found, &asset->phash)) asset->phash = INT_NONE;
}

static void read_lines(struct arena *mem, int fd, struct finding *finding, const char **extension)
{
    char *const text = arena_alloc(mem, LINES_TEXT_MAX_BYTES + 1);
    size_t size = 0;
    ssize_t got;
    while (size < LINES_TEXT_MAX_BYTES &&
           (got = pread(fd, text + size, LINES_TEXT_MAX_BYTES - size, (off_t)size)) > 0)
        size += (size_t)got;
    size = strnlen(text, size);
    for (int cut = 0; cut < 3 && size && !text_valid_utf8(text, size); cut++)
        size--; /* a character cut off at the end; the worker writes UTF-8 */
    if (!text_valid_utf8(text, size)) size = 0;
    text[size] = '\0';
    finding->lines = lines_read(mem, text);
    *extension = lines_are_captions(text) ? "vtt" : "txt";
}

/* Takes over what the worker wrote. */
static bool collect(struct arena *mem, const struct drafts *drafts, struct finding *finding,
                    struct error *err)
{
    for (size_t i = 0; i < PRODUCTS; i++) {
        const char *extension = products[i].extension;
        int64_t size;
        if (!file_size(drafts->fds[i], &size, err)) return false;
        if (!size) continue;
        if (i == TEXT_FOUND) read_lines(mem, drafts->fds[i], finding, &extension);
        const char *const name = arena_printf(mem, "derived/%s/%s-%s.%s", finding->asset.id, products[i].kind,
                                              id_new().text, extension);
        finding->files[finding->count] = (struct blob){ name, drafts->fds[i] };
        finding->derivatives[finding->count++] =
            (struct derivative){ .asset_id = finding->asset.id,
                                 .kind = products[i].kind,
                                 .name = name,
                                 .mime_type = text_is(extension, "vtt") ? "text/vtt" : products[i].mime,
                                 .file_size = size,
                                 .created_at = time_now() };
        if (i == POSTER && !finding->asset.thumbnail_url) finding->asset.thumbnail_url = media_url(mem, name);
    }
    return true;
}

/* What an earlier look made goes when the new is stored, a thumbnail among it as well. */
static bool find_older(struct library *lib, struct arena *mem, struct finding *finding, struct error *err)
{
    struct list list;
    if (!derivative_list(lib, mem, finding->asset.id, &list, err)) return false;
    const struct derivative *const derivatives = list.items;
    finding->older = arena_array(mem, list.count, sizeof *finding->older);
    finding->older_count = list.count;
    for (size_t i = 0; i < list.count; i++) {
        finding->older[i] = (struct blob){ derivatives[i].name, -1 };
        if (text_is(finding->asset.thumbnail_url, derivatives[i].url)) finding->asset.thumbnail_url = NULL;
    }
    return true;
}

/* The new files come and the older go with the rows of the transaction that ends the job. */
static bool exchange(const struct blobs *blobs, const struct finding *finding, struct error *err)
{
    if (!blob_condemn(blobs, finding->older, finding->older_count, err)) return false;
    const bool good = blob_keep(blobs, finding->files, finding->count, err);
    if (!good) blob_settle(blobs, finding->older, finding->older_count, true);
    return good;
}

static bool run(struct job_run *run, struct error *err)
{
    struct generation *const gen = run->app;
    const struct actor owner = { .subject = run->job->owner_id, .others = true };
    struct finding *const finding = arena_new(run->mem, struct finding);
    struct blob_file file;
    AUTO(drafts) struct drafts drafts = { { -1, -1, -1, -1 } };
    if (!asset_get(gen->lib, run->mem, &owner, run->job->id, &finding->asset, err) ||
        !blob_open(&gen->lib->blobs, finding->asset.file_path, &file, err))
        return false;
    AUTO(fd) int original = file.fd;
    share(gen->lib, run->mem, &finding->asset, original);
    for (size_t i = 0; i < PRODUCTS; i++)
        if (!blob_draft(&gen->lib->blobs, &drafts.fds[i], err)) return false;
    if (!look(run, original, &drafts, &finding->analysis, err) ||
        !find_older(gen->lib, run->mem, finding, err) || !collect(run->mem, &drafts, finding, err))
        return false;
    fill(run->mem, &finding->asset, &finding->analysis);
    run->result = finding;
    return exchange(&gen->lib->blobs, finding, err);
}

/* ---- the rows, in the queue's transactions ---- */

static bool succeeded(struct tx *tx, struct job_run *run, struct error *err)
{
    const struct finding *const finding = run->result;
    return derivative_replace(tx, finding->asset.id, finding->derivatives, finding->count, err) &&
           asset_analysed(tx, &finding->asset, &finding->lines, err);
}

static void settled(struct job_run *run, bool stored)
{
    const struct generation *const gen = run->app;
    const struct finding *const finding = run->result;
    blob_settle(&gen->lib->blobs, finding->files, finding->count, stored);
    blob_settle(&gen->lib->blobs, finding->older, finding->older_count, !stored);
}

static bool failed(struct tx *tx, const char *id, const struct error *why, struct error *err)
{
    return asset_failed(tx, id, why->text, err);
}

static bool cancelled(struct tx *tx, const char *id, struct error *err)
{
    return asset_failed(tx, id, "somebody cancelled its analysis; retry the job to have it looked at", err);
}

static bool revived(struct tx *tx, const char *id, struct error *err)
{
    return tx_run(tx, SQL_INGEST_AGAIN, ARGS(db_text("id", id), db_int("now", time_now())), NULL, err);
}

static bool title(struct db *db, const char *id, struct arena *mem, const char **out, struct error *err)
{
    struct asset row = { 0 };
    bool found = false;
    if (!db_find(db, SQL_MEDIA_ASSET_GET, ARGS(db_text("id", id)), mem, &asset_shape, &row, &found, err))
        return false;
    const char *const name = row.title ? row.title : row.original_name;
    *out = found && name ? arena_text_n(mem, name, text_head_bytes(name, 200)) : NULL;
    return true;
}

const struct job_kind ingest_job_kind = {
    .name = "ingest",
    .resource = "/api/media/assets/",
    .title = title,
    .attempts_max = 4,
    .uncounted = true,
    .run = run,
    .succeeded = succeeded,
    .settled = settled,
    .failed = failed,
    .cancelled = cancelled,
    .revived = revived,
};
