/* Shots that cannot be rendered fail with a sentence and the field; tables hold what the vocabulary names. */
#include "render/render.h"

#include "test.h"

static struct shot good(void)
{
    return (struct shot){ .prompt = "a tree",
                          .mood_category = "intimate_story",
                          .camera_movement = "slow_push",
                          .lighting = "natural",
                          .color_grade = "natural",
                          .width = 64,
                          .height = 64,
                          .fps = 25,
                          .duration_s = 0.5,
                          .seed = 1,
                          .threads = 1 };
}

/* Opening fails, names this field and says it in a sentence. */
static bool refused(const struct shot *shot, const char *field)
{
    struct renderer *renderer = NULL;
    struct error err = { 0 };
    const bool opened = render_open(shot, &renderer, &err);
    render_close(renderer);
    const size_t n = strlen(err.text);
    return !opened && !renderer && strcmp(err.field, field) == 0 && n > 10 && err.text[n - 1] == '.';
}

TEST(sizes_are_limited)
{
    const int bad[] = { 0, -2, 15, 17, 4098, 1 << 30, -2147483647 - 1 };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct shot wide = good(), high = good();
        wide.width = bad[i], high.height = bad[i];
        CHECK(refused(&wide, "width") && refused(&high, "height"));
    }
}

TEST(durations_and_rates_are_limited)
{
    const double bad[] = { 0, -1, 0.499, 60.01, 1e9, NAN, INFINITY, -INFINITY };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct shot shot = good();
        shot.duration_s = bad[i];
        CHECK(refused(&shot, "duration_s"));
    }
    struct shot rate = good(), threads = good();
    rate.fps = 29, threads.threads = 0;
    CHECK(refused(&rate, "fps") && refused(&threads, "threads"));
}

TEST(unknown_names_are_refused)
{
    struct shot camera = good(), light = good(), grade = good(), mood = good(), none = good();
    camera.camera_movement = "moonwalk", light.lighting = "dark", grade.color_grade = "%s%n",
    mood.mood_category = "sad";
    none.prompt = NULL;
    CHECK(refused(&camera, "camera_movement") && refused(&light, "lighting") &&
          refused(&grade, "color_grade"));
    CHECK(refused(&mood, "mood_category") && refused(&none, "prompt"));
    camera.camera_movement = "";
    CHECK(refused(&camera, "camera_movement"));
}

TEST(impossible_pictures_are_refused)
{
    const uint8_t pixel[3] = { 1, 2, 3 };
    const struct picture bad[] = { { 0, 1, 3, pixel },
                                   { 1, -1, 3, pixel },
                                   { 20000, 1, 60000, pixel },
                                   { 1, 1, 2, pixel },
                                   { 1, 1, 3, NULL } };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct shot shot = good();
        shot.reference = &bad[i];
        CHECK(refused(&shot, "reference"));
    }
}

TEST(a_long_prompt_is_only_text)
{
    static char text[100001];
    memset(text, 'x', sizeof text - 1);
    struct shot shot = good();
    shot.prompt = text;
    struct renderer *renderer = NULL;
    struct error err;
    CHECK_OK(render_open(&shot, &renderer, &err));
    render_close(renderer);
}

TEST(only_frames_of_the_shot_exist)
{
    const struct shot shot = good();
    struct renderer *renderer = NULL;
    struct error err;
    uint8_t y[64 * 64], u[32 * 32], v[32 * 32];
    const struct planes out = { y, u, v, 64, 32 };
    CHECK_OK(render_open(&shot, &renderer, &err));
    CHECK_INT(render_frame_count(renderer), 13);
    CHECK(!render_frame(renderer, -1, &out, &err) && !render_frame(renderer, 13, &out, &err));
    CHECK_OK(render_frame(renderer, 12, &out, &err));
    render_close(renderer);
    render_close(NULL);
}

static bool listed(const char *(*name)(size_t), const char *wanted)
{
    for (size_t i = 0; name(i); i++)
        if (strcmp(name(i), wanted) == 0) return true;
    return false;
}

TEST(the_vocabulary_is_complete)
{
    const char *const cameras[] = { "fpv_drone",      "crash_zoom_in",    "whip_pan_right", "handheld_heavy",
                                    "bullet_time",    "dolly_slow",       "crane_up",       "pan_slow",
                                    "orbit_smooth",   "push_in_elegant",  "static_focus",   "handheld_subtle",
                                    "dolly_zoom",     "slow_push",        "rack_focus",     "spiral_zoom",
                                    "through_object", "inverted_gravity", "fish_eye" };
    const char *const lights[] = { "high_contrast", "neon_glow",    "strobe_effect", "harsh_shadows",
                                   "golden_hour",   "soft_key",     "rim_lighting",  "three_point",
                                   "natural",       "warm_ambient", "soft_window",   "candlelight",
                                   "neon_noir",     "volumetric",   "colored_gels",  "mystical_glow" };
    const char *const grades[] = { "vibrant",      "saturated",    "punchy",          "cinematic",
                                   "warm_tones",   "rich_colors",  "natural",         "muted_tones",
                                   "soft_palette", "experimental", "high_saturation", "split_toning" };
    for (size_t i = 0; i < COUNT_OF(cameras); i++)
        CHECK_MSG(listed(render_camera_name, cameras[i]), "%s", cameras[i]);
    for (size_t i = 0; i < COUNT_OF(lights); i++)
        CHECK_MSG(listed(render_lighting_name, lights[i]), "%s", lights[i]);
    for (size_t i = 0; i < COUNT_OF(grades); i++)
        CHECK_MSG(listed(render_grade_name, grades[i]), "%s", grades[i]);
    CHECK(!render_camera_name(COUNT_OF(cameras)) && !render_lighting_name(COUNT_OF(lights)) &&
          !render_grade_name(COUNT_OF(grades)));
    CHECK(render_category_name(3) && !render_category_name(4) && !render_category_name((size_t)-1));
}

TEST_MAIN
