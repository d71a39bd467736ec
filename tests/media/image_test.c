#include "fixture.h"

#include "media/image.h"

#include <vips/vips.h>

/* Red on the left, blue on the right, brighter downwards. */
static bool draw(struct image *image, int width, int height)
{
    struct error err;
    if (!image_init(image, width, height, &err)) return false;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *const at = image->rgb + 3 * (y * width + x);
            at[0] = x * 2 < width ? 220 : 20;
            at[1] = (uint8_t)(y * 100 / height);
            at[2] = x * 2 < width ? 20 : 220;
        }
    return true;
}

static int drawn_file(enum image_format format, int width, int height, int max_side)
{
    struct error err;
    AUTO(image) struct image image = { 0 };
    const int fd = new_file();
    if (!draw(&image, width, height) || !image_write(&image, format, max_side, fd, &err)) abort();
    return fd;
}

static const uint8_t *pixel(const struct image *image, int x, int y)
{
    return image->rgb + 3 * (y * image->width + x);
}

TEST(pictures_come_back)
{
    for (enum image_format format = IMAGE_JPEG; format <= IMAGE_PNG; format++) {
        struct error err;
        struct media_facts facts;
        AUTO(image) struct image image = { 0 };
        AUTO(fd) int fd = drawn_file(format, 200, 100, 0);
        CHECK(image_is_known(fd));
        CHECK_OK(image_load(fd, 0, &image, &facts, &err));
        CHECK_TEXT(facts.mime_type, format == IMAGE_JPEG ? "image/jpeg" : "image/png");
        CHECK_INT(facts.file_size, file_bytes(fd));
        CHECK_INT(image.width, 200);
        CHECK_INT(image.height, 100);
        CHECK_NEAR(pixel(&image, 30, 50)[0], 220, 6);
        CHECK_NEAR(pixel(&image, 170, 50)[2], 220, 6);
    }
}

TEST(one_pixel_is_a_picture)
{
    struct error err;
    AUTO(image) struct image image = { 0 };
    AUTO(fd) int fd = drawn_file(IMAGE_PNG, 1, 1, 256);
    CHECK_OK(image_load(fd, 256, &image, NULL, &err));
    CHECK_INT(image.width, 1);
    CHECK_INT(image.height, 1);
}

TEST(shrinking_keeps_the_shape_and_never_enlarges)
{
    static const struct {
        int width, height, side, to_width, to_height;
    } rows[] = {
        { 400, 200, 100, 100, 50 }, { 30, 900, 90, 3, 90 }, { 4000, 2, 256, 256, 1 }, { 50, 40, 256, 50, 40 }
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        struct media_facts facts;
        AUTO(image) struct image loaded = { 0 }, written = { 0 };
        AUTO(fd) int fd = drawn_file(IMAGE_PNG, rows[i].width, rows[i].height, 0);
        AUTO(fd) int small = drawn_file(IMAGE_JPEG, rows[i].width, rows[i].height, rows[i].side);
        CHECK_OK(image_load(fd, rows[i].side, &loaded, &facts, &err));
        CHECK_INT(facts.width, rows[i].width);
        CHECK_INT(loaded.width, rows[i].to_width);
        CHECK_INT(loaded.height, rows[i].to_height);
        CHECK_OK(image_load(small, 0, &written, NULL, &err));
        CHECK_INT(written.width, rows[i].to_width);
        CHECK_INT(written.height, rows[i].to_height);
    }
}

static int oriented_file(int orientation)
{
    struct image image;
    void *bytes;
    size_t size;
    if (!draw(&image, 60, 40)) abort();
    VipsImage *const plain =
        vips_image_new_from_memory_copy(image.rgb, 60 * 40 * 3, 60, 40, 3, VIPS_FORMAT_UCHAR);
    plain->Type = VIPS_INTERPRETATION_sRGB;
    vips_image_set_int(plain, VIPS_META_ORIENTATION, orientation);
    if (vips_jpegsave_buffer(plain, &bytes, &size, "Q", 95, NULL)) abort();
    const int fd = file_with(bytes, size);
    g_free(bytes);
    g_object_unref(plain);
    image_close(&image);
    return fd;
}

TEST(exif_orientation_is_applied)
{
    struct error err;
    struct media_facts facts;
    AUTO(image) struct image clockwise = { 0 }, upside_down = { 0 };
    AUTO(fd) int six = oriented_file(6);
    AUTO(fd) int three = oriented_file(3);
    CHECK_OK(image_load(six, 0, &clockwise, &facts, &err));
    CHECK_INT(facts.width, 40);
    CHECK_INT(facts.height, 60);
    CHECK_INT(clockwise.width, 40);
    CHECK_NEAR(pixel(&clockwise, 20, 10)[0], 220, 12);
    CHECK_NEAR(pixel(&clockwise, 20, 50)[2], 220, 12);
    CHECK_OK(image_load(three, 0, &upside_down, &facts, &err));
    CHECK_NEAR(pixel(&upside_down, 10, 20)[2], 220, 12);
}

