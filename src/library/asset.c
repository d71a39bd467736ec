#include "library/asset.h"

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "library/storage.h"

#include <string.h>

const char *const asset_type_names[] = { "video", "audio", "image", "model", "text", NULL };
const char *const asset_status_names[] = { "processing", "ready", "failed", NULL };
const char *const asset_source_names[] = { "generated", "uploaded", "imported", NULL };

static const struct field asset_fields[] = {
    TEXT(struct asset, id, .doc = "UUID."),
    TEXT(struct asset, universe_id, .nullable = true, .doc = "Universe it belongs to."),
    TEXT(struct asset, element_id, .nullable = true, .doc = "Element it belongs to."),
    TEXT(struct asset, owner_id, .doc = "Subject of the maker's token."),
    ENUM(struct asset, asset_type, asset_type_names, .doc = "Kind of media."),
    ENUM(struct asset, status, asset_status_names, .initial_text = "ready",
         .doc = "Whether its analysis is there."),
    TEXT(struct asset, status_reason, .nullable = true, .doc = "Why it failed."),
    TEXT(struct asset, title, .nullable = true, .doc = "Title."),
    TEXT(struct asset, description, .nullable = true, .doc = "Description."),
    TEXT(struct asset, original_name, .nullable = true, .doc = "Name of the file where it came from."),
    INT(struct asset, rating, .max = ASSET_RATING_MAX, .doc = "0 is none."),
    TEXT(struct asset, file_path, .doc = "Name in the media folder."),
    TEXT(struct asset, public_url, .nullable = true, .format = "uri-reference", .doc = "Where it is served."),
    TEXT(struct asset, thumbnail_url, .nullable = true, .format = "uri-reference",
         .doc = "Poster or thumbnail."),
    INT(struct asset, file_size, .nullable = true, .doc = "Bytes."),
    TEXT(struct asset, mime_type, .nullable = true, .doc = "Media type by content."),
    REAL(struct asset, duration, .nullable = true, .doc = "Seconds."),
    DATA(struct asset, dimensions, .nullable = true, .doc = "{width, height} in pixels."),
    INT(struct asset, width, .nullable = true, .doc = "Pixels."),
    INT(struct asset, height, .nullable = true, .doc = "Pixels."),
    REAL(struct asset, fps, .nullable = true, .doc = "Frames per second."),
    TEXT(struct asset, video_codec, .nullable = true, .doc = "Video codec."),
    TEXT(struct asset, audio_codec, .nullable = true, .doc = "Audio codec."),
    INT(struct asset, sample_rate, .nullable = true, .doc = "Hertz."),
    INT(struct asset, channels, .nullable = true, .doc = "Audio channels."),
    INT(struct asset, bit_rate, .nullable = true, .doc = "Bits per second."),
    TEXT(struct asset, checksum, .nullable = true, .doc = "SHA-256 of the file."),
    INT(struct asset, phash, .nullable = true, .doc = "Perceptual hash, 64 bits."),
    TEXT(struct asset, thumbhash, .nullable = true, .doc = "Placeholder picture, base64."),
    REAL(struct asset, loudness, .nullable = true, .doc = "Integrated loudness, LUFS."),
    REAL(struct asset, tempo, .nullable = true, .doc = "Beats per minute."),
    BOOL(struct asset, has_captions, .doc = "Whether it has captions."),
    DATA(struct asset, analysis, .nullable = true, .doc = "All that was found in the file."),
    TEXT(struct asset, source_job_id, .nullable = true, .doc = "Job that made it."),
    ENUM(struct asset, source_type, asset_source_names, .nullable = true, .doc = "Where it came from."),
    TEXT(struct asset, provider, .nullable = true, .doc = "Who generated it."),
    INT(struct asset, mood, .nullable = true, .doc = "Mood asked for, 0 to 100."),
    TEXT(struct asset, mood_category, .nullable = true, .doc = "Mood category asked for."),
    TEXT(struct asset, camera_movement, .nullable = true, .doc = "Camera movement asked for."),
    TEXT(struct asset, prompt, .nullable = true, .doc = "Prompt it was generated from."),
    TEXTS(struct asset, tags, .doc = "Free words."),
    DATA(struct asset, recipe, .nullable = true, .doc = "Everything needed to make it again."),
    DATA(struct asset, extra_metadata, .nullable = true, .doc = "Further facts."),
    TIME(struct asset, trashed_at, .nullable = true, .doc = "When it went to quarantine."),
    TEXT(struct asset, trashed_by, .nullable = true, .doc = "Who put it there."),
    TEXT(struct asset, trash_reason, .nullable = true, .doc = "Why."),
    TIME(struct asset, created_at, .doc = "When it was stored."),
    TIME(struct asset, updated_at, .doc = "When the row last changed."),
    LIST(struct asset, derivatives, &derivative_shape, .doc = "Files made from it to show or play it."),
    { 0 },
};
const struct shape asset_shape = SHAPE("MediaAsset", struct asset, asset_fields);

static const struct field line_fields[] = {
    REAL(struct asset_line, start_s, .nullable = true, .doc = "Second it begins at."),
    REAL(struct asset_line, end_s, .nullable = true, .doc = "Second it ends at."),
    TEXT(struct asset_line, line, .doc = "What is said or written."),
    { 0 },
};
static const struct shape line_shape = SHAPE("TranscriptLine", struct asset_line, line_fields);

static const char *dimensions_of(struct arena *mem, const struct media_facts *facts)
{
    if (facts->width == INT_NONE || facts->height == INT_NONE) return NULL;
    return arena_printf(mem, "{\"width\":%lld,\"height\":%lld}", (long long)facts->width,
                        (long long)facts->height);
}

