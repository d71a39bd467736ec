/* The strategy agent against its tables, over every mood, platform and count. */
#include "agent/strategy.h"
#include "base/text.h"
#include "test.h"

/* The contract's vocabulary, written down a second time on purpose. */
static const struct {
    const char *category, *cameras[5], *lighting[4], *keyword, *grades[3];
} book[] = {
    { "surreal_trip",
      { "bullet_time", "spiral_zoom", "through_object", "inverted_gravity", "fish_eye" },
      { "neon_noir", "volumetric", "colored_gels", "mystical_glow" },
      "dreamlike",
      { "experimental", "high_saturation", "split_toning" } },
    { "intimate_story",
      { "static_focus", "handheld_subtle", "dolly_zoom", "slow_push", "rack_focus" },
      { "natural", "warm_ambient", "soft_window", "candlelight" },
      "personal",
      { "natural", "muted_tones", "soft_palette" } },
    { "luxury_reveal",
      { "dolly_slow", "crane_up", "pan_slow", "orbit_smooth", "push_in_elegant" },
      { "golden_hour", "soft_key", "rim_lighting", "three_point" },
      "elegant",
      { "cinematic", "warm_tones", "rich_colors" } },
    { "high_energy",
      { "fpv_drone", "crash_zoom_in", "whip_pan_right", "handheld_heavy", "bullet_time" },
      { "high_contrast", "neon_glow", "strobe_effect", "harsh_shadows" },
      "dynamic",
      { "vibrant", "saturated", "punchy" } },
};

static const struct {
    const char *name, *ratio, *keywords;
    int boost, duration;
} platforms[] = {
    { NULL, "16:9", NULL, 0, 5 },
    { "tiktok", "9:16", "trending, viral, catchy", 20, 15 },
    { "youtube", "16:9", "cinematic, professional, engaging", 0, 30 },
    { "instagram", "4:5", "aesthetic, stylish, beautiful", 10, 15 },
};

static size_t row_of(int mood) { return mood < 25 ? 0 : mood < 50 ? 1 : mood < 75 ? 2 : 3; }

static struct strategy made(struct arena *mem, const char *prompt, int mood, const char *platform, int count)
{
    const struct strategy_in in = { prompt, mood, platform, NULL, count };
    struct strategy out = { 0 };
    struct error err;
    if (!strategy_make(&in, mem, &out, &err)) out.mood_category = "failed";
    return out;
}

static void check_variation(struct arena *mem, const struct variation *v, size_t i, size_t row, size_t p,
                            int mood)
{
    const char *const enriched =
        arena_printf(mem, "x, %s atmosphere, %s camera movement, %s lighting, %s color grading%s%s",
                     book[row].keyword, book[row].cameras[i], book[row].lighting[0], book[row].grades[0],
                     p ? ", " : "", p ? platforms[p].keywords : "");
    CHECK_TEXT(v->id, arena_printf(mem, "variation_%zu", i + 1));
    CHECK_TEXT(v->prompt, enriched);
    CHECK_TEXT(v->enriched_prompt, enriched);
    CHECK_TEXT(v->camera_movement, book[row].cameras[i]);
    CHECK_TEXT(v->lighting, book[row].lighting[i % 4]);
    CHECK_TEXT(v->color_grade, book[row].grades[i % 3]);
    CHECK_TEXT(v->color_grading, v->color_grade);
    CHECK_TEXT(v->mood_category, book[row].category);
    CHECK_TEXT(v->aspect_ratio, platforms[p].ratio);
    CHECK_INT(v->duration, platforms[p].duration);
    CHECK_INT(v->metadata->mood_slider, mood);
    CHECK_TEXT(v->metadata->original_prompt, "x");
    CHECK(text_is(v->metadata->platform, platforms[p].name));
    CHECK(strstr(v->rationale, v->camera_movement) || strlen(v->rationale) > 60);
    CHECK(v->rationale[strlen(v->rationale) - 1] == '.' && !text_empty(v->pacing));
}

TEST(every_mood_platform_and_count_follows_the_tables)
{
    for (int mood = 0; mood <= 100; mood++)
        for (size_t p = 0; p < COUNT_OF(platforms); p++)
            for (int count = 0; count <= 7; count++) {
                AUTO(arena) struct arena mem = { 0 };
                const struct strategy s = made(&mem, "x", mood, platforms[p].name, count);
                const int boosted = mood + platforms[p].boost > 100 ? 100 : mood + platforms[p].boost;
                const size_t row = row_of(boosted);
                CHECK_TEXT(s.mood_category, book[row].category);
                CHECK_INT(s.mood_slider, boosted);
                CHECK_INT(s.variations.count, count > 5 ? 5 : count);
                CHECK_TEXT(s.aspect_ratio, platforms[p].ratio);
                CHECK(s.success && s.platform_optimized == (p > 0));
                CHECK_NEAR(s.confidence, fmin(1, 0.85 + (count >= 3 ? 0.1 : 0) + (p ? 0.05 : 0)), 1e-12);
                const struct variation *const variations = s.variations.items;
                for (size_t i = 0; i < s.variations.count; i++) {
                    check_variation(&mem, &variations[i], i, row, p, boosted);
                    if (test_failed) return;
                }
            }
}

