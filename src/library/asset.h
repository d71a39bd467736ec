/* Media assets: one row per stored file, with what is known of it and how it can be made again. */
#pragma once

#include "library/library.h"
#include "task/task.h"

extern const char *const asset_type_names[];   /* video, audio, image */
extern const char *const asset_source_names[]; /* generated, uploaded, imported */

struct asset {
    const char *id, *universe_id, *element_id, *owner_id;
    const char *asset_type, *title, *description;
    const char *file_path;  /* blob name */
    const char *public_url; /* /media/<blob name> */
    const char *thumbnail_url;
    int64_t file_size;
    const char *mime_type;
    double duration;
    const char *dimensions; /* JSON: {"width","height"} */
    int64_t width, height;
    double fps;
    const char *video_codec;
    int64_t bit_rate;
    const char *checksum; /* SHA-256 */
    const char *source_job_id, *source_type;
    struct texts tags;
    const char *recipe, *extra_metadata; /* JSON */
    int64_t created_at, updated_at;
};

extern const struct shape asset_shape;

/* An asset with id, times, owner and everything `facts` knows. */
struct asset asset_new(struct arena *mem, const char *owner_id, const char *asset_type,
                       const struct media_facts *facts);

/* "/media/<name>" in `mem`, and back: the blob name in a media URL (path or absolute, any host: people copy
 * links), NULL for anything else. */
const char *media_url(struct arena *mem, const char *blob_name);
const char *media_url_blob(struct arena *mem, const char *url);

bool asset_put(struct tx *tx, const struct asset *asset, struct error *err) MUST_USE;

/* The asset stored at this media URL that the actor may use; NOT_FOUND otherwise. */
bool asset_by_url(struct library *lib, struct arena *mem, const struct actor *actor, const char *url,
                  struct asset *out, struct error *err) MUST_USE;

/* Whether a row points to this file in the media folder; for blobs_recover, `with` is a struct library. */
bool asset_file_known(void *with, const char *name, bool *known_out, struct error *err) MUST_USE;