struct asset asset_new(struct arena *mem, const char *owner_id, const char *asset_type,
                       const struct media_facts *facts)
{
    struct asset asset;
    shape_init(&asset_shape, &asset);
    asset.id = arena_text(mem, id_new().text);
    asset.owner_id = owner_id;
    asset.asset_type = asset_type;
    asset.mime_type = facts->mime_type;
    asset.duration = facts->duration_s;
    asset.dimensions = dimensions_of(mem, facts);
    asset.width = facts->width;
    asset.height = facts->height;
    asset.fps = facts->fps;
    asset.video_codec = facts->video_codec;
    asset.audio_codec = facts->audio_codec;
    asset.sample_rate = facts->sample_rate;
    asset.channels = facts->channels;
    asset.bit_rate = facts->bit_rate;
    asset.created_at = asset.updated_at = time_now();
    return asset;
}

const char *media_url(struct arena *mem, const char *blob_name)
{
    return arena_printf(mem, "/media/%s", blob_name);
}

const char *media_url_blob(struct arena *mem, const char *url)
{
    if (!url) return NULL;
    const char *const scheme = *url == '/' ? NULL : strstr(url, "://");
    const char *const path = scheme ? strchr(scheme + 3, '/') : url;
    if (!path || !text_starts(path, "/media/") || strpbrk(path, "?#%")) return NULL;
    return arena_text(mem, path + strlen("/media/"));
}

bool asset_put(struct tx *tx, const struct asset *asset, struct error *err)
{
    const int64_t bytes = asset->file_size == INT_NONE ? 0 : asset->file_size;
    return storage_check_universe(tx, asset->universe_id, bytes, err) &&
           tx_run(tx, SQL_MEDIA_ASSET_INSERT, ARGS_OF(&asset_shape, asset), NULL, err);
}

bool asset_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
               struct asset *out, struct error *err)
{
    bool found = false;
    struct asset row;
    const char *const canonical = id_canonical(mem, id);
    if (canonical && !db_find(lib->db, SQL_MEDIA_ASSET_GET, ARGS(db_text("id", canonical)), mem, &asset_shape,
                              &row, &found, err))
        return false;
    if (!found || !actor_owns(actor, row.owner_id)) return fail(err, CAUSE_NOT_FOUND, "Asset not found");
    if (!derivative_list(lib, mem, row.id, &row.derivatives, err)) return false;
    *out = row;
    return true;
}

bool asset_find(struct tx *tx, struct arena *mem, const char *id, struct asset *out, bool *found_out,
                struct error *err)
{
    return tx_find(tx, SQL_MEDIA_ASSET_GET, ARGS(db_text("id", id)), mem, &asset_shape, out, found_out, err);
}

static bool put_lines(struct tx *tx, const char *id, const struct list *lines, struct error *err)
{
    const struct asset_line *const line = lines->items;
    bool good = tx_run(tx, SQL_TRANSCRIPT_LINES_DELETE, ARGS(db_text("asset_id", id)), NULL, err);
    for (size_t i = 0; good && i < lines->count; i++) {
        struct db_args args = ARGS(db_text("asset_id", id));
        args.shape = &line_shape;
        args.object = &line[i];
        good = tx_run(tx, SQL_TRANSCRIPT_LINE_INSERT, args, NULL, err);
    }
    return good;
}

bool asset_analysed(struct tx *tx, const struct asset *asset, const struct list *lines, struct error *err)
{
    struct db_args args = ARGS(db_int("now", time_now()));
    args.shape = &asset_shape;
    args.object = asset;
    return put_lines(tx, asset->id, lines, err) && tx_run(tx, SQL_MEDIA_ASSET_ANALYSED, args, NULL, err);
}

bool asset_failed(struct tx *tx, const char *id, const char *reason, struct error *err)
{
    const struct db_args args =
        ARGS(db_text("id", id), db_text("status_reason", reason), db_int("now", time_now()));
    return tx_run(tx, SQL_MEDIA_ASSET_FAILED, args, NULL, err);
}

bool asset_by_url(struct library *lib, struct arena *mem, const struct actor *actor, const char *url,
                  struct asset *out, struct error *err)
{
    bool found = false;
    struct asset row;
    const char *const blob = media_url_blob(mem, url);
    if (blob && !db_find(lib->db, SQL_MEDIA_ASSET_BY_PATH, ARGS(db_text("file_path", blob)), mem,
                         &asset_shape, &row, &found, err))
        return false;
    if (!found || !actor_owns(actor, row.owner_id))
        return fail(err, CAUSE_NOT_FOUND,
                    "no media of yours is stored at '%s'; upload it with POST /media/upload", url);
    *out = row;
    return true;
}

bool asset_file_known(void *with, const char *name, bool *known_out, struct error *err)
{
    const struct library *const lib = with;
    AUTO(arena) struct arena mem = { 0 };
    int64_t rows;
    const struct db_args args = ARGS(db_text("name", name), db_text("url", media_url(&mem, name)));
    if (!db_count(lib->db, SQL_MEDIA_FILE_ROWS, args, &rows, err)) return false;
    *known_out = rows > 0;
    return true;
}

bool asset_file_check(struct library *lib, struct arena *mem, const struct actor *actor, const char *name,
                      struct error *err)
{
    int64_t rows = 0;
    const struct db_args args = ARGS(db_text("name", name), db_text("url", media_url(mem, name)),
                                     db_text("owner_id", actor->subject));
    if (actor->others) return true;
    return db_count(lib->db, SQL_MEDIA_FILE_ROWS_OF, args, &rows, err) &&
           (rows || fail(err, CAUSE_NOT_FOUND, "Not Found"));
}
