#include "library/filetype.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = { "video", "audio", "image", "model", "text" };
static const char *const folders[] = { "videos", "audio", "images", "models", "texts" };
static_assert(COUNT_OF(kinds) == FILETYPE_KINDS && COUNT_OF(folders) == FILETYPE_KINDS,
              "one row per asset type");

/* By extension; the first row of an extension is how it is served. */
static const struct filetype types[] = {
    { "image/jpeg", "jpg", "image" },          { "image/png", "png", "image" },
    { "image/webp", "webp", "image" },         { "image/gif", "gif", "image" },
    { "video/mp4", "mp4", "video" },           { "video/quicktime", "mov", "video" },
    { "video/webm", "webm", "video" },         { "video/x-matroska", "mkv", "video" },
    { "video/x-msvideo", "avi", "video" },     { "video/mp2t", "ts", "video" },
    { "video/mpeg", "mpg", "video" },          { "video/ogg", "ogv", "video" },
    { "video/x-flv", "flv", "video" },         { "video/3gpp", "3gp", "video" },
    { "audio/mpeg", "mp3", "audio" },          { "audio/mp4", "m4a", "audio" },
    { "audio/aac", "aac", "audio" },           { "audio/flac", "flac", "audio" },
    { "audio/ogg", "ogg", "audio" },           { "audio/wav", "wav", "audio" },
    { "audio/aiff", "aiff", "audio" },         { "model/gltf-binary", "glb", "model" },
    { "model/gltf+json", "gltf", "model" },    { "text/vtt", "vtt", "text" },
    { "application/x-subrip", "srt", "text" }, { "text/plain", "txt", "text" },
};

/* Known by their first bytes, and not fit to be decoded here (docs/decisions.md). */
static const struct {
    const char *extension, *what, *instead;
} refused[] = {
    { "heic", "a HEIC picture", "JPEG" }, { "avif", "an AVIF picture", "WebP or JPEG" },
    { "tif", "a TIFF picture", "PNG" },   { "jxl", "a JPEG XL picture", "WebP or JPEG" },
    { "bmp", "a BMP picture", "PNG" },    { "wmv", "a Windows Media file", "MP4" },
};

static const struct filetype *by_extension(const char *extension)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (text_is(types[i].extension, extension)) return &types[i];
    return NULL;
}

const struct filetype *filetype_by_name(const char *name)
{
    const char *const dot = strrchr(name, '.');
    return dot ? by_extension(dot + 1) : NULL;
}

static int kind_number(const char *kind, size_t size)
{
    for (int i = 0; i < FILETYPE_KINDS; i++)
        if (strlen(kinds[i]) == size && memcmp(kinds[i], kind, size) == 0) return i;
    return -1;
}

const char *filetype_folder(const char *kind) { return folders[kind_number(kind, strlen(kind))]; }

/* ---- signatures ---- */

