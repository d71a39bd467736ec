#include "test.h"

#include "api/multipart.h"
#include "api/part_header.h"

#include <sys/mman.h>
#include <unistd.h>

#define TYPE "multipart/form-data; boundary=XX"

struct result {
    bool good;
    struct error err;
    struct upload upload;
    struct pairs fields;
    char file[200000];
    size_t file_size;
};

/* Feeds the body in pieces of `step` bytes, the first one of `lead`. */
static void parse(struct arena *mem, const char *type, const char *body, size_t size, size_t lead,
                  size_t step, int64_t max, struct result *out)
{
    struct multipart *mp = NULL;
    const int fd = memfd_create("upload", MFD_CLOEXEC);
    memset(out, 0, sizeof *out);
    out->upload.fd = -1;
    out->good = multipart_open(mem, type, fd, max, &mp, &out->err);
    for (size_t at = 0; out->good && at < size;) {
        const size_t want = at == 0 && lead ? lead : step, now = want < size - at ? want : size - at;
        char *const piece = malloc(now); /* its own block, so that reading beyond is noticed */
        memcpy(piece, body + at, now);
        out->good = multipart_feed(mp, piece, now, &out->err);
        free(piece);
        at += now;
    }
    out->good = out->good && multipart_end(mp, &out->err);
    if (out->good) multipart_result(mp, &out->upload, &out->fields);
    multipart_close(mp);
    const ssize_t got = pread(fd, out->file, sizeof out->file, 0);
    out->file_size = got > 0 ? (size_t)got : 0;
    close(fd);
}

static struct result result;

static const char *outcome(struct arena *mem, const char *type, const char *body)
{
    parse(mem, type, body, strlen(body), 0, 1 << 20, 100, &result);
    return result.good ? "ok" : cause_code(result.err.cause);
}

/* A file whose bytes look like boundaries as much as they can. */
#define CONTENT "\r\n--X\r\n--XY\r--XX\n--XX\r\r\n--X\r\n-\r\n--\r"
#define WHOLE                                                                                                \
    "preamble\r\n--XX \r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello \xc3\xa4\r\n"           \
    "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.png\"\r\nContent-Type: image/png" \
    "\r\n\r\n" CONTENT "\r\n--XX--\r\nepilogue"

static void check_whole(const struct result *r)
{
    CHECK_MSG(r->good, "%s", r->err.text);
    CHECK_INT(r->file_size, sizeof CONTENT - 1);
    CHECK(memcmp(r->file, CONTENT, sizeof CONTENT - 1) == 0);
    CHECK_INT(r->upload.size_bytes, sizeof CONTENT - 1);
    CHECK_TEXT(r->upload.filename, "a b.png");
    CHECK_TEXT(r->upload.type, "image/png");
    CHECK_INT(r->fields.count, 1);
    CHECK_TEXT(pairs_find(&r->fields, "note"), "hello \xc3\xa4");
}

TEST(every_split)
{
    for (size_t lead = 1; lead < sizeof WHOLE && !test_failed; lead++) {
        AUTO(arena) struct arena mem = { 0 };
        parse(&mem, TYPE, WHOLE, sizeof WHOLE - 1, lead, 1 << 20, 1000, &result);
        check_whole(&result);
    }
    for (size_t step = 1; step < 40 && !test_failed; step++) {
        AUTO(arena) struct arena mem = { 0 };
        parse(&mem, TYPE, WHOLE, sizeof WHOLE - 1, 0, step, 1000, &result);
        check_whole(&result);
    }
}

/* Cut anywhere before the closing boundary, a body is never taken for whole. */
TEST(every_truncation)
{
    const size_t whole = (size_t)(strstr(WHOLE, "--XX--") - WHOLE) + 6;
    for (size_t size = 0; size < whole; size++) {
        AUTO(arena) struct arena mem = { 0 };
        parse(&mem, TYPE, WHOLE, size, 0, 7, 1000, &result);
        CHECK_MSG(!result.good && result.err.cause == CAUSE_BAD_REQUEST, "%zu bytes pass", size);
    }
}

#define PART(head, body) "--XX\r\n" head "\r\n\r\n" body "\r\n"
#define FILE_PART        PART("Content-Disposition: form-data; name=\"file\"; filename=\"f\"", "bytes")
#define END              "--XX--\r\n"

