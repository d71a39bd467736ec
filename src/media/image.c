#include "media/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vips/vips.h>

static void vips_object_cleanup(VipsImage **image) { g_clear_object(image); }
static void vips_source_cleanup(VipsSource **source) { g_clear_object(source); }

static const struct kind {
    const char *format, *mime, *magic;
    size_t magic_at, magic_bytes;
} kinds[] = {
    { "jpeg", "image/jpeg", "\xff\xd8\xff", 0, 3 }, { "png", "image/png", "\x89PNG\r\n\x1a\n", 0, 8 },
    { "webp", "image/webp", "WEBPVP8", 8, 7 },      { "gif", "image/gif", "GIF87a", 0, 6 },
    { "gif", "image/gif", "GIF89a", 0, 6 },
};

enum { FIRST_BYTES = 16 };

static const struct kind *kind_of(const char first[FIRST_BYTES])
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (memcmp(first + kinds[i].magic_at, kinds[i].magic, kinds[i].magic_bytes) == 0) return &kinds[i];
    return NULL;
}

static const struct kind *find_kind(int fd)
{
    char first[FIRST_BYTES] = { 0 };
    return pread(fd, first, sizeof first, 0) < 0 ? NULL : kind_of(first);
}

bool image_is_known(int fd) { return find_kind(fd) != NULL; }

/* libvips keeps its complaints in one text of many lines; the first says enough. */
static bool bad_picture(struct error *err, const char *what)
{
    vips_error_clear(); /* the library's own words name its insides */
    return fail(err, CAUSE_BAD_MEDIA, "%s", what);
}

static bool check_file(int fd, const struct kind **kind_out, int64_t *size_out, struct error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0) return fail_errno(err, errno, "the picture cannot be read");
    if (info.st_size == 0) return fail(err, CAUSE_BAD_MEDIA, "the picture file is empty");
    if (info.st_size > IMAGE_MAX_FILE_BYTES)
        return fail(err, CAUSE_TOO_LARGE, "the picture file is larger than %d MB",
                    IMAGE_MAX_FILE_BYTES / 1000000);
    *kind_out = find_kind(fd);
    if (!*kind_out) return fail(err, CAUSE_BAD_MEDIA, "the file is not a JPEG, PNG, WebP or GIF picture");
    *size_out = info.st_size;
    return true;
}

/* Reads the header only; the rows follow once, from top to bottom, when somebody asks for them. */
static bool open_source(VipsSource *source, VipsImage **out, struct error *err)
{
    AUTO(vips_object) VipsImage *image = NULL;
    if (source)
        image = vips_image_new_from_source(source, "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                           VIPS_FAIL_ON_ERROR, NULL);
    if (!image) {
        vips_error_clear(); /* it names the loaders it may not try */
        return fail(err, CAUSE_BAD_MEDIA, "the picture is damaged or of an unusual kind");
    }
    if ((int64_t)image->Xsize * image->Ysize > IMAGE_MAX_PIXELS)
        return fail(err, CAUSE_TOO_LARGE, "the picture of %dx%d is larger than 100 million pixels",
                    image->Xsize, image->Ysize);
    *out = g_steal_pointer(&image);
    return true;
}

static bool open_picture(int fd, VipsImage **out, struct error *err)
{
    if (lseek(fd, 0, SEEK_SET) != 0) return fail_errno(err, errno, "the picture cannot be read");
    AUTO(vips_source) VipsSource *source = vips_source_new_from_descriptor(fd);
    return open_source(source, out, err);
}

bool image_check(int fd, struct error *err)
{
    const struct kind *kind;
    int64_t size_bytes;
    AUTO(vips_object) VipsImage *image = NULL;
    return check_file(fd, &kind, &size_bytes, err) && open_picture(fd, &image, err);
}

/* One step of a chain of operations: on success the result takes the place of *image. */
static bool became(VipsImage **image, int failed, VipsImage **result)
{
    if (failed) return false;
    g_object_unref(*image);
    *image = *result;
    return true;
}

static bool to_srgb(VipsImage **image)
{
    VipsImage *next = NULL;
    if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME)) {
        if (became(image, vips_icc_transform(*image, &next, "srgb", "embedded", TRUE, NULL), &next))
            return true;
        vips_error_clear(); /* a broken profile is no reason to refuse the picture */
    }
    return became(image, vips_colourspace(*image, &next, VIPS_INTERPRETATION_sRGB, NULL), &next);
}

static bool onto_white(VipsImage **image)
{
    if (!vips_image_hasalpha(*image)) return true;
    VipsImage *next = NULL;
    VipsArrayDouble *const white = vips_array_double_newv(1, 255.0);
    const bool done = became(image, vips_flatten(*image, &next, "background", white, NULL), &next);
    vips_area_unref(VIPS_AREA(white));
    return done;
}

static bool shrink(VipsImage **image, int max_side)
{
    VipsImage *next = NULL;
    const int long_side = VIPS_MAX((*image)->Xsize, (*image)->Ysize);
    if (max_side <= 0 || long_side <= max_side) return true;
    const double scale = (double)max_side / long_side;
    const double across = VIPS_MAX(scale, 1.0 / (*image)->Xsize),
                 down = VIPS_MAX(scale, 1.0 / (*image)->Ysize);
    return became(image, vips_resize(*image, &next, across, "vscale", down, NULL), &next);
}

