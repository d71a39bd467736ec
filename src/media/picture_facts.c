#include "media/picture_facts.h"

#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vips/vips.h>

static const struct {
    const char *field, *name;
} told[] = {
    { "exif-ifd0-Make", "make" },           { "exif-ifd0-Model", "model" },
    { "exif-ifd2-LensModel", "lens" },      { "exif-ifd0-Software", "software" },
    { "exif-ifd0-Artist", "artist" },       { "exif-ifd0-Copyright", "copyright" },
    { "exif-ifd0-ImageDescription", "description" }, { "png-comment-0-Description", "description" },
};

/* libvips writes "VALUE (VALUE, ASCII, 20 components, 20 bytes)". */
static const char *exif_value(VipsImage *image, const char *field, struct arena *mem)
{
    const char *text;
    if (!vips_image_get_typeof(image, field) || vips_image_get_string(image, field, &text)) return NULL;
    const char *const bracket = strstr(text, " (");
    const size_t size = bracket ? (size_t)(bracket - text) : strlen(text);
    if (!size || !text_valid_utf8(text, size)) return NULL;
    const char *const value =
        text_trim(mem, text_line(mem, text_cut(mem, arena_text_n(mem, text, size), INGEST_TAG_BYTES)));
    return value[0] ? value : NULL;
}

/* "2024:05:01 12:30:00" in the camera's own time, taken as UTC for want of its zone. */
static void find_creation(VipsImage *image, struct arena *mem, struct media_analysis *out)
{
    int year, month, day;
    char clock[9];
    const char *const text = exif_value(image, "exif-ifd2-DateTimeOriginal", mem);
    if (!text || sscanf(text, "%4d:%2d:%2d %8s", &year, &month, &day, clock) != 4) return;
    int64_t at;
    if (time_parse(arena_printf(mem, "%04d-%02d-%02dT%s", year, month, day, clock), &at))
        out->created_at = at;
}

static void list_tags(VipsImage *image, struct arena *mem, struct media_analysis *out)
{
    struct ingest_tag *const items = arena_array(mem, COUNT_OF(told), sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        const char *const value = exif_value(image, told[i].field, mem);
        if (value) items[count++] = (struct ingest_tag){ told[i].name, value };
    }
    out->tags = (struct list){ items, count };
}

bool picture_describe(int fd, struct arena *mem, struct media_analysis *out, struct error *err)
{
    if (lseek(fd, 0, SEEK_SET) != 0) return fail_errno(err, errno, "the picture cannot be read");
    VipsSource *const source = vips_source_new_from_descriptor(fd);
    VipsImage *const image = source ? vips_image_new_from_source(source, "", NULL) : NULL;
    if (image) {
        const int turn = vips_image_get_orientation(image), pages = vips_image_get_n_pages(image);
        out->rotation = turn == 3 || turn == 4 ? 180 : turn == 5 || turn == 6 ? 90 : turn > 6 ? 270 : 0;
        out->frames = pages;
        out->animated = pages > 1;
        out->alpha = vips_image_hasalpha(image);
        list_tags(image, mem, out);
        find_creation(image, mem, out);
        g_object_unref(image);
    }
    if (source) g_object_unref(source);
    vips_error_clear();
    return image || fail(err, CAUSE_BAD_MEDIA, "the picture is damaged or of an unusual kind");
}