/* A name for bytes at a place; `also` at another place must be there too where it is not NULL. */
static const struct signature {
    size_t at;
    const char *bytes;
    size_t size;
    size_t also_at;
    const char *also;
    const char *extension;
} signatures[] = {
#define BYTES(text) (text), sizeof(text) - 1
    { 0, BYTES("\xff\xd8\xff"), 0, NULL, "jpg" },
    { 0, BYTES("\x89PNG\r\n\x1a\n"), 0, NULL, "png" },
    { 0, BYTES("GIF87a"), 0, NULL, "gif" },
    { 0, BYTES("GIF89a"), 0, NULL, "gif" },
    { 0, BYTES("RIFF"), 8, "WEBP", "webp" },
    { 0, BYTES("RIFF"), 8, "WAVE", "wav" },
    { 0, BYTES("RF64"), 8, "WAVE", "wav" },
    { 0, BYTES("RIFF"), 8, "AVI ", "avi" },
    { 0, BYTES("II*\0"), 0, NULL, "tif" },
    { 0, BYTES("MM\0*"), 0, NULL, "tif" },
    { 0, BYTES("BM"), 14, "\x28", "bmp" }, /* the size of the common header follows */
    { 0, BYTES("\xff\x0a"), 0, NULL, "jxl" },
    { 0, BYTES("\0\0\0\x0cJXL \r\n\x87\n"), 0, NULL, "jxl" },
    { 4, BYTES("ftypavi"), 0, NULL, "avif" }, /* avif, avis */
    { 4, BYTES("ftyphei"), 0, NULL, "heic" },
    { 4, BYTES("ftyphev"), 0, NULL, "heic" },
    { 4, BYTES("ftypmif1"), 0, NULL, "heic" },
    { 4, BYTES("ftypmsf1"), 0, NULL, "heic" },
    { 4, BYTES("ftypM4A"), 0, NULL, "m4a" },
    { 4, BYTES("ftypM4B"), 0, NULL, "m4a" },
    { 4, BYTES("ftypqt  "), 0, NULL, "mov" },
    { 4, BYTES("ftyp3g"), 0, NULL, "3gp" },
    { 4, BYTES("ftyp"), 0, NULL, "mp4" },
    { 4, BYTES("moov"), 0, NULL, "mov" },
    { 4, BYTES("wide"), 0, NULL, "mov" },
    { 4, BYTES("mdat"), 0, NULL, "mov" },
    { 0, BYTES("\x30\x26\xb2\x75\x8e\x66\xcf\x11"), 0, NULL, "wmv" },
    { 0, BYTES("FLV\x01"), 0, NULL, "flv" },
    { 0, BYTES("\0\0\x01\xba"), 0, NULL, "mpg" },
    { 0, BYTES("G"), 188, "G", "ts" },
    { 0, BYTES("OggS"), 28, "\x80theora", "ogv" },
    { 0, BYTES("OggS"), 0, NULL, "ogg" },
    { 0, BYTES("fLaC"), 0, NULL, "flac" },
    { 0, BYTES("FORM"), 8, "AIF", "aiff" },
    { 0, BYTES("ID3"), 0, NULL, "mp3" },
    { 0, BYTES("\xff\xf1"), 0, NULL, "aac" },
    { 0, BYTES("\xff\xf9"), 0, NULL, "aac" },
    { 0, BYTES("\xff\xfb"), 0, NULL, "mp3" },
    { 0, BYTES("\xff\xfa"), 0, NULL, "mp3" },
    { 0, BYTES("\xff\xf3"), 0, NULL, "mp3" },
    { 0, BYTES("\xff\xf2"), 0, NULL, "mp3" },
    { 0, BYTES("glTF"), 0, NULL, "glb" },
#undef BYTES
};

static bool stands(const char *head, size_t size, size_t at, const char *bytes, size_t count)
{
    return at + count <= size && memcmp(head + at, bytes, count) == 0;
}

static const char *by_signature(const char *head, size_t size)
{
    for (size_t i = 0; i < COUNT_OF(signatures); i++) {
        const struct signature *const s = &signatures[i];
        if (stands(head, size, s->at, s->bytes, s->size) &&
            (!s->also || stands(head, size, s->also_at, s->also, strlen(s->also))))
            return s->extension;
    }
    return NULL;
}

/* Matroska and WebM differ in a word of their first element. */
static const char *by_ebml(const char *head, size_t size)
{
    if (!stands(head, size, 0, "\x1a\x45\xdf\xa3", 4)) return NULL;
    return memmem(head, size < 64 ? size : 64, "webm", 4) ? "webm" : "mkv";
}

/* ---- text ---- */

/* A character may be cut off where the head ends and the file goes on. */
static bool is_text(const char *head, size_t size)
{
    if (stands(head, size, 0, "\xff\xfe", 2) || stands(head, size, 0, "\xfe\xff", 2))
        return true; /* UTF-16 */
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)head[i] < 0x20 && !strchr("\t\n\r\f", head[i])) return false;
    const size_t cut_max = size == FILETYPE_HEAD_BYTES ? 3 : 0;
    for (size_t cut = 0; cut <= cut_max; cut++)
        if (text_valid_utf8(head, size - cut)) return size > 0;
    return false;
}

