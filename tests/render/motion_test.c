/* Every camera moves as its row says: global motion measured in the frames is compared with the signature. */
#include "render/camera.h"
#include "render/render.h"

#include "film.h"
#include "passage.h"
#include "test.h"

/* Every `stride`th frame of a film. */
struct take {
    struct film film;
    int64_t next;
    int stride;
};

static const uint8_t *next_drawn(struct reel *reel)
{
    struct take *take = reel->of;
    if (take->next >= take->film.count || !film_shoot(&take->film, take->next)) return NULL;
    take->next += take->stride;
    return take->film.planes.y;
}

static bool walk(const struct shot *shot, int stride, struct passage *out)
{
    struct take take = { .stride = stride };
    struct reel reel = { shot->width, shot->height, next_drawn, &take };
    if (!film_open(&take.film, shot)) return false;
    const bool done = passage_measure(camera_find(shot->camera_movement), &reel, out);
    film_close(&take.film);
    return done && take.next >= take.film.count;
}

static bool follows(const struct camera *camera, const struct shot *shot, const struct passage *passage)
{
    const struct reel reel = { .width = shot->width, .height = shot->height };
    return passage_follows(camera, &reel, passage);
}

static struct shot shot_of(const char *camera)
{
    return (struct shot){ .prompt = "a house in the mountains",
                          .mood_category = "",
                          .camera_movement = camera,
                          .lighting = "natural",
                          .color_grade = "natural",
                          .width = 320,
                          .height = 180,
                          .fps = 24,
                          .duration_s = 1.25,
                          .seed = 4,
                          .threads = 2 };
}

TEST(every_camera_moves_as_its_row_says)
{
    int missed = 0;
    for (size_t i = 0; i < camera_count; i++) {
        const struct shot shot = shot_of(cameras[i].name);
        struct passage passage;
        CHECK(walk(&shot, 1, &passage));
        missed += !follows(&cameras[i], &shot, &passage);
    }
    CHECK_INT(missed, 0);
}

TEST(large_frames_move_alike)
{
    const char *const names[] = { "pan_slow", "slow_push" };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct shot shot = shot_of(names[i]);
        shot.width = 1920, shot.height = 1080, shot.duration_s = 1;
        struct passage passage;
        CHECK(walk(&shot, 4, &passage));
        CHECK(follows(camera_find(names[i]), &shot, &passage));
    }
}

TEST(a_static_camera_does_not_move_by_a_pixel)
{
    const struct shot shot = shot_of("static_focus");
    struct passage passage;
    CHECK(walk(&shot, 6, &passage));
    CHECK(fabs(passage.total.right) < 0.5 && fabs(passage.total.down) < 0.5);
}

TEST(hands_shake_and_heavy_hands_shake_more)
{
    const struct shot heavy = shot_of("handheld_heavy"), subtle = shot_of("handheld_subtle"),
                      still = shot_of("static_focus");
    struct passage a, b, c;
    CHECK(walk(&heavy, 2, &a) && walk(&subtle, 2, &b) && walk(&still, 2, &c));
    CHECK_MSG(a.unrest > 1.6 * b.unrest, "heavy %g, subtle %g", a.unrest, b.unrest);
    CHECK_MSG(b.unrest > 1.5 * c.unrest, "subtle %g, still %g", b.unrest, c.unrest);
}

TEST(a_crash_zoom_is_fast_and_a_push_is_slow)
{
    const struct shot crash = shot_of("crash_zoom_in"), push = shot_of("slow_push");
    struct passage a, b;
    CHECK(walk(&crash, 1, &a) && walk(&push, 1, &b));
    CHECK_MSG(a.most.grow > 5 * b.most.grow, "crash %g, push %g", a.most.grow, b.most.grow);
}

/* The scale at which the middle of one frame looks most like the middle of another. */
static double scale_between(const struct film *film, const uint8_t *from, const uint8_t *to)
{
    const int wide = film->width / 20, high = film->height / 5;
    double best = 1, least = 1e18;
    for (double scale = 0.6; scale < 1.7; scale += 0.02) {
        double sum = 0;
        for (int y = -high; y <= high; y++)
            for (int x = -wide; x <= wide; x++) {
                const int i = (int)lround(film->width / 2 + x / scale),
                          j = (int)lround(film->height / 2 + y / scale);
                const int d = to[(film->height / 2 + y) * film->width + film->width / 2 + x] -
                              from[j * film->width + i];
                sum += d * d;
            }
        if (sum < least) least = sum, best = scale;
    }
    return best;
}

