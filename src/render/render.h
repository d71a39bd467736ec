/* The local director's renderer: a shot goes in, frames of 4:2:0 video come out.
 *
 * A shot without a reference is a world: a terrain with water, sky and a subject, chosen by the words of the
 * prompt. With a reference the picture is split into depth planes and the camera moves through them. The same
 * shot gives the same bytes on the same build, whatever the number of threads, and frames may be asked for in
 * any order: no frame depends on another.
 *
 * Frames are BT.709, limited range (Y 16..235), 8 bit, written straight into the caller's planes. */
#pragma once

#include "base/error.h"

struct picture {
    int width, height;   /* 1..16384 */
    ptrdiff_t row_bytes; /* at least 3 * width */
    const uint8_t *rgb;  /* sRGB, 8 bit, three bytes a pixel */
};

struct shot {
    const char *prompt;          /* any text; "" gives a world by seed alone */
    const char *mood_category;   /* "" or one of the categories */
    const char *camera_movement; /* a name of the camera table */
    const char *lighting;        /* "" or a name of the lighting table */
    const char *color_grade;     /* "" or a name of the grade table */
    int width, height;           /* even, 16..4096 */
    int fps;                     /* 24, 25, 30 or 60 */
    double duration_s;           /* 0.5..60 */
    uint64_t seed;
    const struct picture *reference; /* NULL for a world; only read by render_open() */
    bool slate;                      /* shot name, camera, mood and time code burnt in */
    int threads;                     /* 1..64 */
};

/* Where a frame goes: luma of the shot's size, chroma of half of it both ways. */
struct planes {
    uint8_t *y, *u, *v;
    ptrdiff_t y_stride, uv_stride; /* bytes */
};

struct renderer;

/* Checks the shot and builds everything that does not change with time. The shot and its texts may go away
 * afterwards. Errors: CAUSE_INVALID with the field, CAUSE_UNAVAILABLE without memory. */
bool render_open(const struct shot *shot, struct renderer **out, struct error *err) MUST_USE;
void render_close(struct renderer *renderer); /* accepts NULL */
static inline void renderer_cleanup(struct renderer **renderer) { render_close(*renderer); }

/* duration_s * fps, rounded; at least 1. */
int64_t render_frame_count(const struct renderer *renderer);

/* The frame that stands best for the shot: where the move has arrived and nothing smears. */
int64_t render_poster_frame(const struct renderer *renderer);

/* What is drawn, in words, and whether a subject stands in for one the renderer does not know. The
 * renderer's. */
const char *render_scene(const struct renderer *renderer);

/* Draws frame `index`, 0..count-1. One call at a time per renderer. */
bool render_frame(struct renderer *renderer, int64_t index, const struct planes *out,
                  struct error *err) MUST_USE;

/* The names of each table in the order of the strategy's vocabulary; NULL past the end. */
const char *render_camera_name(size_t index);
const char *render_lighting_name(size_t index);
const char *render_grade_name(size_t index);
const char *render_category_name(size_t index);