/* Turning needs the rows in another order, so it comes last, when the picture is small. */
static bool upright(VipsImage **image)
{
    VipsImage *next = NULL;
    if (vips_image_get_orientation(*image) == 1) return true;
    next = vips_image_copy_memory(*image);
    if (!became(image, next == NULL, &next)) return false;
    return became(image, vips_autorot(*image, &next, NULL), &next);
}

static bool to_bytes(VipsImage **image)
{
    VipsImage *next = NULL;
    return became(image, vips_cast_uchar(*image, &next, NULL), &next) && (*image)->Bands == 3;
}

static void describe(VipsImage *image, const struct kind *kind, int64_t size_bytes, struct media_facts *out)
{
    const bool lying = vips_image_get_orientation_swap(image);
    shape_init(&media_facts_shape, out);
    out->format = kind->format;
    out->mime_type = kind->mime;
    out->file_size = size_bytes;
    out->width = lying ? image->Ysize : image->Xsize;
    out->height = lying ? image->Xsize : image->Ysize;
}

static bool draw(VipsImage **image, int max_side, struct image *out, struct error *err)
{
    if (!to_srgb(image) || !onto_white(image) || !shrink(image, max_side) || !upright(image) ||
        !to_bytes(image))
        return bad_picture(err, "the picture cannot be converted");
    size_t bytes;
    uint8_t *const rgb = vips_image_write_to_memory(*image, &bytes);
    if (!rgb) return bad_picture(err, "the picture is damaged");
    *out = (struct image){ (*image)->Xsize, (*image)->Ysize, rgb };
    return true;
}

bool image_load(int fd, int max_side, struct image *out, struct media_facts *facts_out, struct error *err)
{
    const struct kind *kind;
    int64_t size_bytes = 0;
    AUTO(vips_object) VipsImage *image = NULL;
    if (!check_file(fd, &kind, &size_bytes, err) || !open_picture(fd, &image, err)) return false;
    struct media_facts facts;
    describe(image, kind, size_bytes, &facts);
    if (!draw(&image, max_side, out, err)) return false;
    if (facts_out) *facts_out = facts;
    return true;
}

bool image_load_bytes(const void *bytes, size_t size_bytes, int max_side, struct image *out,
                      struct error *err)
{
    AUTO(vips_object) VipsImage *image = NULL;
    if (size_bytes < FIRST_BYTES || !kind_of(bytes))
        return fail(err, CAUSE_BAD_MEDIA, "the file is not a JPEG, PNG, WebP or GIF picture");
    AUTO(vips_source) VipsSource *source = vips_source_new_from_memory(bytes, size_bytes);
    return open_source(source, &image, err) && draw(&image, max_side, out, err);
}

bool image_init(struct image *image, int width, int height, struct error *err)
{
    if (width < 1 || height < 1 || (int64_t)width * height > IMAGE_MAX_PIXELS)
        return fail(err, CAUSE_TOO_LARGE, "a picture of %dx%d cannot be made", width, height);
    uint8_t *const rgb = g_try_malloc((size_t)width * (size_t)height * 3);
    if (!rgb)
        return fail(err, CAUSE_TOO_LARGE, "there is not enough memory for a picture of %dx%d", width, height);
    *image = (struct image){ width, height, rgb };
    return true;
}

bool image_turn(struct image *image, int quarters, struct error *err)
{
    struct image turned;
    const int width = image->width, height = image->height;
    if (quarters == 0) return true;
    if (!image_init(&turned, quarters == 2 ? width : height, quarters == 2 ? height : width, err))
        return false;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int to_x = quarters == 1 ? height - 1 - y : quarters == 2 ? width - 1 - x : y;
            const int to_y = quarters == 1 ? x : quarters == 2 ? height - 1 - y : width - 1 - x;
            memcpy(turned.rgb + 3 * ((ptrdiff_t)to_y * turned.width + to_x),
                   image->rgb + 3 * ((ptrdiff_t)y * width + x), 3);
        }
    image_close(image);
    *image = turned;
    return true;
}

static bool write_all(int fd, const uint8_t *at, size_t size_bytes, struct error *err)
{
    for (size_t done = 0; done < size_bytes;) {
        const ssize_t put = pwrite(fd, at + done, size_bytes - done, (off_t)done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_errno(err, errno, "the picture cannot be written");
        done += (size_t)put;
    }
    return true;
}

bool image_write(const struct image *image, enum image_format format, int max_side, int fd, struct error *err)
{
    const size_t size_bytes = (size_t)image->width * (size_t)image->height * 3;
    AUTO(vips_object)
    VipsImage *plain =
        vips_image_new_from_memory(image->rgb, size_bytes, image->width, image->height, 3, VIPS_FORMAT_UCHAR);
    AUTO(vips_object) VipsImage *tagged = NULL;
    if (!plain || vips_copy(plain, &tagged, "interpretation", VIPS_INTERPRETATION_sRGB, NULL) ||
        !shrink(&tagged, max_side))
        return bad_picture(err, "the picture cannot be shrunk");
    void *file = NULL;
    size_t file_bytes = 0;
    const int failed = format == IMAGE_JPEG
                           ? vips_jpegsave_buffer(tagged, &file, &file_bytes, "Q", 85, "strip", TRUE,
                                                  "optimize_coding", TRUE, NULL)
                           : vips_pngsave_buffer(tagged, &file, &file_bytes, "strip", TRUE, NULL);
    if (failed) return bad_picture(err, "the picture cannot be written");
    const bool done = write_all(fd, file, file_bytes, err);
    g_free(file);
    return done;
}

void image_close(struct image *image)
{
    g_free(image->rgb);
    *image = (struct image){ 0 };
}
