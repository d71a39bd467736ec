/* Planning a shot: what a request without, with some, and with all wishes becomes. */
#include "agent/generation.h"
#include "base/text.h"
#include "test.h"

static bool plan(struct arena *mem, const char *json_text, const char *provider, struct shot_plan *out,
                 struct error *err)
{
    const struct json *json;
    struct generate_in in;
    return json_parse(json_text, strlen(json_text), mem, &json, NULL, err) &&
           shape_take(&generate_in_shape, json, mem, &in, err) &&
           generation_plan(&in, provider, mem, out, err);
}

TEST(a_bare_prompt_gets_everything_from_the_strategy)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    struct shot_plan p;
    CHECK_OK(plan(&mem, "{\"prompt\":\"a fox\"}", "local", &p, &err));
    CHECK_TEXT(p.variation.mood_category, "luxury_reveal");
    CHECK_TEXT(p.render.camera_movement, "dolly_slow");
    CHECK(p.render.width == 1920 && p.render.height == 1080 && p.render.fps == 30);
    CHECK_NEAR(p.render.duration_s, 5, 0);
    CHECK_TEXT(p.render.prompt,
               "a fox"); /* the renderer reads the user's words, the provider gets the enriched ones */
    CHECK(text_starts(p.variation.enriched_prompt, "a fox, elegant atmosphere"));
}

TEST(mood_zero_is_zero_and_null_is_the_middle)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    struct shot_plan p;
    CHECK_OK(plan(&mem, "{\"prompt\":\"x\",\"mood\":0}", "local", &p, &err));
    CHECK_TEXT(p.variation.mood_category, "surreal_trip");
    CHECK_OK(plan(&mem, "{\"prompt\":\"x\",\"mood\":null}", "local", &p, &err));
    CHECK_TEXT(p.variation.mood_category, "luxury_reveal");
}

TEST(the_platform_gives_the_format_unless_the_request_does)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    struct shot_plan p;
    CHECK_OK(plan(&mem, "{\"prompt\":\"x\",\"platform\":\"tiktok\"}", "local", &p, &err));
    CHECK(p.render.width == 1080 && p.render.height == 1920);
    CHECK_NEAR(p.render.duration_s, 5, 0); /* the platform's 15 s stay advice */
    CHECK_INT(p.variation.duration, 15);
    CHECK_OK(
        plan(&mem, "{\"prompt\":\"x\",\"platform\":\"tiktok\",\"aspect_ratio\":\"1:1\"}", "local", &p, &err));
    CHECK(p.render.width == 1080 && p.render.height == 1080);
}

TEST(wishes_replace_the_strategy_s_choice)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    struct shot_plan p;
    CHECK_OK(plan(&mem,
                  "{\"prompt\":\"x\",\"camera_movement\":\"fish_eye\",\"lighting\":\"candlelight\","
                  "\"color_grade\":\"punchy\",\"fps\":24,\"seed\":7,\"size\":\"draft\",\"duration\":3}",
                  "local", &p, &err));
    CHECK_TEXT(p.render.camera_movement, "fish_eye");
    CHECK_TEXT(p.render.lighting, "candlelight");
    CHECK_TEXT(p.render.color_grade, "punchy");
    CHECK_TEXT(p.variation.color_grading, "punchy");
    CHECK(p.render.fps == 24 && p.render.seed == 7 && p.render.height == 540);
}

TEST(the_seed_comes_from_the_prompt_when_none_is_given)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    struct shot_plan a, b, c;
    CHECK_OK(plan(&mem, "{\"prompt\":\"x\"}", "local", &a, &err));
    CHECK_OK(plan(&mem, "{\"prompt\":\"x\"}", "local", &b, &err));
    CHECK_OK(plan(&mem, "{\"prompt\":\"y\"}", "local", &c, &err));
    CHECK_INT(a.render.seed, b.render.seed);
    CHECK(a.render.seed != c.render.seed && a.render.seed >= 0);
}

TEST(what_makes_no_sense_is_refused_by_name)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct {
        const char *json, *field;
    } rows[] = {
        { "{\"prompt\":\"\"}", "prompt" },
        { "{\"prompt\":\"  \"}", "prompt" },
        { "{}", "prompt" },
        { "{\"prompt\":\"x\",\"mood\":101}", "mood" },
        { "{\"prompt\":\"x\",\"mood\":-1}", "mood" },
        { "{\"prompt\":\"x\",\"platform\":\"vimeo\"}", "platform" },
        { "{\"prompt\":\"x\",\"aspect_ratio\":\"3:2\"}", "aspect_ratio" },
        { "{\"prompt\":\"x\",\"provider\":\"nobody\"}", "provider" },
        { "{\"prompt\":\"x\",\"duration\":0}", "duration" },
        { "{\"prompt\":\"x\",\"duration\":1000000000}", "duration" },
        { "{\"prompt\":\"x\",\"fps\":29}", "fps" },
        { "{\"prompt\":\"x\",\"camera_movement\":\"sideways\"}", "camera_movement" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { 0 };
        struct shot_plan p;
        CHECK_MSG(!plan(&mem, rows[i].json, "local", &p, &err), "%s was taken", rows[i].json);
        CHECK_TEXT(err.field, rows[i].field);
        CHECK_INT(err.cause, CAUSE_INVALID);
    }
}

TEST_MAIN