TEST(the_bounds_of_the_ranges)
{
    const struct {
        int mood;
        const char *category;
    } rows[] = { { -5, "intimate_story" }, { 0, "surreal_trip" },    { 24, "surreal_trip" },
                 { 25, "intimate_story" }, { 49, "intimate_story" }, { 50, "luxury_reveal" },
                 { 74, "luxury_reveal" },  { 75, "high_energy" },    { 100, "high_energy" },
                 { 101, "intimate_story" } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) CHECK_TEXT(strategy_category(rows[i].mood), rows[i].category);
}

TEST(the_contract_s_example)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct strategy s = made(&mem, "x", 60, "tiktok", 1);
    CHECK_TEXT(s.enriched_prompt, "x, dynamic atmosphere, fpv_drone camera movement, high_contrast lighting, "
                                  "vibrant color grading, trending, viral, catchy");
}

TEST(an_enriched_prompt_is_not_enriched_twice_and_keeps_its_camera)
{
    for (size_t p = 0; p < COUNT_OF(platforms); p++)
        for (int mood = 0; mood <= 100; mood += 5) {
            AUTO(arena) struct arena mem = { 0 };
            const struct strategy first = made(&mem, "a fox, at night", mood, platforms[p].name, 5);
            const struct variation *const chosen = (const struct variation *)first.variations.items + 3;
            const struct strategy again = made(&mem, chosen->prompt, mood, platforms[p].name, 1);
            const struct variation *const v = again.variations.items;
            CHECK_TEXT(v->prompt, chosen->prompt);
            CHECK_TEXT(v->camera_movement, chosen->camera_movement);
            CHECK_TEXT(v->metadata->original_prompt, "a fox, at night");
        }
}

TEST(words_that_only_look_enriched_are_the_users_own)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const own[] = {
        "a storm, dynamic atmosphere",
        "x, wild atmosphere, my camera movement, blue lighting, odd color grading",
        "dynamic atmosphere, fpv_drone camera movement",
        ", , ,",
        "x, a atmosphere, fpv_drone camera movement, ",
        "x, wild atmosphere, fpv_drone camera movement, natural lighting, vibrant color grading",
        "x, dynamic atmosphere, fpv_drone camera movement, natural lighting, vibrant color grading, a dog"
    };
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        const char *original, *camera;
        CHECK_MSG(!strategy_split_enriched(own[i], &mem, &original, &camera), "'%s'", own[i]);
        CHECK(text_starts(made(&mem, own[i], 60, NULL, 1).enriched_prompt, own[i]));
    }
}

TEST(the_request_s_format_wins_over_the_platform_s)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err;
    struct strategy out;
    const struct strategy_in in = { "x", 50, "tiktok", "21:9", 1 };
    CHECK(strategy_make(&in, &mem, &out, &err));
    CHECK_TEXT(out.aspect_ratio, "21:9");
    CHECK_TEXT(((const struct variation *)out.variations.items)->aspect_ratio, "21:9");
}

TEST(a_prompt_of_nothing_is_refused)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const empty[] = { NULL, "", "   \n" };
    for (size_t i = 0; i < COUNT_OF(empty); i++) {
        const struct strategy_in in = { empty[i], 50, NULL, NULL, 3 };
        struct strategy out;
        struct error err = { 0 };
        CHECK(!strategy_make(&in, &mem, &out, &err));
        CHECK_INT(err.cause, CAUSE_INVALID);
    }
}

TEST(the_tables_are_documented_and_distinct)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct shape *const shapes[] = { &strategy_in_shape, &strategy_shape, &variation_shape };
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        CHECK_MSG(!shape_fault(shapes[i], &mem), "%s", shapes[i]->name);
    for (size_t row = 0; row < COUNT_OF(book); row++) {
        for (int i = 0; i < 5; i++) CHECK(text_find(strategy_camera_names, book[row].cameras[i]) >= 0);
        for (int i = 0; i < 4; i++) CHECK(text_find(strategy_lighting_names, book[row].lighting[i]) >= 0);
        for (int i = 0; i < 3; i++) CHECK(text_find(strategy_grade_names, book[row].grades[i]) >= 0);
        CHECK_INT(text_split(&mem, strategy_cameras(book[row].category, &mem), ',').count, 5);
    }
    const char *const *const tables[] = { strategy_camera_names, strategy_lighting_names,
                                          strategy_grade_names };
    for (size_t t = 0; t < COUNT_OF(tables); t++)
        for (int i = 0; tables[t][i]; i++) CHECK_INT(text_find(tables[t], tables[t][i]), i);
}

TEST_MAIN
