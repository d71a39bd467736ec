#include "media/sniff.h"

#include "base/text.h"
#include "media/image.h"

#include <ctype.h>
#include <errno.h>
#include <magic.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_BYTES = 64 * 1024, REFUSED = -1 };

static magic_t magic;

/* Beginnings of libmagic's media types, the first that fits counts. */
static const struct {
    const char *mime;
    int way;
    const char *what; /* of a refusal */
} rows[] = {
    { "model/gltf-binary", SNIFF_MODEL },
    { "image/svg", REFUSED, "an SVG drawing, which can hold scripts" },
    { "image/heic", REFUSED, "a HEIC picture, which cannot be read here; send it as JPEG" },
    { "image/heif", REFUSED, "a HEIF picture, which cannot be read here; send it as JPEG" },
    { "image/avif", REFUSED, "an AVIF picture, which cannot be read here; send it as WebP or JPEG" },
    { "image/", REFUSED, "a picture of a kind that is not taken; send it as JPEG, PNG, WebP or GIF" },
    { "text/html", REFUSED, "an HTML document, which could run scripts" },
    { "text/xml", REFUSED, "an XML document" },
    { "application/xml", REFUSED, "an XML document" },
    { "application/json", SNIFF_MODEL }, /* glTF is JSON; nothing else that is JSON is taken */
    { "text/x-shellscript", REFUSED, "a program" },
    { "application/x-executable", REFUSED, "a program" },
    { "application/x-pie-executable", REFUSED, "a program" },
    { "application/x-sharedlib", REFUSED, "a program" },
    { "application/x-object", REFUSED, "a program" },
    { "application/x-mach-binary", REFUSED, "a program" },
    { "application/vnd.microsoft.portable-executable", REFUSED, "a program" },
    { "application/x-dosexec", REFUSED, "a program" },
    { "application/java-archive", REFUSED, "a program" },
    { "application/x-ms", REFUSED, "a program" },
    { "application/pdf", REFUSED, "a PDF document" },
    { "application/zip", REFUSED, "an archive; send the files in it" },
    { "application/gzip", REFUSED, "an archive; send the files in it" },
    { "application/x-tar", REFUSED, "an archive; send the files in it" },
    { "application/x-7z", REFUSED, "an archive; send the files in it" },
    { "application/x-rar", REFUSED, "an archive; send the files in it" },
    { "text/", SNIFF_TEXT },
    { "application/x-subrip", SNIFF_TEXT },
    { "video/", SNIFF_FILM },
    { "audio/", SNIFF_FILM },
    { "application/ogg", SNIFF_FILM },
    { "application/octet-stream", SNIFF_FILM }, /* libmagic does not know every MP3; the demuxer decides */
};

bool sniff_open(struct error *err)
{
    magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_ELF |
                       MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_TOKENS);
    if (magic && magic_load(magic, NULL) == 0) return true;
    return fail(err, CAUSE_UNAVAILABLE, "the database of file types (package libmagic-mgc) is missing");
}

/* What a browser that looks at the content would take for a document, and what a shell would run. */
static const char *disguised(const char *first, size_t size)
{
    static const struct {
        const char *start, *what;
    } starts[] = {
        { "<!doctype html", "an HTML document, which could run scripts" },
        { "<html", "an HTML document, which could run scripts" },
        { "<head", "an HTML document, which could run scripts" },
        { "<script", "an HTML document, which could run scripts" },
        { "<svg", "an SVG drawing, which can hold scripts" },
        { "<?xml", "an XML document" },
        { "#!", "a program" },
    };
    if (size >= 3 && memcmp(first, "\xef\xbb\xbf", 3) == 0) first += 3, size -= 3;
    for (; size && isspace((unsigned char)*first); first++) size--;
    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (size >= strlen(starts[i].start) &&
            strncasecmp(first, starts[i].start, strlen(starts[i].start)) == 0)
            return starts[i].what;
    return NULL;
}

static bool refuse(const char *what, struct error *err)
{
    return fail(err, CAUSE_UNSUPPORTED, "the file is %s", what);
}

static bool decide(const char *mime, enum sniff_way *out, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!text_starts(mime, rows[i].mime)) continue;
        if (rows[i].way == REFUSED) return refuse(rows[i].what, err);
        *out = (enum sniff_way)rows[i].way;
        return true;
    }
    return fail(
        err, CAUSE_UNSUPPORTED,
        "the file is of the type %.60s; pictures, videos, sound, glTF models, text and captions are taken",
        mime);
}

bool sniff_file(int fd, enum sniff_way *out, struct error *err)
{
    char first[FIRST_BYTES];
    const ssize_t got = pread(fd, first, sizeof first, 0);
    if (got < 0) return fail_errno(err, errno, "the file cannot be read");
    if (got == 0) return fail(err, CAUSE_BAD_MEDIA, "the file is empty");
    if (image_is_known(fd)) {
        *out = SNIFF_PICTURE;
        return true;
    }
    const char *const hidden = disguised(first, (size_t)got), *const mime =
                                                                  magic_buffer(magic, first, (size_t)got);
    if (hidden) return refuse(hidden, err);
    return decide(mime ? mime : "application/octet-stream", out, err);
}