TEST(turning_goes_clockwise)
{
    struct error err;
    AUTO(image) struct image image = { 0 };
    CHECK(draw(&image, 8, 4));
    CHECK_OK(image_turn(&image, 1, &err));
    CHECK_INT(image.width, 4);
    CHECK_INT(image.height, 8);
    CHECK_INT(pixel(&image, 0, 0)[0], 220);
    CHECK_INT(pixel(&image, 0, 7)[2], 220);
    CHECK_INT(pixel(&image, 3, 0)[1], 0);
    CHECK_OK(image_turn(&image, 3, &err));
    CHECK_OK(image_turn(&image, 2, &err));
    CHECK_INT(image.width, 8);
    CHECK_INT(pixel(&image, 0, 0)[2], 220);
}

TEST(transparent_becomes_white_and_grey_becomes_rgb)
{
    struct error err;
    static uint8_t clear[16 * 16 * 4];
    static uint8_t grey[16 * 16];
    memset(grey, 77, sizeof grey);
    void *bytes;
    size_t size;
    for (int bands = 1; bands <= 4; bands += 3) {
        AUTO(image) struct image image = { 0 };
        VipsImage *const made = vips_image_new_from_memory_copy(
            bands == 4 ? clear : grey, 256 * (size_t)bands, 16, 16, bands, VIPS_FORMAT_UCHAR);
        made->Type = bands == 4 ? VIPS_INTERPRETATION_sRGB : VIPS_INTERPRETATION_B_W;
        CHECK(!vips_pngsave_buffer(made, &bytes, &size, NULL));
        AUTO(fd) int fd = file_with(bytes, size);
        g_free(bytes);
        g_object_unref(made);
        CHECK_OK(image_load(fd, 0, &image, NULL, &err));
        CHECK_INT(pixel(&image, 7, 7)[1], bands == 4 ? 255 : 77);
    }
}

static uint32_t crc32_of(const uint8_t *at, size_t size)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static size_t add_chunk(uint8_t *to, const char *type, const uint8_t *data, uint32_t size)
{
    memcpy(to,
           (uint8_t[]){ (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size },
           4);
    memcpy(to + 4, type, 4);
    memcpy(to + 8, data, size);
    const uint32_t crc = crc32_of(to + 4, size + 4);
    memcpy(to + 8 + size,
           (uint8_t[]){ (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc }, 4);
    return size + 12;
}

/* A few bytes that promise `side` x `side` pixels. */
static int bomb(uint32_t side)
{
    const uint8_t high = (uint8_t)(side >> 24), b = (uint8_t)(side >> 16), c = (uint8_t)(side >> 8),
                  low = (uint8_t)side;
    const uint8_t header[13] = { high, b, c, low, high, b, c, low, 8, 2 };
    const uint8_t zeros[] = { 0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1 };
    uint8_t file[128] = "\x89PNG\r\n\x1a\n";
    size_t size = 8;
    size += add_chunk(file + size, "IHDR", header, sizeof header);
    size += add_chunk(file + size, "IDAT", zeros, sizeof zeros);
    size += add_chunk(file + size, "IEND", zeros, 0);
    return file_with(file, size);
}

TEST(decompression_bombs_are_refused_unopened)
{
    static const uint32_t sides[] = { 10001, 50000, 0x7fffffff };
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        struct error err;
        AUTO(image) struct image image = { 0 };
        AUTO(fd) int fd = bomb(sides[i]);
        CHECK(!image_load(fd, 256, &image, NULL, &err));
        CHECK_MSG(err.cause == CAUSE_TOO_LARGE || err.cause == CAUSE_BAD_MEDIA, "%s", err.text);
    }
    struct error err;
    AUTO(image) struct image image = { 0 };
    AUTO(fd) int promised = bomb(9000); /* few enough pixels, but they are not there */
    CHECK(!image_load(promised, 256, &image, NULL, &err));
    CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
}

TEST(what_is_no_picture_is_refused)
{
    static const char svg[] = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect/></svg>";
    static const char tiff[] = "II*\0\x08\0\0\0\0\0\0\0";
    static const char pdf[] = "%PDF-1.4 nothing";
    const struct {
        const void *bytes;
        size_t size;
    } rows[] = { { "", 0 },
                 { svg, sizeof svg },
                 { tiff, sizeof tiff },
                 { pdf, sizeof pdf },
                 { "\xff\xd8\xff\xe0", 4 },
                 { "\x89PNG\r\n\x1a\n", 8 },
                 { "GIF89a", 6 },
                 { "RIFF\x10\0\0\0WEBPVP8 ", 16 } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(image) struct image image = { 0 };
        AUTO(fd) int fd = file_with(rows[i].bytes, rows[i].size);
        CHECK(!image_load(fd, 0, &image, NULL, &err));
        CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
        CHECK(err.text[0]);
    }
}

TEST(a_picture_cut_short_is_refused)
{
    for (enum image_format format = IMAGE_JPEG; format <= IMAGE_PNG; format++) {
        struct error err;
        AUTO(image) struct image image = { 0 };
        AUTO(fd) int whole = drawn_file(format, 640, 480, 0);
        AUTO(fd) int fd = file_start(whole, file_bytes(whole) / 2);
        CHECK(!image_load(fd, 0, &image, NULL, &err));
        CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
    }
}

int main(int argc, char **argv)
{
    struct error err;
    if (media_open(&err)) return run_tests(argc, argv);
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
