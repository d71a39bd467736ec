#include "agent/strategy.h"

#include "base/text.h"
#include "task/format.h"

#include <string.h>

/* ---- what exists: one row per category, camera, platform ---- */

static const struct category {
    const char *name;
    int64_t least, most;
    const char *cameras[STRATEGY_VARIATIONS_MAX];
    const char *lighting[4];
    const char *keywords[6];
    const char *grades[3];
    const char *pacing, *feeling;
} categories[] = {
    { "high_energy",
      75,
      100,
      { "fpv_drone", "crash_zoom_in", "whip_pan_right", "handheld_heavy", "bullet_time" },
      { "high_contrast", "neon_glow", "strobe_effect", "harsh_shadows" },
      { "dynamic", "explosive", "intense", "fast-paced", "aggressive", "energetic" },
      { "vibrant", "saturated", "punchy" },
      "fast: cuts every one to two seconds, no rest between moves",
      "urgent and physical" },
    { "luxury_reveal",
      50,
      75,
      { "dolly_slow", "crane_up", "pan_slow", "orbit_smooth", "push_in_elegant" },
      { "golden_hour", "soft_key", "rim_lighting", "three_point" },
      { "elegant", "sophisticated", "premium", "refined", "graceful", "polished" },
      { "cinematic", "warm_tones", "rich_colors" },
      "measured: one continuous move per shot, three to five seconds each",
      "desirable and composed" },
    { "intimate_story",
      25,
      50,
      { "static_focus", "handheld_subtle", "dolly_zoom", "slow_push", "rack_focus" },
      { "natural", "warm_ambient", "soft_window", "candlelight" },
      { "personal", "emotional", "authentic", "intimate", "heartfelt", "sincere" },
      { "natural", "muted_tones", "soft_palette" },
      "slow: shots hold until the feeling lands, five seconds and longer",
      "close and honest" },
    { "surreal_trip",
      0,
      25,
      { "bullet_time", "spiral_zoom", "through_object", "inverted_gravity", "fish_eye" },
      { "neon_noir", "volumetric", "colored_gels", "mystical_glow" },
      { "dreamlike", "abstract", "otherworldly", "psychedelic", "surreal", "hypnotic" },
      { "experimental", "high_saturation", "split_toning" },
      "fluid: time stretches and folds, moves flow into each other",
      "unmoored and dreamlike" },
};

static const struct camera {
    const char *name, *effect;
} cameras[] = {
    { "fpv_drone", "a low, banking flight puts the viewer inside the action" },
    { "crash_zoom_in", "a sudden zoom slams attention onto the subject" },
    { "whip_pan_right", "a smeared whip to the right throws the eye forward" },
    { "handheld_heavy", "a shaking hand-held frame makes it feel witnessed" },
    { "bullet_time", "an orbit through almost frozen time lets a moment be examined" },
    { "dolly_slow", "a slow dolly lets surfaces and depth unfold" },
    { "crane_up", "a rising crane reveals the scale of the place" },
    { "pan_slow", "a slow pan presents the scene without hurry" },
    { "orbit_smooth", "a smooth orbit shows the subject from every side" },
    { "push_in_elegant", "an elegant push-in draws the viewer towards the subject" },
    { "static_focus", "a locked frame leaves all movement to the subject" },
    { "handheld_subtle", "a breathing hand-held frame keeps the viewer close" },
    { "dolly_zoom", "a dolly zoom makes the world shift around a still subject" },
    { "slow_push", "a slow push moves in as the feeling grows" },
    { "rack_focus", "a focus pull hands attention from near to far" },
    { "spiral_zoom", "a spiralling zoom pulls the eye into the centre" },
    { "through_object", "passing through a foreground frame crosses a threshold" },
    { "inverted_gravity", "a roll past upside-down cuts the scene loose from the ground" },
    { "fish_eye", "a fish-eye lens bends the world around its centre" },
};

static const struct platform {
    const char *name, *aspect_ratio;
    int64_t boost, duration;
    const char *keywords;
} platforms[] = {
    { "tiktok", "9:16", 20, 15, "trending, viral, catchy" },
    { "youtube", "16:9", 0, 30, "cinematic, professional, engaging" },
    { "instagram", "4:5", 10, 15, "aesthetic, stylish, beautiful" },
};

const char *const strategy_category_names[] = { "high_energy", "luxury_reveal", "intimate_story",
                                                "surreal_trip", NULL };
const char *const strategy_platform_names[] = { "tiktok", "youtube", "instagram", NULL };

