#include "task/task.h"

#include "base/text.h"
#include "task/attack.h"
#include "task/fetch.h"
#include "task/ingest.h"

static const struct field render_in_fields[] = {
    TEXT(struct render_in, prompt, .required = true, .max = 8000, .doc = "What the shot shows."),
    TEXT(struct render_in, mood_category, .required = true, .doc = "Mood category of the strategy."),
    TEXT(struct render_in, camera_movement, .required = true,
         .doc = "Camera movement of the strategy; contact_sheet: comma separated."),
    TEXT(struct render_in, lighting, .required = true, .doc = "Lighting of the strategy."),
    TEXT(struct render_in, color_grade, .required = true, .doc = "Colour grade of the strategy."),
    INT(struct render_in, width, .required = true, .min = 16, .max = 4096,
        .doc = "Picture width in pixels, even."),
    INT(struct render_in, height, .required = true, .min = 16, .max = 4096,
        .doc = "Picture height in pixels, even."),
    INT(struct render_in, fps, .required = true, .min = 1, .max = 120, .doc = "Frames per second."),
    INT(struct render_in, seed, .doc = "Same input and seed, same bytes."),
    REAL(struct render_in, duration_s, .required = true, .min = 0, .max = 60, .doc = "Length in seconds."),
    BOOL(struct render_in, slate, .doc = "Burn in shot name and time code."),
    { 0 },
};
const struct shape render_in_shape = SHAPE("RenderIn", struct render_in, render_in_fields);

static const struct field verify_in_fields[] = {
    REAL(struct verify_in, duration_s, .nullable = true, .doc = "Expected length in seconds."),
    INT(struct verify_in, width, .nullable = true, .doc = "Expected width."),
    INT(struct verify_in, height, .nullable = true, .doc = "Expected height."),
    INT(struct verify_in, fps, .nullable = true, .doc = "Expected frames per second."),
    BOOL(struct verify_in, allow_black, .doc = "Accept a clip that is black throughout."),
    { 0 },
};
const struct shape verify_in_shape = SHAPE("VerifyIn", struct verify_in, verify_in_fields);

static const struct field image_in_fields[] = {
    INT(struct image_in, max_side, .min = 16, .max = 4096, .initial = 256,
        .doc = "Longest side of the thumbnail."),
    { 0 },
};
const struct shape image_in_shape = SHAPE("ImageIn", struct image_in, image_in_fields);

const char *const resize_format_names[] = { "jpeg", "webp", "png", NULL };

static const struct field resize_in_fields[] = {
    INT(struct resize_in, width, .max = 8192, .doc = "Width of the box; 0 for any."),
    INT(struct resize_in, height, .max = 8192, .doc = "Height of the box; 0 for any."),
    TEXT(struct resize_in, fit, .initial_text = "contain", .doc = "contain or cover."),
    ENUM(struct resize_in, format, resize_format_names, .initial_text = "jpeg",
         .doc = "What it is written as."),
    { 0 },
};
const struct shape resize_in_shape = SHAPE("ResizeIn", struct resize_in, resize_in_fields);

const char *const transcode_fit_names[] = { "crop", "pad", "inside", NULL };
const char *const transcode_container_names[] = { "mp4", "webm", "hls", NULL };

static const struct field transcode_in_fields[] = {
    BOOL(struct transcode_in, copy, .doc = "The streams as they are in another container."),
    INT(struct transcode_in, width, .min = 16, .max = 8192, .initial = 1920,
        .doc = "Width of the box, even."),
    INT(struct transcode_in, height, .min = 16, .max = 8192, .initial = 1080,
        .doc = "Height of the box, even."),
    ENUM(struct transcode_in, fit, transcode_fit_names, .initial_text = "inside",
         .doc = "How it fills the box."),
    ENUM(struct transcode_in, container, transcode_container_names, .initial_text = "mp4",
         .doc = "Container."),
    INT(struct transcode_in, bit_rate, .min = 10000, .max = 100000000, .initial = 5000000,
        .doc = "Bits per second of the picture at most."),
    INT(struct transcode_in, fps_max, .min = 1, .max = 240, .initial = 60,
        .doc = "Frames per second at most."),
    REAL(struct transcode_in, loudness, .nullable = true, .min = -70, .max = 0,
         .doc = "LUFS; null leaves it as it is."),
    REAL(struct transcode_in, duration_max_s, .nullable = true, .min = 0, .max = 86400,
         .doc = "Seconds at most."),
    INT(struct transcode_in, begin, .min = 0, .max = INT32_MAX, .doc = "First picture of a segment."),
    INT(struct transcode_in, end, .min = 0, .max = INT32_MAX,
        .doc = "Picture behind the last one of a segment."),
    INT(struct transcode_in, rate_num, .min = 1, .max = INT32_MAX, .initial = 30,
        .doc = "Pictures of a segment in rate_den seconds."),
    INT(struct transcode_in, rate_den, .min = 1, .max = INT32_MAX, .initial = 1, .doc = "See rate_num."),
    INT(struct transcode_in, level, .nullable = true, .min = 10, .max = 62,
        .doc = "Level of H.264, ten times."),
    { 0 },
};
const struct shape transcode_in_shape = SHAPE("TranscodeIn", struct transcode_in, transcode_in_fields);

