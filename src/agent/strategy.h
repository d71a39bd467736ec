/* The strategy agent: a prompt and a mood become camera, light, grade and format. Pure functions, no state.
 *
 * Vocabulary, mood ranges, platform boosts, the order of the enriched prompt and the confidence are the API
 * contract's. The mood is 0 (surreal) to 100 (high energy); a platform may raise it, never beyond 100. */
#pragma once

#include "base/shape.h"

enum { STRATEGY_VARIATIONS_MAX = 5, STRATEGY_MOOD_INITIAL = 50, STRATEGY_DURATION_INITIAL = 5 };

/* NULL-terminated name tables, for validation and for walking everything there is. */
extern const char *const strategy_category_names[];
extern const char *const strategy_platform_names[];

extern const char *const strategy_camera_names[]; /* distinct, in order of first appearance */
extern const char *const strategy_lighting_names[];
extern const char *const strategy_grade_names[];

struct strategy_in {
    const char *prompt;
    int64_t mood;
    const char *platform;     /* NULL: none */
    const char *aspect_ratio; /* NULL: the platform's, or 16:9 */
    int64_t num_variations;
    const char *camera_movement, *lighting,
        *color_grade; /* wishes for the first variation; NULL: from the tables */
};

struct variation_metadata {
    const char *original_prompt;
    int64_t mood_slider;
    const char *platform;
};

struct variation {
    const char *id;
    const char *prompt, *enriched_prompt; /* the same text: both names are in use */
    const char *camera_movement, *aspect_ratio;
    int64_t duration; /* seconds, the platform's advice */
    const char *mood_category, *lighting;
    const char *color_grade, *color_grading; /* likewise the same */
    const char *pacing, *rationale;
    const struct variation_metadata *metadata;
};

struct strategy {
    bool success;
    const char *mood_category;
    int64_t mood_slider; /* after the platform's boost */
    struct list variations;
    const char *platform;
    bool platform_optimized;
    const char *aspect_ratio;
    const char *enriched_prompt, *rationale, *pacing, *color_grading; /* of the first variation */
    double confidence;                                                /* 0..1 */
};

extern const struct shape strategy_in_shape, variation_shape, strategy_shape;

/* Fails only for an empty prompt (INVALID). Everything in `out` lives in `mem`. */
bool strategy_make(const struct strategy_in *in, struct arena *mem, struct strategy *out,
                   struct error *err) MUST_USE;

/* Category of a mood; both ends belong to the first range that matches, outside 0..100 is intimate_story. */
const char *strategy_category(int64_t mood);

/* The cameras of a category, comma separated; "" for an unknown one. */
const char *strategy_cameras(const char *category, struct arena *mem);

/* When `prompt` already ends in the words of an enriched prompt: the prompt as the user wrote it, and the
 * camera named in it. Otherwise false and nothing is set. */
bool strategy_split_enriched(const char *prompt, struct arena *mem, const char **original_out,
                             const char **camera_out);

/* 0.85, +0.1 from three variations on, +0.05 when optimised for a platform, never above 1. */
double strategy_confidence(size_t variations, bool platform_optimized);