const char *const strategy_camera_names[] = {
    "fpv_drone",    "crash_zoom_in",   "whip_pan_right",   "handheld_heavy", "bullet_time",
    "dolly_slow",   "crane_up",        "pan_slow",         "orbit_smooth",   "push_in_elegant",
    "static_focus", "handheld_subtle", "dolly_zoom",       "slow_push",      "rack_focus",
    "spiral_zoom",  "through_object",  "inverted_gravity", "fish_eye",       NULL,
};
const char *const strategy_lighting_names[] = {
    "high_contrast", "neon_glow",   "strobe_effect", "harsh_shadows", "golden_hour", "soft_key",
    "rim_lighting",  "three_point", "natural",       "warm_ambient",  "soft_window", "candlelight",
    "neon_noir",     "volumetric",  "colored_gels",  "mystical_glow", NULL,
};
const char *const strategy_grade_names[] = {
    "vibrant",         "saturated",    "punchy",      "cinematic",    "warm_tones",
    "rich_colors",     "natural",      "muted_tones", "soft_palette", "experimental",
    "high_saturation", "split_toning", NULL,
};
static_assert(COUNT_OF(strategy_category_names) == COUNT_OF(categories) + 1, "a name per category");
static_assert(COUNT_OF(strategy_platform_names) == COUNT_OF(platforms) + 1, "a name per platform");
static_assert(COUNT_OF(strategy_camera_names) == COUNT_OF(cameras) + 1, "a name per camera");

/* ---- shapes ---- */

static const struct field strategy_in_fields[] = {
    TEXT(struct strategy_in, prompt, .required = true, .min = 1, .max = 4000, .doc = "What the shot shows."),
    INT(struct strategy_in, mood, .max = 100, .initial = STRATEGY_MOOD_INITIAL,
        .doc = "0 surreal .. 100 high energy."),
    ENUM(struct strategy_in, platform, strategy_platform_names, .nullable = true, .initial_text = "youtube",
         .doc = "Target platform; null for none."),
    ENUM(struct strategy_in, aspect_ratio, format_ratio_names, .nullable = true,
         .doc = "Overrides the platform's aspect ratio."),
    INT(struct strategy_in, num_variations, .max = 100, .initial = 3,
        .doc = "How many variations; five at most come."),
    { 0 },
};
const struct shape strategy_in_shape = SHAPE("StrategyRequest", struct strategy_in, strategy_in_fields);

static const struct field variation_metadata_fields[] = {
    TEXT(struct variation_metadata, original_prompt, .doc = "The prompt as the user wrote it."),
    INT(struct variation_metadata, mood_slider, .doc = "Mood after the platform's boost."),
    TEXT(struct variation_metadata, platform, .nullable = true, .doc = "Target platform."),
    { 0 },
};
static const struct shape variation_metadata_shape =
    SHAPE("VariationMetadata", struct variation_metadata, variation_metadata_fields);

static const struct field variation_fields[] = {
    TEXT(struct variation, id, .doc = "variation_1, variation_2, ..."),
    TEXT(struct variation, prompt, .doc = "The enriched prompt."),
    ENUM(struct variation, camera_movement, strategy_camera_names, .doc = "Camera movement."),
    ENUM(struct variation, aspect_ratio, format_ratio_names, .doc = "Picture format."),
    INT(struct variation, duration, .doc = "Seconds advised for the platform."),
    ENUM(struct variation, mood_category, strategy_category_names, .doc = "Mood category."),
    ENUM(struct variation, lighting, strategy_lighting_names, .doc = "Lighting."),
    ENUM(struct variation, color_grade, strategy_grade_names, .doc = "Colour grade."),
    OBJECT(struct variation, metadata, struct variation_metadata, &variation_metadata_shape,
           .doc = "Where it came from."),
    TEXT(struct variation, enriched_prompt, .doc = "Same as prompt."),
    TEXT(struct variation, rationale, .doc = "Why this choice."),
    TEXT(struct variation, pacing, .doc = "Rhythm advised for the cut."),
    ENUM(struct variation, color_grading, strategy_grade_names, .doc = "Same as color_grade."),
    { 0 },
};
const struct shape variation_shape = SHAPE("Variation", struct variation, variation_fields);

