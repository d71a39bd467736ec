/* A multipart body: content type on the first line, how to cut the body on the second, then the body. What
 * comes out does not depend on the pieces it came in. */
#include "fuzz.h"

#include "api/multipart.h"
#include "api/part_header.h"

#include <sys/mman.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 3000 };

struct outcome {
    bool good;
    struct error err;
    struct upload upload;
    struct pairs fields;
    char file[FILE_MAX_BYTES + 1];
    ssize_t size;
};

static bool feed(struct multipart *mp, const struct input *body, uint32_t cuts, struct error *err)
{
    for (const char *at = body->at; at < body->end;) {
        const size_t left = (size_t)(body->end - at),
                     step = cuts ? 1 + (cuts = cuts * 1664525 + 1013904223) / (1u << 27) : left;
        const size_t now = step < left ? step : left;
        char *const piece = malloc(now); /* its own block, so that reading beyond is noticed */
        memcpy(piece, at, now);
        const bool good = multipart_feed(mp, piece, now, err);
        free(piece);
        if (!good) return false;
        at += now;
    }
    return multipart_end(mp, err);
}

static void parse(struct arena *mem, const char *type, const struct input *body, uint32_t cuts,
                  struct outcome *out)
{
    struct multipart *mp = NULL;
    AUTO(fd) int fd = memfd_create("upload", MFD_CLOEXEC);
    *out = (struct outcome){ .upload.fd = -1 };
    out->good =
        multipart_open(mem, type, fd, FILE_MAX_BYTES, &mp, &out->err) && feed(mp, body, cuts, &out->err);
    if (out->good) multipart_result(mp, &out->upload, &out->fields);
    multipart_close(mp);
    out->size = pread(fd, out->file, sizeof out->file, 0);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    EXPECT(a->good == b->good && a->err.cause == b->err.cause && text_is(a->err.text, b->err.text));
    if (!a->good) return;
    EXPECT(a->size == b->size && memcmp(a->file, b->file, (size_t)a->size) == 0);
    EXPECT(text_is(a->upload.filename, b->upload.filename) && text_is(a->upload.type, b->upload.type));
    EXPECT(a->fields.count == b->fields.count);
    for (size_t i = 0; i < a->fields.count; i++) {
        EXPECT(text_is(a->fields.items[i].name, b->fields.items[i].name));
        EXPECT(text_is(a->fields.items[i].value, b->fields.items[i].value));
    }
}

/* The content of a part stands in the body as it is, between the end of its headers and the next delimiter.
 */
static void check_content(const struct input *body, const char *delimiter, const char *content, size_t size)
{
    AUTO(buf) struct buf whole = BUF(1 << 20);
    buf_text(&whole, "\r\n\r\n");
    buf_add(&whole, content, size);
    buf_text(&whole, delimiter);
    EXPECT(memmem(body->at, (size_t)(body->end - body->at), whole.at, whole.size));
    EXPECT(!memmem(content, size, delimiter, strlen(delimiter)));
}

static void check_file(const struct outcome *out)
{
    const char *const name = out->upload.filename;
    EXPECT(out->size == out->upload.size_bytes && out->size <= FILE_MAX_BYTES);
    EXPECT(!has_control(name) && !strpbrk(name, "/\\") && !text_is(name, "..") && strlen(name) <= 255);
    EXPECT(text_valid_utf8(name, strlen(name)) && !has_control(out->upload.type));
}

FUZZ(mem, in)
{
    static struct outcome whole, cut;
    const char *const type = input_line(in, mem);
    const uint32_t cuts = (uint32_t)input_int(in, mem);
    parse(mem, type, in, 0, &whole);
    parse(mem, type, in, cuts | 1, &cut);
    check_same(&whole, &cut);
    if (!whole.good) return;
    const char *const delimiter = arena_printf(mem, "\r\n--%s", header_parameter(mem, type, "boundary"));
    for (size_t i = 0; i < whole.fields.count; i++)
        check_content(in, delimiter, whole.fields.items[i].value, strlen(whole.fields.items[i].value));
    if (whole.upload.fd < 0) return;
    check_content(in, delimiter, whole.file, (size_t)whole.size);
    check_file(&whole);
}
