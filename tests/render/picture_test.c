/* What the pictures look like: colours follow the grade and the lighting, nothing is black, edges are filled,
 * and the same shot is the same bytes. */
#include "render/grade.h"
#include "render/render.h"

#include "film.h"
#include "test.h"

static struct shot small(const char *camera)
{
    return (struct shot){ .prompt = "a lone lighthouse",
                          .mood_category = "",
                          .camera_movement = camera,
                          .lighting = "natural",
                          .color_grade = "natural",
                          .width = 160,
                          .height = 90,
                          .fps = 24,
                          .duration_s = 1,
                          .seed = 3,
                          .threads = 1 };
}

/* All planes of one frame, to be freed; NULL on failure. */
static uint8_t *frame_of(const struct shot *shot, int64_t index)
{
    struct film film;
    if (!film_open(&film, shot)) return NULL;
    uint8_t *bytes = film_shoot(&film, index) ? film.planes.y : NULL;
    if (bytes) film.planes.y = NULL;
    film_close(&film);
    return bytes;
}

struct colours {
    double luma, spread; /* mean and standard deviation of Y' */
    double blue, red;    /* mean Cb, Cr around 0 */
    double saturation;   /* mean distance from grey */
    double corner;       /* mean Y' of the corners over that of the middle */
    double darkest;      /* 1st percentile of Y' */
};

static struct colours colours_of(const struct shot *shot, int64_t index)
{
    struct colours c = { 0 };
    uint8_t *at = frame_of(shot, index);
    if (!at) return c;
    const int w = shot->width, h = shot->height, n = w * h, m = n / 4;
    double squares = 0, edge = 0, middle = 0;
    long edges = 0, middles = 0, levels[256] = { 0 };
    for (int i = 0; i < n; i++) {
        const double x = (i % w - w / 2.0) / w * 2, y = (i / w - h / 2.0) / h * 2, r = x * x + y * y;
        c.luma += at[i], squares += at[i] * at[i], levels[at[i]]++;
        if (r > 1.4) edge += at[i], edges++;
        if (r < 0.3) middle += at[i], middles++;
    }
    for (int i = 0; i < m; i++) {
        const double u = at[n + i] - 128, v = at[n + m + i] - 128;
        c.blue += u / m, c.red += v / m, c.saturation += hypot(u, v) / m;
    }
    c.luma /= n;
    c.spread = sqrt(squares / n - c.luma * c.luma);
    c.corner = edge / (double)edges / (middle / (double)middles);
    for (long sum = 0; sum < n / 100; c.darkest++) sum += levels[(int)c.darkest];
    free(at);
    return c;
}

static struct colours graded(const char *grade)
{
    struct shot shot = small("static_focus");
    shot.color_grade = grade;
    return colours_of(&shot, 0);
}

static struct colours lit(const char *light)
{
    struct shot shot = small("static_focus");
    shot.lighting = light;
    return colours_of(&shot, 0);
}

TEST(grades_differ_in_the_stated_direction)
{
    const struct colours natural = graded("natural");
    CHECK(graded("vibrant").saturation > 1.1 * natural.saturation);
    CHECK(graded("saturated").saturation > graded("vibrant").saturation);
    CHECK(graded("high_saturation").saturation > graded("saturated").saturation);
    CHECK(graded("rich_colors").saturation > 1.05 * natural.saturation);
    CHECK(graded("muted_tones").saturation < 0.8 * natural.saturation);
    CHECK(graded("punchy").spread > 1.05 * natural.spread);
    CHECK(graded("soft_palette").spread < natural.spread);
    CHECK(graded("soft_palette").darkest > natural.darkest + 2);
    CHECK(graded("warm_tones").red > natural.red + 2 && graded("warm_tones").blue < natural.blue - 2);
    CHECK(graded("cinematic").corner < natural.corner);
}

static double distance(struct colours a, struct colours b)
{
    return fabs(a.luma - b.luma) + fabs(a.spread - b.spread) + 2 * fabs(a.blue - b.blue) +
           2 * fabs(a.red - b.red) + 60 * fabs(a.corner - b.corner) + fabs(a.saturation - b.saturation);
}

TEST(every_grade_is_its_own)
{
    struct colours seen[32];
    for (size_t i = 0; render_grade_name(i); i++) {
        seen[i] = graded(render_grade_name(i));
        CHECK_MSG(seen[i].luma > 30 && seen[i].luma < 225, "%s has luma %g", render_grade_name(i),
                  seen[i].luma);
        for (size_t k = 0; k < i; k++)
            CHECK_MSG(distance(seen[i], seen[k]) > 2.5, "%s looks like %s", render_grade_name(i),
                      render_grade_name(k));
    }
}