static const struct field strategy_fields[] = {
    BOOL(struct strategy, success, .doc = "Always true; a failure is an error reply."),
    ENUM(struct strategy, mood_category, strategy_category_names, .doc = "Mood category."),
    INT(struct strategy, mood_slider, .doc = "Mood after the platform's boost, 0..100."),
    LIST(struct strategy, variations, &variation_shape, .doc = "The variations."),
    TEXT(struct strategy, platform, .nullable = true, .doc = "Target platform."),
    BOOL(struct strategy, platform_optimized, .doc = "Whether a platform shaped the answer."),
    ENUM(struct strategy, aspect_ratio, format_ratio_names, .doc = "Picture format."),
    TEXT(struct strategy, enriched_prompt, .nullable = true,
         .doc = "Enriched prompt of the first variation."),
    TEXT(struct strategy, rationale, .nullable = true, .doc = "Why the first variation."),
    TEXT(struct strategy, pacing, .nullable = true, .doc = "Rhythm of the first variation."),
    TEXT(struct strategy, color_grading, .nullable = true, .doc = "Colour grade of the first variation."),
    REAL(struct strategy, confidence, .doc = "0..1."),
    { 0 },
};
const struct shape strategy_shape = SHAPE("Strategy", struct strategy, strategy_fields);

/* ---- decisions ---- */

static const struct category *category_of(int64_t mood)
{
    static const struct category *const fallback = &categories[2]; /* intimate_story */
    for (size_t i = 0; i < COUNT_OF(categories); i++)
        if (mood >= categories[i].least && mood <= categories[i].most) return &categories[i];
    return fallback;
}

const char *strategy_cameras(const char *category, struct arena *mem)
{
    const char *joined = "";
    for (size_t i = 0; i < COUNT_OF(categories); i++)
        for (size_t c = 0; text_is(categories[i].name, category) && c < COUNT_OF(categories[i].cameras); c++)
            joined = arena_printf(mem, "%s%s%s", joined, c ? "," : "", categories[i].cameras[c]);
    return joined;
}

const char *strategy_category(int64_t mood) { return category_of(mood)->name; }

static const struct platform *platform_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(platforms); i++)
        if (text_is(platforms[i].name, name)) return &platforms[i];
    return NULL;
}

static const char *effect_of(const char *camera)
{
    for (size_t i = 0; i < COUNT_OF(cameras); i++)
        if (text_is(cameras[i].name, camera)) return cameras[i].effect;
    return "the camera serves the subject";
}

double strategy_confidence(size_t variations, bool platform_optimized)
{
    const double sum = 0.85 + (variations >= 3 ? 0.1 : 0) + (platform_optimized ? 0.05 : 0);
    return sum > 1 ? 1 : sum;
}

static bool is_keyword(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(categories); i++)
        for (size_t k = 0; k < COUNT_OF(categories[i].keywords); k++)
            if (text_is(categories[i].keywords[k], word)) return true;
    return false;
}

/* What may follow the words: nothing, or what some platform adds. */
static bool tail_ours(const char *tail)
{
    if (!*tail) return true;
    for (size_t i = 0; i < COUNT_OF(platforms); i++)
        if (text_starts(tail, ", ") && text_is(tail + 2, platforms[i].keywords)) return true;
    return false;
}

/* The word before `suffix` at *at, when `*at` starts with ", <word><suffix>"; moves past it. */
static const char *take_word(const char **at, const char *suffix, const char *const *names, struct arena *mem)
{
    if (!text_starts(*at, ", ")) return NULL;
    const char *const start = *at + 2;
    const size_t size = strcspn(start, " ,");
    const char *const word = arena_text_n(mem, start, size);
    if (!text_starts(start + size, suffix) || (names && text_find(names, word) < 0)) return NULL;
    *at = start + size + strlen(suffix);
    return word;
}

bool strategy_split_enriched(const char *prompt, struct arena *mem, const char **original_out,
                             const char **camera_out)
{
    for (const char *comma = strstr(prompt, ", "); comma; comma = strstr(comma + 2, ", ")) {
        const char *at = comma;
        const char *camera;
        if (!is_keyword(take_word(&at, " atmosphere", NULL, mem)) ||
            !(camera = take_word(&at, " camera movement", strategy_camera_names, mem)) ||
            !take_word(&at, " lighting", strategy_lighting_names, mem) ||
            !take_word(&at, " color grading", strategy_grade_names, mem) || !tail_ours(at) || comma == prompt)
            continue;
        *original_out = arena_text_n(mem, prompt, (size_t)(comma - prompt));
        *camera_out = camera;
        return true;
    }
    return false;
}

/* The light and the grade are the category's first ones, whatever the variation has, unless somebody wished
 * others. */
static const char *enrich(const char *prompt, const struct category *category, const char *camera,
                          const char *lighting, const char *grade, const struct platform *platform,
                          struct arena *mem)
{
    return arena_printf(mem, "%s, %s atmosphere, %s camera movement, %s lighting, %s color grading%s%s",
                        prompt, category->keywords[0], camera, lighting ? lighting : category->lighting[0],
                        grade ? grade : category->grades[0], platform ? ", " : "",
                        platform ? platform->keywords : "");
}

