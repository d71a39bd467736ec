#include "library/asset.h"

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

#include <string.h>

const char *const asset_type_names[] = { "video", "audio", "image", NULL };
const char *const asset_source_names[] = { "generated", "uploaded", "imported", NULL };

static const struct field asset_fields[] = {
    TEXT(struct asset, id, .doc = "UUID."),
    TEXT(struct asset, universe_id, .nullable = true, .doc = "Universe it belongs to."),
    TEXT(struct asset, element_id, .nullable = true, .doc = "Element it belongs to."),
    TEXT(struct asset, owner_id, .doc = "Subject of the maker's token."),
    ENUM(struct asset, asset_type, asset_type_names, .doc = "Kind of media."),
    TEXT(struct asset, title, .nullable = true, .doc = "Title."),
    TEXT(struct asset, description, .nullable = true, .doc = "Description."),
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
    INT(struct asset, bit_rate, .nullable = true, .doc = "Bits per second."),
    TEXT(struct asset, checksum, .nullable = true, .doc = "SHA-256 of the file."),
    TEXT(struct asset, source_job_id, .nullable = true, .doc = "Job that made it."),
    ENUM(struct asset, source_type, asset_source_names, .nullable = true, .doc = "Where it came from."),
    TEXTS(struct asset, tags, .doc = "Free words."),
    DATA(struct asset, recipe, .nullable = true, .doc = "Everything needed to make it again."),
    DATA(struct asset, extra_metadata, .nullable = true, .doc = "Further facts."),
    TIME(struct asset, created_at, .doc = "When it was stored."),
    TIME(struct asset, updated_at, .doc = "When the row last changed."),
    { 0 },
};
const struct shape asset_shape = SHAPE("MediaAsset", struct asset, asset_fields);

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
    const char *const scheme = *url == '/' ? NULL : strstr(url, "://");
    const char *const path = scheme ? strchr(scheme + 3, '/') : url;
    if (!path || !text_starts(path, "/media/") || strpbrk(path, "?#%")) return NULL;
    return arena_text(mem, path + strlen("/media/"));
}

bool asset_put(struct tx *tx, const struct asset *asset, struct error *err)
{
    return tx_run(tx, SQL_MEDIA_ASSET_INSERT, ARGS_OF(&asset_shape, asset), NULL, err);
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
