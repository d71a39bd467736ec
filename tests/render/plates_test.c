/* A reference picture in motion: something to see everywhere, whatever its shape and whatever the camera. */
#include "render/render.h"

#include "film.h"
#include "test.h"

/* A bright picture with structure; no pixel is dark. */
static struct picture make(int width, int height)
{
    uint8_t *rgb = malloc((size_t)(3 * width * height));
    for (int y = 0; rgb && y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *at = rgb + 3 * (y * width + x);
            const bool figure = abs(2 * x - width) < width / 4 && 4 * y > height;
            at[0] = (uint8_t)(figure ? 220 : 120 + 60 * y / height + (x * 7 / 8 ^ y) % 24);
            at[1] = (uint8_t)(150 + (x * 5 ^ y * 3) % 32);
            at[2] = (uint8_t)(figure ? 110 : 220 - 60 * y / height);
        }
    return (struct picture){ width, height, 3 * width, rgb };
}

static struct shot shot_of(const char *camera, const struct picture *picture)
{
    return (struct shot){ .prompt = "",
                          .mood_category = "",
                          .camera_movement = camera,
                          .lighting = "natural",
                          .color_grade = "natural",
                          .width = 192,
                          .height = 108,
                          .fps = 24,
                          .duration_s = 1,
                          .seed = 1,
                          .reference = picture,
                          .threads = 1 };
}

/* Darkest of the frame's 8 x 8 blocks. */
static double darkest(const struct film *film)
{
    double least = 255;
    for (int y = 0; y + 8 <= film->height; y += 8)
        for (int x = 0; x + 8 <= film->width; x += 8) {
            double sum = 0;
            for (int i = 0; i < 64; i++) sum += film->planes.y[(y + i / 8) * film->width + x + i % 8];
            least = fmin(least, sum / 64);
        }
    return least;
}

TEST(no_camera_shows_a_black_border)
{
    const struct picture picture = make(320, 200);
    for (size_t i = 0; render_camera_name(i); i++) {
        const char *const name = render_camera_name(i);
        if (strcmp(name, "through_object") == 0) continue; /* its gate is dark on purpose */
        const struct shot shot = shot_of(name, &picture);
        struct film film;
        CHECK(film_open(&film, &shot));
        for (int64_t k = 0; k < film.count; k += 3) {
            CHECK(film_shoot(&film, k));
            CHECK_MSG(darkest(&film) > 60, "%s frame %lld has a block of luma %g", name, (long long)k,
                      darkest(&film));
        }
        film_close(&film);
    }
    free((void *)(uintptr_t)picture.rgb);
}

TEST(a_gate_opens_on_the_picture)
{
    const struct picture picture = make(320, 200);
    const struct shot shot = shot_of("through_object", &picture);
    struct film film;
    CHECK(film_open(&film, &shot));
    CHECK(film_shoot(&film, 0));
    CHECK(darkest(&film) < 40);
    CHECK(film_shoot(&film, film.count - 1));
    CHECK(darkest(&film) > 60);
    film_close(&film);
    free((void *)(uintptr_t)picture.rgb);
}

TEST(any_shape_of_picture_fills_any_frame)
{
    const int sizes[][2] = { { 16, 16 }, { 1, 1 }, { 400, 30 }, { 30, 400 }, { 640, 480 }, { 17, 301 } };
    const int frames[][2] = { { 160, 90 }, { 90, 160 }, { 120, 120 }, { 168, 72 } };
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const struct picture picture = make(sizes[i][0], sizes[i][1]);
        for (size_t k = 0; k < COUNT_OF(frames); k++) {
            struct shot shot = shot_of("orbit_smooth", &picture);
            shot.width = frames[k][0], shot.height = frames[k][1];
            struct film film;
            CHECK(film_open(&film, &shot));
            CHECK(film_shoot(&film, 2) && darkest(&film) > 60);
            film_close(&film);
        }
        free((void *)(uintptr_t)picture.rgb);
    }
}

TEST(the_opening_view_is_the_picture)
{
    const struct picture picture = make(192, 108);
    const struct shot shot = shot_of("static_focus", &picture);
    struct film film;
    CHECK(film_open(&film, &shot) && film_shoot(&film, 0));
    double error = 0;
    for (int y = 20; y < 88; y++)
        for (int x = 30; x < 160; x++) {
            const int px = (int)(96 + (x - 96) / 1.06), py = (int)(54 + (y - 54) / 1.06);
            const uint8_t *at = picture.rgb + 3 * (py * 192 + px);
            const double luma = 16 + 219 * (0.2126 * at[0] + 0.7152 * at[1] + 0.0722 * at[2]) / 255;
            error += fabs(film.planes.y[y * 192 + x] - luma) / (68 * 130);
        }
    CHECK_MSG(error < 14, "mean error %g", error);
    film_close(&film);
    free((void *)(uintptr_t)picture.rgb);
}

TEST(planes_part_when_the_camera_moves)
{
    const struct picture picture = make(320, 200);
    const struct shot shot = shot_of("orbit_smooth", &picture);
    struct film film;
    CHECK(film_open(&film, &shot) && film_shoot(&film, 0));
    uint8_t *first = malloc((size_t)film.pixels);
    CHECK(first != NULL);
    memcpy(first, film.planes.y, (size_t)film.pixels);
    CHECK(film_shoot(&film, film.count - 1));
    long changed = 0;
    for (long i = 0; i < film.pixels; i++) changed += abs(first[i] - film.planes.y[i]) > 6;
    CHECK_MSG(changed > film.pixels / 40, "%ld of %ld pixels changed", changed, film.pixels);
    free(first);
    film_close(&film);
    free((void *)(uintptr_t)picture.rgb);
}

TEST_MAIN