static double subject_grows(const char *camera)
{
    struct shot shot = shot_of(camera);
    shot.prompt = "a lighthouse";
    struct film film;
    if (!film_open(&film, &shot)) return 0;
    uint8_t *first = malloc((size_t)film.pixels);
    const bool begun = first && film_shoot(&film, 0);
    if (begun) memcpy(first, film.planes.y, (size_t)film.pixels);
    const double scale =
        begun && film_shoot(&film, film.count - 1) ? scale_between(&film, first, film.planes.y) : 0;
    free(first);
    film_close(&film);
    return scale;
}

TEST(a_dolly_zoom_keeps_the_size_of_its_subject)
{
    CHECK_NEAR(subject_grows("dolly_zoom"), 1, 0.05);
    const double pushed = subject_grows("dolly_slow");
    CHECK_MSG(pushed > 1.2, "a dolly makes it grow by %g", pushed);
}

/* Energy of horizontal differences: falls where motion blur or focus smears. */
static double crispness(const struct film *film, double x0, double x1, double y0, double y1)
{
    double sum = 0;
    long count = 0;
    for (int y = (int)(y0 * film->height); y < (int)(y1 * film->height); y++)
        for (int x = (int)(x0 * film->width) + 1; x < (int)(x1 * film->width); x++, count++) {
            const int d = film->planes.y[y * film->width + x] - film->planes.y[y * film->width + x - 1];
            sum += d * d;
        }
    return sum / (double)count;
}

TEST(a_whip_pan_smears)
{
    const struct shot shot = shot_of("whip_pan_right");
    struct film film;
    CHECK(film_open(&film, &shot));
    CHECK(film_shoot(&film, film.count - 1));
    const double rest = crispness(&film, 0, 1, 0.3, 1);
    double least = rest;
    for (int64_t i = 0; i < film.count; i += 2) {
        CHECK(film_shoot(&film, i));
        least = fmin(least, crispness(&film, 0, 1, 0.3, 1));
    }
    film_close(&film);
    CHECK_MSG(least < 0.5 * rest, "smeared %g, at rest %g", least, rest);
}

TEST(rack_focus_moves_the_sharp_plane)
{
    const struct shot shot = shot_of("rack_focus");
    struct film film;
    CHECK(film_open(&film, &shot));
    CHECK(film_shoot(&film, 0));
    const double before = crispness(&film, 0.4, 0.6, 0.35, 0.7);
    CHECK(film_shoot(&film, film.count - 1));
    const double after = crispness(&film, 0.4, 0.6, 0.35, 0.7);
    film_close(&film);
    CHECK_MSG(after > 1.5 * before, "subject %g, then %g", before, after);
}

TEST(a_fish_eye_bends_straight_lines)
{
    const struct shot shot = shot_of("fish_eye");
    CHECK(camera_find(shot.camera_movement)->fisheye > 0);
    struct sight sight = camera_at(camera_find("fish_eye"), 0.5, 1, 0, 1, 1);
    CHECK(sight.zoom < 0.8f);
}

/* Smooth random brightness without a period. */
static double cloth(double x, double y)
{
    double sum = 128;
    for (int i = 0; i < 9; i++)
        sum +=
            14 * sin(x * cos(i * 2.4) * (0.06 + 0.037 * i) + y * sin(i * 2.4) * (0.06 + 0.037 * i) + i * i);
    return sum;
}

TEST(the_estimator_measures_known_motion)
{
    enum { W = 320, H = 180 };
    static uint8_t a[W * H], b[W * H];
    for (int k = 0; k < 3; k++) {
        const double grow = k == 1 ? 0.02 : 0, turn = k == 2 ? 0.02 : 0, right = 3.4, down = -1.7;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                const double cx = x - W / 2.0, cy = y - H / 2.0, s = exp(-grow), px = cx - right,
                             py = cy - down;
                a[y * W + x] = (uint8_t)cloth(cx, cy);
                b[y * W + x] = (uint8_t)cloth(s * (px * cos(turn) + py * sin(turn)),
                                              s * (py * cos(turn) - px * sin(turn)));
            }
        const struct motion motion = motion_between(a, b, W, H);
        CHECK_NEAR(motion.right, right, 0.25);
        CHECK_NEAR(motion.down, down, 0.25);
        CHECK_NEAR(motion.grow, grow, 0.004);
        CHECK_NEAR(motion.turn, turn * 180 / M_PI, 0.2);
    }
}

TEST_MAIN
