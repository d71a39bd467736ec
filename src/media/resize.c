#include "media/resize.h"

#include "base/file.h"
#include "base/text.h"
#include "media/image.h"

#include <errno.h>
#include <unistd.h>
#include <vips/vips.h>

static void vips_object_cleanup(VipsImage **image) { g_clear_object(image); }
static void vips_source_cleanup(VipsSource **source) { g_clear_object(source); }

static bool scale(int from, const struct resize_in *in, VipsImage **out, struct error *err)
{
    AUTO(vips_source) VipsSource *source = vips_source_new_from_descriptor(from);
    const int width = in->width ? (int)in->width : VIPS_MAX_COORD;
    const int height = in->height ? (int)in->height : VIPS_MAX_COORD;
    const bool cover = text_is(in->fit, "cover") && in->width && in->height;
    if (source &&
        vips_thumbnail_source(source, out, width, "height", height, "size", VIPS_SIZE_DOWN, "crop",
                              cover ? VIPS_INTERESTING_CENTRE : VIPS_INTERESTING_NONE, "option_string",
                              "[fail_on=error]", "export_profile", "srgb", NULL) == 0)
        return true;
    vips_error_clear(); /* the library's own words name its insides */
    return fail(err, CAUSE_BAD_MEDIA, "the picture is damaged or of an unusual kind");
}

/* What a page does not need: of WebP, "strip" leaves the profile and the source's EXIF. The picture is in
 * sRGB by now. The library still writes an EXIF of its own into WebP, with the resolution. */
static bool strip(VipsImage *image, VipsImage **out)
{
    if (vips_copy(image, out, NULL) != 0) return false;
    vips_image_remove(*out, VIPS_META_ICC_NAME);
    vips_image_remove(*out, VIPS_META_EXIF_NAME);
    return true;
}

static int save(VipsImage *image, const char *format, void **bytes, size_t *size)
{
    if (text_is(format, "webp"))
        return vips_webpsave_buffer(image, bytes, size, "Q", 82, "strip", TRUE, NULL);
    if (text_is(format, "png"))
        return vips_pngsave_buffer(image, bytes, size, "strip", TRUE, "bitdepth", 8, NULL);
    VipsArrayDouble *const white = vips_array_double_newv(1, 255.0);
    const int failed = vips_jpegsave_buffer(image, bytes, size, "Q", 85, "strip", TRUE, "optimize_coding",
                                            TRUE, "background", white, NULL);
    vips_area_unref(VIPS_AREA(white));
    return failed;
}

bool resize_picture(int from, const struct resize_in *in, int to, struct media_facts *facts_out,
                    struct error *err)
{
    AUTO(vips_object) VipsImage *scaled = NULL;
    AUTO(vips_object) VipsImage *image = NULL;
    void *bytes = NULL;
    size_t size_bytes = 0;
    if (!image_check(from, err)) return false;
    if (lseek(from, 0, SEEK_SET) != 0) return fail_errno(err, errno, "the picture cannot be read");
    if (!scale(from, in, &scaled, err)) return false;
    if (!strip(scaled, &image) || save(image, in->format, &bytes, &size_bytes) != 0) {
        vips_error_clear();
        return fail(err, CAUSE_BAD_MEDIA, "the picture is damaged, or too large for the format %s",
                    in->format);
    }
    const bool good = file_put(to, bytes, size_bytes, err);
    g_free(bytes);
    shape_init(&media_facts_shape, facts_out);
    facts_out->format = in->format;
    facts_out->file_size = (int64_t)size_bytes;
    facts_out->width = image->Xsize;
    facts_out->height = image->Ysize;
    return good;
}
