#include "media/story.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "media/captions.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { CHARACTER_MAX_BYTES = 4 };

static const struct form {
    const char *name, *mime, *extension;
} forms[] = {
    { "plain", "text/plain", "txt" },
    { "markdown", "text/markdown", "md" },
    { "srt", "application/x-subrip", "srt" },
    { "vtt", "text/vtt", "vtt" },
};
enum { PLAIN, MARKDOWN, SRT, VTT };

/* ---- characters ---- */

/* Windows-1252 between 0x80 and 0x9f; elsewhere it is Latin-1 (WHATWG Encoding Standard). */
static const uint16_t windows_1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
};

static void put_point(struct buf *buf, uint32_t point)
{
    char bytes[CHARACTER_MAX_BYTES];
    size_t size = 0;
    if (point < 0x80) {
        bytes[size++] = (char)point;
    } else {
        const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
        static const uint8_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
        bytes[size++] = (char)(lead[more] | point >> 6 * more);
        for (int i = more - 1; i >= 0; i--) bytes[size++] = (char)(0x80 | (point >> 6 * i & 0x3f));
    }
    buf_add(buf, bytes, size);
}

static void from_utf16(const uint8_t *at, size_t size, int high, struct buf *out)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        uint32_t point = (uint32_t)at[i + (size_t)high] | (uint32_t)at[i + (size_t)(1 - high)] << 8;
        if (point >= 0xd800 && point < 0xdc00 && i + 3 < size) {
            const uint32_t low = (uint32_t)at[i + 2 + (size_t)high] | (uint32_t)at[i + 2 + (size_t)(1 - high)]
                                                                          << 8;
            if (low >= 0xdc00 && low < 0xe000) {
                point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        put_point(out, point >= 0xd800 && point < 0xe000 ? 0xfffd : point);
    }
}

static void from_windows(const uint8_t *at, size_t size, struct buf *out)
{
    for (size_t i = 0; i < size; i++)
        put_point(out, at[i] >= 0x80 && at[i] < 0xa0 ? windows_1252[at[i] - 0x80] : at[i]);
}

/* The name of the encoding; the text in UTF-8 without a mark goes into `out`. */
static const char *decode(const uint8_t *at, size_t size, struct buf *out)
{
    if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) at += 3, size -= 3;
    if (size >= 2 && (memcmp(at, "\xff\xfe", 2) == 0 || memcmp(at, "\xfe\xff", 2) == 0)) {
        const int high = at[0] == 0xfe;
        from_utf16(at + 2, size - 2, high, out);
        return high ? "utf-16be" : "utf-16le";
    }
    if (!text_valid_utf8((const char *)at, size)) {
        from_windows(at, size, out);
        return "windows-1252";
    }
    buf_add(out, at, size);
    return "utf-8";
}

static bool is_text(const struct buf *text)
{
    for (size_t i = 0; i < text->size; i++)
        if ((unsigned char)text->at[i] < 0x20 && !strchr("\t\n\r\f\x1b", text->at[i])) return false;
    return !memchr(text->at ? text->at : "", 0, text->size);
}

/* ---- form and numbers ---- */

static int form_of(const char *text)
{
    static const char *const marks[] = { "\n# ", "\n## ", "\n```", "\n- ", "\n* ",
                                         "](",   "**",    "\n> ",  "\n| ", NULL };
    if (text_starts(text, "WEBVTT")) return VTT;
    while (isspace((unsigned char)*text)) text++;
    if (captions_look_like_srt(text)) return SRT;
    int found = text_starts(text, "# ") || text_starts(text, "## ");
    for (size_t i = 0; marks[i]; i++) found += strstr(text, marks[i]) != NULL;
    return found >= 2 ? MARKDOWN : PLAIN;
}

static void count(const char *text, struct ingest_text *out)
{
    bool inside = false;
    out->lines = out->words = 0;
    for (const char *at = text; *at; at++) {
        const bool space = isspace((unsigned char)*at);
        out->words += !space && !inside;
        inside = !space;
        out->lines += *at == '\n' || (at[1] == 0 && *at != '\n');
    }
    out->characters = (int64_t)text_length(text);
}

static bool read_whole(int fd, struct arena *mem, uint8_t **out, size_t *size_out, struct error *err)
{
    int64_t size;
    if (!file_size(fd, &size, err)) return false;
    if (size > STORY_MAX_BYTES)
        return fail(err, CAUSE_TOO_LARGE, "the text is larger than %d MB", STORY_MAX_BYTES / 1000000);
    uint8_t *const bytes = arena_alloc(mem, (size_t)size + 1);
    const ssize_t got = pread(fd, bytes, (size_t)size, 0);
    if (got != size) return fail_errno(err, got < 0 ? errno : EIO, "the text cannot be read");
    *out = bytes;
    *size_out = (size_t)size;
    return true;
}

static bool put_text(int fd, const char *text, struct error *err)
{
    return fd < 0 || (lseek(fd, 0, SEEK_SET) == 0 && file_put(fd, text, strlen(text), err));
}

static bool describe(const struct form *form, const char *text, const char *encoding, struct arena *mem,
                     struct media_analysis *out)
{
    struct ingest_text *const facts = arena_new(mem, struct ingest_text);
    *facts =
        (struct ingest_text){ .format = form->name, .encoding = encoding, .cues = INT_NONE, .spoken_s = NAN };
    count(text, facts);
    facts->excerpt = text_cut(mem, text, INGEST_EXCERPT_BYTES);
    out->kind = "text";
    out->format = form->name;
    out->mime_type = form->mime;
    out->extension = form->extension;
    out->text = facts;
    return captions_read(text, form == &forms[SRT] || form == &forms[VTT], mem, facts, out);
}

bool story_read(const struct analysis_files *files, struct arena *mem, struct media_analysis *out,
                struct error *err)
{
    uint8_t *bytes;
    size_t size;
    AUTO(buf) struct buf text = BUF(3 * STORY_MAX_BYTES + 1);
    if (!read_whole(files->in, mem, &bytes, &size, err)) return false;
    const char *const encoding = decode(bytes, size, &text);
    if (!buf_check(&text, "the text", err)) return false;
    if (!is_text(&text)) return fail(err, CAUSE_BAD_MEDIA, "the file holds bytes that no text has");
    const struct form *const form = &forms[form_of(buf_str(&text))];
    out->file_size = (int64_t)size;
    if (!describe(form, buf_str(&text), encoding, mem, out))
        return fail(err, CAUSE_BAD_MEDIA, "the captions have no cue");
    return put_text(files->text, out->has_captions ? captions_as_vtt(buf_str(&text), mem) : buf_str(&text),
                    err);
}
