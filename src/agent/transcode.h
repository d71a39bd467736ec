/* Clips for other platforms: a table of profiles, and the jobs that make a clip over for one of them.
 *
 * Each profile of a request is a job of its own in the durable queue (kind "transcode"), so that what was
 * begun survives whoever asked and the server. When it ends well, a row of media_assets for the file and the
 * entry in the clip's list of variants are there in one transaction. */
#pragma once

#include "agent/generation.h"

struct profile {
    const char *name;
    int64_t width, height, bit_rate, fps_max;
    double duration_max_s; /* NaN: any */
    const char *codec, *container, *description;
};

enum { PROFILE_COUNT = 8 };
extern const struct profile profiles[PROFILE_COUNT];

/* NULL when there is none. */
const struct profile *profile_find(const char *name);

/* "5M" of 5000000. */
const char *profile_bit_rate(struct arena *mem, const struct profile *profile);

/* One result; what is NULL or INT_NONE is not told. */
struct variant {
    bool success;
    const char *platform, *profile, *output_path, *public_url;
    int64_t file_size, width, height;
    const char *bitrate, *codec, *container, *error;
};

extern const struct shape variant_shape;

/* The queue's kind "transcode"; its `app` is a struct generation. */
extern const struct job_kind transcode_job_kind;

/* Puts a job for each profile into the queue. Their ids, in the order of `names`, in `ids`. */
bool transcode_start(struct generation *gen, struct arena *mem, const struct video_job *clip,
                     const struct texts *names, const char **ids, struct error *err) MUST_USE;

/* How the job of this id ended; `over_out` false while it has not. */
bool transcode_result(struct generation *gen, struct arena *mem, const char *id, bool *over_out,
                      struct variant *out, struct error *err) MUST_USE;
