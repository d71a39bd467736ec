/* Media assets: one row per stored file, with what is known of it and how it can be made again. */
#pragma once

#include "library/derivative.h"
#include "task/task.h"

extern const char *const asset_type_names[];   /* video, audio, image, model, text */
extern const char *const asset_status_names[]; /* processing, ready, failed */
extern const char *const asset_source_names[]; /* generated, uploaded, imported */

enum { ASSET_RATING_MAX = 5, ASSET_TAGS_MAX = 100, ASSET_TAG_MAX = 100 };

struct asset {
    const char *id, *universe_id, *element_id, *owner_id;
    const char *asset_type;
    const char *status, *status_reason; /* processing until its analysis is there; why it failed */
    const char *title, *description;
    const char *original_name; /* what the file was called where it came from */
    int64_t rating;            /* 0: none, to 5 */
    const char *file_path;     /* blob name */
    const char *public_url;    /* /media/<blob name> */
    const char *thumbnail_url;
    int64_t file_size;
    const char *mime_type;
    double duration;
    const char *dimensions; /* JSON: {"width","height"} */
    int64_t width, height;
    double fps;
    const char *video_codec, *audio_codec;
    int64_t sample_rate, channels, bit_rate;
    const char *checksum;   /* SHA-256 */
    int64_t phash; /* 64 bits that differ little for pictures that do; INT_NONE: none (so that hash reads as
                      none, too) */
    const char *thumbhash;  /* base64 */
    double loudness, tempo; /* LUFS, beats per minute */
    bool has_captions;
    const char *analysis; /* JSON, all that was found in the file */
    const char *source_job_id, *source_type;
    const char *provider; /* of a generated one, with what was asked for: */
    int64_t mood;
    const char *mood_category, *camera_movement, *prompt;
    struct texts tags;
    const char *recipe, *extra_metadata; /* JSON */
    int64_t trashed_at;                  /* 0: not in quarantine */
    const char *trashed_by, *trash_reason;
    int64_t created_at, updated_at;
    struct list derivatives; /* of struct derivative; asset_get fills it */
};

extern const struct shape asset_shape;

/* An asset with id, times, owner and everything `facts` knows. */
struct asset asset_new(struct arena *mem, const char *owner_id, const char *asset_type,
                       const struct media_facts *facts);

/* "/media/<name>" in `mem`, and back: the blob name in a media URL (path or absolute, any host: people copy
 * links), NULL for anything else. */
const char *media_url(struct arena *mem, const char *blob_name);
const char *media_url_blob(struct arena *mem, const char *url);

/* TOO_LARGE when its universe is full (storage.h). */
bool asset_put(struct tx *tx, const struct asset *asset, struct error *err) MUST_USE;

/* By its id. NOT_FOUND for one that the actor may not touch as for none. One in quarantine is found. */
bool asset_get(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
               struct asset *out, struct error *err) MUST_USE;

/* For the program itself, within a transaction: whosever it is. */
bool asset_find(struct tx *tx, struct arena *mem, const char *id, struct asset *out, bool *found_out,
                struct error *err) MUST_USE;

/* A line of captions, or of a text: then start and end are NaN. Seconds. */
struct asset_line {
    double start_s, end_s;
    const char *line;
};

/* Stores what an analysis knows: type, status and its reason, names and URLs, and every fact from file_size
 * to analysis, all as they stand in `asset`; the lines (struct asset_line) take the place of former ones.
 * Title, tags, rating and what else people say stays. */
bool asset_analysed(struct tx *tx, const struct asset *asset, const struct list *lines,
                    struct error *err) MUST_USE;

/* It could not be analysed; `reason` is a sentence. */
bool asset_failed(struct tx *tx, const char *id, const char *reason, struct error *err) MUST_USE;

/* The asset stored at this media URL that the actor may use; NOT_FOUND otherwise. */
bool asset_by_url(struct library *lib, struct arena *mem, const struct actor *actor, const char *url,
                  struct asset *out, struct error *err) MUST_USE;

/* Whether a row points to this file in the media folder; for blobs_recover, `with` is a struct library. */
bool asset_file_known(void *with, const char *name, bool *known_out, struct error *err) MUST_USE;

/* Whether it belongs to something of the actor's; NOT_FOUND otherwise. */
bool asset_file_check(struct library *lib, struct arena *mem, const struct actor *actor, const char *name,
                      struct error *err) MUST_USE;