/* Digits in a line, then a line with "-->". */
static bool is_srt(const char *at, const char *end)
{
    const char *digits = at;
    while (digits < end && *digits >= '0' && *digits <= '9') digits++;
    const char *const arrow = memmem(at, (size_t)(end - at), "-->", 3);
    return digits > at && digits < end && (*digits == '\r' || *digits == '\n') && arrow && arrow - at < 64;
}

/* UTF-16 text could be markup as well; a NUL behind or before '<' shows it. */
static bool is_markup(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n\f", *at)) at++;
    return at < end && (*at == '<' || (!*at && at + 1 < end && at[1] == '<'));
}

static const char *by_text(const char *head, size_t size)
{
    if (!is_text(head, size)) return NULL;
    const char *at = head, *const end = head + size;
    if (stands(head, size, 0, "\xef\xbb\xbf", 3)) at += 3;
    if (stands(head, size, 0, "\xff\xfe", 2) || stands(head, size, 0, "\xfe\xff", 2)) at += 2;
    if (is_markup(at, end)) return NULL;
    if (stands(at, (size_t)(end - at), 0, "WEBVTT", 6)) return "vtt";
    while (at < end && strchr(" \t\r\n", *at)) at++;
    if (at < end && *at == '{' && memmem(at, (size_t)(end - at), "\"asset\"", 7)) return "gltf";
    return is_srt(at, end) ? "srt" : "txt";
}

const struct filetype *filetype_of(const char *head, size_t size_bytes)
{
    const char *extension = by_signature(head, size_bytes);
    if (!extension) extension = by_ebml(head, size_bytes);
    if (!extension) extension = by_text(head, size_bytes);
    return extension ? by_extension(extension) : NULL;
}

/* ---- rules ---- */

static bool read_rule(struct arena *mem, const char *text, struct filetype_rules *rules, struct error *err)
{
    const char *const colon = strchrnul(text, ':');
    const int kind = kind_number(text, (size_t)(colon - text));
    int64_t mib = INT64_MAX >> 20;
    if (kind < 0)
        return fail(err, CAUSE_INVALID,
                    "the setting UMAM_UPLOAD_TYPES names '%s'; there are video, audio, image, model, text",
                    text_line(mem, text_cut(mem, text, 64)));
    if (*colon && (!text_to_int(colon + 1, &mib) || mib < 1 || mib > INT64_MAX >> 20))
        return fail(err, CAUSE_INVALID,
                    "the setting UMAM_UPLOAD_TYPES is types with MiB such as image:512,video, not '%s'",
                    text_line(mem, text_cut(mem, text, 64)));
    rules->max_bytes[kind] = mib << 20;
    return true;
}

bool filetype_rules_read(const char *text, struct filetype_rules *out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct filetype_rules rules = { 0 };
    const struct texts words = text_split(&mem, text, ',');
    for (size_t i = 0; i < words.count; i++)
        if (!read_rule(&mem, words.items[i], &rules, err)) return false;
    *out = rules;
    return true;
}

static bool refuse(const char *head, size_t size_bytes, struct error *err)
{
    const char *const extension = by_signature(head, size_bytes);
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (text_is(extension, refused[i].extension))
            return fail(err, CAUSE_UNSUPPORTED, "the file is %s, which cannot be read here; send it as %s",
                        refused[i].what, refused[i].instead);
    return fail(err, CAUSE_UNSUPPORTED, "files of this type are not accepted");
}

bool filetype_admit(const struct filetype_rules *rules, int fd, int64_t size_bytes,
                    const struct filetype **out, struct error *err)
{
    char head[FILETYPE_HEAD_BYTES];
    const ssize_t got = pread(fd, head, sizeof head, 0);
    if (got < 0) return fail_errno(err, errno, "the file could not be read");
    if (!size_bytes) return fail_field(err, CAUSE_INVALID, "file", "the uploaded file is empty");
    const struct filetype *const type = filetype_of(head, (size_t)got);
    const int64_t most = type ? rules->max_bytes[kind_number(type->kind, strlen(type->kind))] : 0;
    if (!most) return refuse(head, (size_t)got, err);
    if (size_bytes > most)
        return fail(err, CAUSE_TOO_LARGE, "a file of type %s is larger than the %lld MiB accepted here",
                    type->kind, (long long)(most >> 20));
    *out = type;
    return true;
}
