/* What a worker task is and how it travels: kinds, input and output shapes, events.
 *
 * A worker child is a function: one request message with descriptors in; event messages out. Messages are
 * JSON on a SOCK_SEQPACKET socket, one packet each. request
 * {"kind":"verify","input":{...},"files":["in","poster"]} + one descriptor for each file name progress
 * {"event":"progress","progress":0.4,"stage":"render","eta_s":2.5}, eta_s 0 while unknown result
 * {"event":"result","output":{...}} error     {"event":"error","cause":"bad_media","text":"..."} exit
 * {"event":"exit","status":0,"signal":0,"cpu_ms":812,"max_rss_kb":90112}  always the last one */
#pragma once

#include "base/shape.h"

enum task_kind {
#define TASK(id, ...) TASK_##id,
#include "task/kinds.def"
#undef TASK
    TASK_KIND_COUNT
};

struct task_kind_row {
    const char *word;
    int cpu_s, wall_s, memory_mb, file_mb;
    const struct shape *in, *out;
};

extern const struct task_kind_row task_kinds[TASK_KIND_COUNT];

/* The kind with this word, -1 when there is none. */
int task_kind_find(const char *word);

/* ---- inputs ---- */

/* render: files out (MP4, read and write) and optionally reference (a picture). mock_clip: file out. */
struct render_in {
    const char *prompt, *mood_category, *camera_movement, *lighting, *color_grade;
    int64_t width, height, fps, seed;
    double duration_s;
    bool slate;
};

/* verify, probe: file in; verify also poster (JPEG). Expected values that are absent are not checked. */
struct verify_in {
    double duration_s;
    int64_t width, height, fps;
    bool allow_black;
};

/* image: file in, optionally thumb (JPEG, at most `max_side` pixels on the long side). */
struct image_in {
    int64_t max_side;
};

/* resize: files in (a picture) and out (empty). */
struct resize_in {
    int64_t width, height; /* of the box, 0: any */
    const char *fit, *format;
};

extern const char *const resize_format_names[]; /* jpeg, webp, png */

/* transcode: files in and out (empty), for hls also index (empty), see media/sink.h.
 *
 * segment: files in and out. The piece of a film from picture `begin` up to before `end`, where `rate_num` /
 * `rate_den` pictures are a second: only a segment (moof and mdat), H.264 and AAC. With `end` 0 what a player
 * reads first (ftyp and moov), the same for all pieces. Pieces join without a gap and without a picture
 * twice, whoever makes which when: picture n shows at n / rate; packets of sound begin at multiples of 1024
 * samples at 48 kHz. What the film does not have up to `end` is its last picture and silence. */
struct transcode_in {
    bool copy;                 /* the streams as they are, nothing below but the container counts */
    int64_t width, height;     /* of the box; even */
    const char *fit; /* crop: fill it; pad: black around; inside: as large as fits, never enlarged */
    const char *container;     /* mp4 and hls: H.264 and AAC; webm: VP9 and Opus */
    int64_t bit_rate, fps_max; /* of the picture */
    double loudness;           /* LUFS; NaN: as it is */
    double duration_max_s;     /* NaN: all of it */
    int64_t begin, end, rate_num, rate_den; /* segment */
    int64_t level;                          /* of H.264, ten times (Table A-1); INT_NONE: what it takes */
};

extern const char *const transcode_fit_names[], *const transcode_container_names[];

/* ---- outputs ---- */

/* playback: whether a player takes the streams as they are, and what it is told of them. */
struct playback {
    bool video, audio, direct;
    const char *codecs;              /* RFC 6381; of what is direct */
    int64_t width, height, bit_rate; /* as shown; 0: unknown or none */
    int64_t peak_bit_rate;           /* over some seconds; at least bit_rate */
    double duration_s;               /* up to the end of the last packet that is there */
    int64_t rate_num,
        rate_den; /* pictures a second, 1..PLAYBACK_FPS_MAX; without any, AAC's frames at 48 kHz */
};

enum { PLAYBACK_FPS_MAX = 60 };

struct render_out {
    int64_t frames;
    double render_s;   /* wall-clock time it took */
    const char *scene; /* what was drawn, in words; NULL when nothing was chosen */
};

/* What a media file is; what does not apply is absent. */
struct media_facts {
    const char *format, *mime_type;
    int64_t file_size, bit_rate; /* bytes, bit/s */
    double duration_s;
    int64_t width, height, frames;
    double fps;
    const char *video_codec, *pixel_format;
    const char *audio_codec;
    int64_t sample_rate, channels;
    double mean_luma; /* 0..255, verify only */
};

extern const struct shape render_in_shape, verify_in_shape, image_in_shape, resize_in_shape,
    transcode_in_shape, playback_shape, render_out_shape, media_facts_shape;