TEST(every_lighting_is_its_own)
{
    struct colours seen[32];
    for (size_t i = 0; render_lighting_name(i); i++) {
        seen[i] = lit(render_lighting_name(i));
        CHECK_MSG(seen[i].luma > 22 && seen[i].luma < 225, "%s has luma %g", render_lighting_name(i),
                  seen[i].luma);
        for (size_t k = 0; k < i; k++)
            CHECK_MSG(distance(seen[i], seen[k]) > 4, "%s looks like %s", render_lighting_name(i),
                      render_lighting_name(k));
    }
}

TEST(lighting_goes_the_stated_way)
{
    const struct colours natural = lit("natural");
    CHECK(lit("golden_hour").red > natural.red + 5 && lit("candlelight").red > natural.red + 8);
    CHECK(lit("neon_noir").luma < 0.7 * natural.luma && lit("neon_glow").luma < 0.9 * natural.luma);
    CHECK(lit("high_contrast").spread > lit("soft_key").spread);
}

TEST(a_strobe_pulses_and_a_candle_flickers)
{
    const char *const names[] = { "strobe_effect", "candlelight", "natural" };
    double swing[3];
    for (size_t i = 0; i < 3; i++) {
        struct shot shot = small("static_focus");
        shot.lighting = names[i];
        double least = 999, most = 0;
        for (int64_t k = 0; k < 24; k += 3) {
            const double luma = colours_of(&shot, k).luma;
            least = fmin(least, luma), most = fmax(most, luma);
        }
        swing[i] = most - least;
    }
    CHECK_MSG(swing[0] > 25 && swing[1] > 2 && swing[2] < 1.5, "strobe %g, candle %g, still %g", swing[0],
              swing[1], swing[2]);
}

static bool same_frame(const struct shot *a, const struct shot *b, int64_t index)
{
    uint8_t *x = frame_of(a, index), *y = frame_of(b, index);
    const bool same = x && y && memcmp(x, y, (size_t)(a->width * a->height * 3 / 2)) == 0;
    free(x);
    free(y);
    return same;
}

TEST(the_same_shot_is_the_same_bytes)
{
    const struct shot one = small("fpv_drone");
    struct shot two = one, other = one, prompt = one;
    two.threads = 3;
    other.seed = 4;
    prompt.prompt = "a lone lighthouse again";
    CHECK(same_frame(&one, &one, 12));
    CHECK(same_frame(&one, &two, 12));
    CHECK(!same_frame(&one, &other, 12));
    CHECK(!same_frame(&one, &prompt, 12));
}

TEST(frames_come_in_any_order)
{
    const struct shot shot = small("crash_zoom_in");
    struct film film;
    CHECK(film_open(&film, &shot));
    CHECK(film_shoot(&film, 20) && film_shoot(&film, 3) && film_shoot(&film, 9));
    uint8_t *alone = frame_of(&shot, 9);
    CHECK(alone && memcmp(alone, film.planes.y, (size_t)film.bytes) == 0);
    free(alone);
    film_close(&film);
}

TEST(every_prompt_word_makes_a_picture)
{
    const char *const prompts[] = { "",       "a city at night", "desert day",
                                    "snow",   "forest fog",      "storm at sea",
                                    "canyon", "lake house dawn", "mountain dusk rain",
                                    "hills",  "\xff\xfe\x01",    "woman in a field of snow at midnight" };
    for (size_t i = 0; i < COUNT_OF(prompts); i++) {
        struct shot shot = small("orbit_smooth");
        shot.prompt = prompts[i];
        const struct colours c = colours_of(&shot, 12);
        CHECK_MSG(c.luma > 22 && c.luma < 230 && c.spread > 4, "'%s' has luma %g, spread %g", prompts[i],
                  c.luma, c.spread);
    }
}

TEST(all_shapes_and_lengths)
{
    const struct {
        int width, height;
    } aspects[] = { { 240, 134 }, { 134, 240 }, { 134, 168 }, { 134, 134 }, { 314, 134 } };
    const double lengths[] = { 0.5, 0.77, 1.013, 59.99, 60 };
    const int rates[] = { 24, 25, 30, 60, 24 };
    for (size_t i = 0; i < COUNT_OF(aspects); i++) {
        struct shot shot = small("dolly_slow");
        shot.width = aspects[i].width, shot.height = aspects[i].height;
        shot.duration_s = lengths[i], shot.fps = rates[i];
        struct film film;
        CHECK(film_open(&film, &shot));
        CHECK_INT(film.count, llround(lengths[i] * rates[i]));
        const int64_t poster = render_poster_frame(film.renderer);
        CHECK(poster >= 0 && poster < film.count);
        CHECK(film_shoot(&film, film.count - 1) && film_shoot(&film, poster));
        film_close(&film);
    }
}

TEST(the_slate_is_written)
{
    struct shot shot = small("static_focus"), slate;
    shot.width = 640, shot.height = 360;
    slate = shot;
    slate.slate = true;
    CHECK(!same_frame(&shot, &slate, 5));
}

TEST_MAIN