TEST(shapes)
{
    static const struct {
        const char *body, *outcome;
    } rows[] = {
        { FILE_PART END, "ok" },
        { END, "ok" },
        { "\r\n" FILE_PART END, "ok" },
        { FILE_PART "--XX--", "ok" },
        { PART("content-disposition: Form-Data; Name=file; FileName=f", "x") END, "ok" },
        { PART("Content-Disposition: form-data; name=\"file\"", "text") END, "ok" },
        { PART("Content-Disposition: form-data; name=\"a\"", "") END, "ok" },
        { PART("Content-Disposition: form-data; name=\"file\"; filename=\"\"", "") END, "ok" },
        { FILE_PART FILE_PART END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"other\"; filename=\"f\"", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data", "x") END, "bad_request" },
        { PART("Content-Disposition: attachment; name=\"file\"", "x") END, "bad_request" },
        { PART("Content-Type: image/png", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"a", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"a\"\r\n folded: yes", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"a\"\r\nno colon", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"a\"\r\n: empty", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"a\"\r\nA: b\x01", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"a\nb\"", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"\xff\"", "x") END, "bad_request" },
        { PART("Content-Disposition: form-data; name=\"a\"", "\xff") END, "bad_request" },
        { "--XX\r\n\r\nx\r\n" END, "bad_request" },
        { "--XXY\r\n", "bad_request" },
        { "--XX-\r\n", "bad_request" },
        { "--XX\rx", "bad_request" },
        { "nothing of the kind", "bad_request" },
        { "", "bad_request" },
        { FILE_PART, "bad_request" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const char *const got = outcome(&mem, TYPE, rows[i].body);
        CHECK_MSG(strcmp(got, rows[i].outcome) == 0, "%s gives %s (%s)", rows[i].body, got, result.err.text);
    }
}

TEST(boundaries)
{
    AUTO(arena) struct arena mem = { 0 };
    static const char *const bad[] = {
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"XX",
        "multipart/form-data; bound=XX",
        "multipart/form-data; boundary=\"XX \"",
        "multipart/form-data; "
        "boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_TEXT(outcome(&mem, bad[i], FILE_PART END), "bad_request");
    CHECK_TEXT(outcome(&mem, "multipart/form-data; charset=utf-8; boundary=\"XX\"", FILE_PART END), "ok");
    CHECK_TEXT(outcome(&mem, "Multipart/Form-Data;BOUNDARY=XX", FILE_PART END), "ok");
    CHECK(multipart_is("multipart/form-data") && multipart_is("Multipart/form-data; boundary=x"));
    CHECK(!multipart_is("multipart/form-database") && !multipart_is(NULL) &&
          !multipart_is("application/json"));
}

static char *filled(struct arena *mem, size_t size)
{
    char *const text = arena_alloc(mem, size + 1);
    memset(text, 'a', size);
    return text;
}

TEST(limits)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const file = "Content-Disposition: form-data; name=\"file\"; filename=\"f\"";
    const char *const field = "Content-Disposition: form-data; name=\"a\"";
    static const char form[] = "--XX\r\n%s\r\n\r\n%s\r\n--XX--";
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, form, file, filled(&mem, 100))), "ok");
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, form, file, filled(&mem, 101))), "too_large");
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, form, field, filled(&mem, 65000))), "ok");
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, form, field, filled(&mem, 70000))), "too_large");
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, "%s\r\n" FILE_PART END, filled(&mem, 8000))), "ok");
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, "%s\r\n" FILE_PART END, filled(&mem, 9000))),
               "bad_request");
    const char *const head = arena_printf(&mem, "%s\r\nX: %s", field, filled(&mem, 8192));
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, form, head, "x")), "bad_request");
    const char *const padding = arena_printf(&mem, "--XX%*s\r\n", 9000, "");
    CHECK_TEXT(outcome(&mem, TYPE, padding), "bad_request");
    const char *many = "";
    for (int i = 0; i < 65; i++) many = arena_printf(&mem, "%s--XX\r\n%s\r\n\r\nx\r\n", many, field);
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, "%s--XX--", many)), "bad_request");
    const char *lines = field;
    for (int i = 0; i < 40; i++) lines = arena_printf(&mem, "%s\r\nA: b", lines);
    CHECK_TEXT(outcome(&mem, TYPE, arena_printf(&mem, form, lines, "x")), "bad_request");
}

TEST(big_file_is_whole)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const head = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
    const size_t head_size = strlen(head), size = 190000;
    char *const body = arena_alloc(&mem, head_size + size + 16);
    memcpy(body, head, head_size);
    uint32_t seed = 1;
    for (size_t i = 0; i < size; i++)
        body[head_size + i] = "\r\n-a"[(seed = seed * 1103515245u + 12345u) >> 16 & 3];
    memcpy(body + head_size + size, "\r\n--XX--", 8);
    parse(&mem, TYPE, body, head_size + size + 8, 0, 4093, 1 << 20, &result);
    CHECK_MSG(result.good, "%s", result.err.text);
    CHECK_INT(result.file_size, size);
    CHECK(memcmp(result.file, body + head_size, size) == 0);
}

TEST(filenames)
{
    static const struct {
        const char *disposition, *name;
    } rows[] = {
        { "form-data; name=\"file\"; filename=\"a.png\"", "a.png" },
        { "form-data; filename=\"../../etc/passwd\"; name=\"file\"", "passwd" },
        { "form-data; filename=\"C:\\fake\\b.png\"", "b.png" },
        { "form-data; filename=\"say \\\"hi\\\".png\"", "say \"hi\".png" },
        { "form-data; filename=plain.png", "plain.png" },
        { "form-data; filename=\"..\"", "" },
        { "form-data; filename=\"a/..\"", "" },
        { "form-data; filename=\"\"", "" },
        { "form-data; filename=\"x\"; filename*=UTF-8''%C3%A4%20b.png", "\xc3\xa4 b.png" },
        { "form-data; filename*=utf-8'de'%2e%2e%2fx", "x" },
        { "form-data; filename=\"x\"; filename*=latin1''y", "x" },
        { "form-data; filename=\"x\"; filename*=UTF-8''%ff", "x" },
        { "form-data; filename*=UTF-8''a%0d%0ab", "ab" },
        { "form-data; name=\"file\"", NULL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const char *const got = part_filename(&mem, rows[i].disposition);
        CHECK_MSG(text_is(got, rows[i].name), "%s gives %s", rows[i].disposition, got ? got : "none");
    }
}

TEST_MAIN