static const char *explain(const struct strategy_in *in, const struct strategy *made,
                           const struct category *category, const struct variation *v,
                           const struct platform *platform, struct arena *mem)
{
    const char *const raised =
        made->mood_slider != in->mood
            ? arena_printf(mem, "Mood %lld, raised to %lld for %s,", (long long)in->mood,
                           (long long)made->mood_slider, platform->name)
            : arena_printf(mem, "Mood %lld", (long long)in->mood);
    return arena_printf(mem, "%s reads as %s (%lld to %lld): %s, %s light and %s grading keep it %s%s%s%s.",
                        raised, category->name, (long long)category->least,
                        (long long)(category->most - (category->most < 100)), effect_of(v->camera_movement),
                        v->lighting, v->color_grade, category->feeling, platform ? ", framed " : "",
                        platform ? v->aspect_ratio : "",
                        platform ? arena_printf(mem, " for %s", platform->name) : "");
}

static struct variation make_variation(const struct strategy_in *in, const struct strategy *made,
                                       const struct category *category, const struct platform *platform,
                                       size_t i, struct arena *mem)
{
    const char *original = in->prompt, *camera = category->cameras[i];
    const char *const lighting = i == 0 ? in->lighting : NULL, *const grade = i == 0 ? in->color_grade : NULL;
    bool keep = strategy_split_enriched(in->prompt, mem, &original, &camera) && i == 0;
    if (i > 0) camera = category->cameras[i]; /* the first one keeps the camera an enriched prompt names */
    if (i == 0 && in->camera_movement) camera = in->camera_movement;
    keep = keep && !in->camera_movement && !lighting && !grade;
    const char *const prompt =
        keep ? in->prompt : enrich(original, category, camera, lighting, grade, platform, mem);
    struct variation_metadata *const metadata = arena_new(mem, struct variation_metadata);
    *metadata = (struct variation_metadata){ original, made->mood_slider, in->platform };
    struct variation v = {
        .id = arena_printf(mem, "variation_%zu", i + 1),
        .prompt = prompt,
        .enriched_prompt = prompt,
        .camera_movement = camera,
        .aspect_ratio = made->aspect_ratio,
        .duration = platform ? platform->duration : STRATEGY_DURATION_INITIAL,
        .mood_category = category->name,
        .lighting = lighting ? lighting : category->lighting[i % COUNT_OF(category->lighting)],
        .color_grade = grade ? grade : category->grades[i % COUNT_OF(category->grades)],
        .pacing = category->pacing,
        .metadata = metadata,
    };
    v.color_grading = v.color_grade;
    v.rationale = explain(in, made, category, &v, platform, mem);
    return v;
}

bool strategy_make(const struct strategy_in *in, struct arena *mem, struct strategy *out, struct error *err)
{
    if (text_empty(text_trim(mem, in->prompt ? in->prompt : "")))
        return fail_field(err, CAUSE_INVALID, "prompt", "Prompt is required for video strategy");
    const struct platform *const platform = platform_of(in->platform);
    int64_t mood = in->mood;
    if (platform) mood = mood + platform->boost > 100 ? 100 : mood + platform->boost;
    const struct category *const category = category_of(mood);
    struct strategy made = {
        .success = true,
        .mood_category = category->name,
        .mood_slider = mood,
        .platform = in->platform,
        .platform_optimized = platform != NULL,
        .aspect_ratio = in->aspect_ratio ? in->aspect_ratio
                        : platform       ? platform->aspect_ratio
                                         : "16:9",
    };
    const int64_t count =
        in->num_variations > STRATEGY_VARIATIONS_MAX ? STRATEGY_VARIATIONS_MAX : in->num_variations;
    struct variation *const variations = arena_array(mem, STRATEGY_VARIATIONS_MAX, sizeof *variations);
    for (int64_t i = 0; i < count; i++) {
        variations[i] = make_variation(in, &made, category, platform, (size_t)i, mem);
        made.variations.count++;
    }
    made.variations.items = variations;
    made.confidence = strategy_confidence(made.variations.count, made.platform_optimized);
    if (made.variations.count) {
        made.enriched_prompt = variations[0].enriched_prompt;
        made.rationale = variations[0].rationale;
        made.pacing = variations[0].pacing;
        made.color_grading = variations[0].color_grading;
    }
    *out = made;
    return true;
}