static const struct field playback_fields[] = {
    BOOL(struct playback, video, .doc = "It has a picture."),
    BOOL(struct playback, audio, .doc = "It has sound."),
    BOOL(struct playback, direct, .doc = "Players take the streams as they are."),
    TEXT(struct playback, codecs, .nullable = true, .doc = "Their names (RFC 6381)."),
    INT(struct playback, width, .doc = "Pixels as shown."),
    INT(struct playback, height, .doc = "Pixels as shown."),
    INT(struct playback, bit_rate, .doc = "Bits per second of all."),
    INT(struct playback, peak_bit_rate, .doc = "Bits per second of the fullest seconds."),
    REAL(struct playback, duration_s, .doc = "Seconds up to the last packet."),
    INT(struct playback, rate_num, .initial = 30, .doc = "Pictures in rate_den seconds."),
    INT(struct playback, rate_den, .initial = 1, .doc = "See rate_num."),
    { 0 },
};
const struct shape playback_shape = SHAPE("Playback", struct playback, playback_fields);

static const struct field render_out_fields[] = {
    INT(struct render_out, frames, .required = true, .doc = "Frames written."),
    REAL(struct render_out, render_s, .doc = "Seconds it took."),
    TEXT(struct render_out, scene, .nullable = true, .doc = "What was drawn."),
    { 0 },
};
const struct shape render_out_shape = SHAPE("RenderOut", struct render_out, render_out_fields);

static const struct field media_facts_fields[] = {
    TEXT(struct media_facts, format, .required = true, .doc = "Container or file format."),
    TEXT(struct media_facts, mime_type, .nullable = true, .doc = "Media type by content."),
    INT(struct media_facts, file_size, .nullable = true, .doc = "Bytes."),
    INT(struct media_facts, bit_rate, .nullable = true, .doc = "Bits per second of the whole file."),
    REAL(struct media_facts, duration_s, .nullable = true, .doc = "Seconds."),
    INT(struct media_facts, width, .nullable = true, .doc = "Pixels."),
    INT(struct media_facts, height, .nullable = true, .doc = "Pixels."),
    INT(struct media_facts, frames, .nullable = true, .doc = "Decoded frames."),
    REAL(struct media_facts, fps, .nullable = true, .doc = "Frames per second."),
    TEXT(struct media_facts, video_codec, .nullable = true, .doc = "Video codec."),
    TEXT(struct media_facts, pixel_format, .nullable = true, .doc = "Pixel format."),
    TEXT(struct media_facts, audio_codec, .nullable = true, .doc = "Audio codec."),
    INT(struct media_facts, sample_rate, .nullable = true, .doc = "Audio samples per second."),
    INT(struct media_facts, channels, .nullable = true, .doc = "Audio channels."),
    REAL(struct media_facts, mean_luma, .nullable = true, .doc = "Mean luma of all frames, 0..255."),
    { 0 },
};
const struct shape media_facts_shape = SHAPE("MediaFacts", struct media_facts, media_facts_fields);

const struct task_kind_row task_kinds[TASK_KIND_COUNT] = {
#define TASK(id, name, from, to, cpu, wall, memory, file)                                                    \
    [TASK_##id] = { .word = (name),                                                                          \
                    .in = &from##_shape,                                                                     \
                    .out = &to##_shape,                                                                      \
                    .cpu_s = (cpu),                                                                          \
                    .wall_s = (wall),                                                                        \
                    .memory_mb = (memory),                                                                   \
                    .file_mb = (file) },
#include "task/kinds.def"
#undef TASK
};

int task_kind_find(const char *word)
{
    for (int kind = 0; kind < TASK_KIND_COUNT; kind++)
        if (text_is(task_kinds[kind].word, word)) return kind;
    return -1;
}
