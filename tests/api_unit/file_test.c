/* Files as replies: ranges, conditions, names. */
#include "service.h"

#include <fcntl.h>
#include <unistd.h>

enum { SIZE = 300000 };

static const char date[] = "Tue, 14 Nov 2023 22:13:20 GMT";

static char content(size_t at) { return (char)('a' + at % 23); }

static bool is_part(const struct answer *answer, size_t first, size_t size)
{
    if (answer->size_bytes != size) return false;
    for (size_t i = 0; i < size; i++)
        if (answer->body[i] != content(first + i)) return false;
    return true;
}

TEST(whole)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct answer answer = ask("GET /files/one", NULL, NULL);
    CHECK_INT(answer.status, 200);
    CHECK(is_part(&answer, 0, SIZE));
    CHECK_HEADER(answer, "Content-Type", "video/mp4");
    CHECK_HEADER(answer, "Accept-Ranges", "bytes");
    CHECK_HEADER(answer, "ETag", "\"abc\"");
    CHECK_HEADER(answer, "Last-Modified", date);
    CHECK_HEADER(answer, "Cache-Control", "public, max-age=60");
    CHECK_NO_HEADER(answer, "Content-Disposition");
}

TEST(head)
{
    AUTO(arena) struct arena mem = { 0 };
    struct answer answer = ask("HEAD /files/one", NULL, NULL);
    CHECK_INT(answer.status, 200);
    CHECK_HEADER(answer, "Content-Length", "300000");
    answer = ask("HEAD /files/one", "Range: bytes=5-14\r\n", NULL);
    CHECK_INT(answer.status, 206);
    CHECK_HEADER(answer, "Content-Length", "10");
}

TEST(ranges)
{
    static const struct {
        const char *range, *content_range;
        int status;
        size_t first, size;
    } rows[] = {
        { "bytes=0-0", "bytes 0-0/300000", 206, 0, 1 },
        { "bytes=5-14", "bytes 5-14/300000", 206, 5, 10 },
        { "bytes=299990-", "bytes 299990-299999/300000", 206, 299990, 10 },
        { "bytes=-10", "bytes 299990-299999/300000", 206, 299990, 10 },
        { "bytes=1-", "bytes 1-299999/300000", 206, 1, SIZE - 1 },
        { "bytes=0-999999", "bytes 0-299999/300000", 206, 0, SIZE },
        { "bytes=300000-", "bytes */300000", 416, 0, 0 },
        { "bytes=-0", "bytes */300000", 416, 0, 0 },
        { "bytes=0-1,2-6", "bytes 0-6/300000", 206, 0, 7 },
        { "bytes=10-20,0-15", NULL, 200, 0, SIZE },
        { "rubbish", NULL, 200, 0, SIZE },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const struct answer answer =
            ask("GET /files/one", arena_printf(&mem, "Range: %s\r\n", rows[i].range), NULL);
        CHECK_MSG(answer.status == rows[i].status, "%s gives %d", rows[i].range, answer.status);
        CHECK_MSG(is_part(&answer, rows[i].first, rows[i].size), "%s gives other bytes", rows[i].range);
        CHECK(text_is(answer_header(&answer, "Content-Range"), rows[i].content_range));
    }
}

/* The parts stand where their heads say, and the length that was promised came. */
TEST(several_ranges)
{
    AUTO(arena) struct arena mem = { 0 };
    static const struct {
        long long first, last;
    } parts[] = { { 100000, 199999 }, { 0, 0 }, { SIZE - 5, SIZE - 1 } };
    const struct answer answer = ask("GET /files/one", "Range: bytes=100000-199999, 0-0, -5\r\n", NULL),
                        head = ask("HEAD /files/one", "Range: bytes=100000-199999, 0-0, -5\r\n", NULL);
    static const char type[] = "multipart/byteranges; boundary=";
    CHECK_INT(answer.status, 206);
    CHECK_NO_HEADER(answer, "Content-Range");
    CHECK_HEADER(head, "Content-Length", arena_printf(&mem, "%zu", answer.size_bytes));
    CHECK(text_starts(answer_header(&answer, "Content-Type"), type));
    const char *const boundary = answer_header(&answer, "Content-Type") + strlen(type), *at = answer.body;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const char *const before = arena_printf(
            &mem, "\r\n--%s\r\nContent-Type: video/mp4\r\nContent-Range: bytes %lld-%lld/300000\r\n\r\n",
            boundary, parts[i].first, parts[i].last);
        CHECK(memcmp(at, before, strlen(before)) == 0);
        at += strlen(before);
        for (long long k = parts[i].first; k <= parts[i].last; k++, at++)
            if (*at != content((size_t)k)) CHECK_MSG(false, "byte %lld of the file is another one", k);
    }
    CHECK(text_is(arena_text_n(&mem, at, answer.size_bytes - (size_t)(at - answer.body)),
                  arena_printf(&mem, "\r\n--%s--\r\n", boundary)));
}

TEST(conditions)
{
    static const struct {
        const char *headers;
        int status;
    } rows[] = {
        { "If-None-Match: \"abc\"\r\n", 304 },
        { "If-None-Match: W/\"abc\"\r\n", 304 },
        { "If-None-Match: \"x\", \"abc\"\r\n", 304 },
        { "If-None-Match: *\r\n", 304 },
        { "If-None-Match: \"x\"\r\n", 200 },
        { "If-None-Match: abc\r\n", 200 },
        { "If-None-Match: \"abc\r\n", 200 },
        { "If-None-Match: \"abcd\"\r\n", 200 },
        { "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 304 },
        { "If-Modified-Since: Wed, 15 Nov 2023 22:13:20 GMT\r\n", 304 },
        { "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 200 },
        { "If-Modified-Since: yesterday\r\n", 200 },
        { "If-None-Match: \"x\"\r\nIf-Modified-Since: Wed, 15 Nov 2023 22:13:20 GMT\r\n", 200 },
        { "If-Match: \"abc\"\r\n", 200 },
        { "If-Match: *\r\n", 200 },
        { "If-Match: W/\"abc\"\r\n", 412 },
        { "If-Match: \"x\"\r\n", 412 },
        { "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT\r\n", 412 },
        { "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 200 },
        { "If-None-Match: \"abc\"\r\nRange: bytes=0-1\r\n", 304 },
        { "If-Range: \"abc\"\r\nRange: bytes=0-1\r\n", 206 },
        { "If-Range: W/\"abc\"\r\nRange: bytes=0-1\r\n", 200 },
        { "If-Range: \"x\"\r\nRange: bytes=0-1\r\n", 200 },
        { "If-Range: Tue, 14 Nov 2023 22:13:20 GMT\r\nRange: bytes=0-1\r\n", 206 },
        { "If-Range: Wed, 15 Nov 2023 22:13:20 GMT\r\nRange: bytes=0-1\r\n", 200 },
        { "If-Range: \"x\"\r\nRange: bytes=900000-\r\n", 200 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const struct answer answer = ask("GET /files/one", rows[i].headers, NULL);
        CHECK_MSG(answer.status == rows[i].status, "%s gives %d", rows[i].headers, answer.status);
        CHECK_HEADER(answer, "ETag", "\"abc\"");
        if (answer.status == 304) CHECK_INT(answer.size_bytes, 0);
    }
}

TEST(connection_survives_304)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    for (int i = 0; i < 3; i++) {
        client_send(fd, "GET /files/one HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"abc\"\r\n\r\n");
        CHECK_INT(client_read(&mem, fd, false).status, 304);
        client_send(fd, "GET /files/one HTTP/1.1\r\nHost: x\r\nRange: bytes=900000-\r\n\r\n");
        CHECK_INT(client_read(&mem, fd, false).status, 416);
        client_send(fd, "GET /files/one HTTP/1.1\r\nHost: x\r\n\r\n");
        const struct answer answer = client_read(&mem, fd, false);
        CHECK(is_part(&answer, 0, SIZE));
    }
}

TEST(names)
{
    AUTO(arena) struct arena mem = { 0 };
    struct answer answer = ask("GET /files/one?as=storm.mp4", NULL, NULL);
    CHECK_HEADER(answer, "Content-Disposition",
                 "attachment; filename=\"storm.mp4\"; filename*=UTF-8''storm.mp4");
    answer = ask("GET /files/one?as=%C3%A4%22%0D%0AX:%20y;.mp4", NULL, NULL);
    CHECK_HEADER(answer, "Content-Disposition",
                 "attachment; filename=\"____X_ y_.mp4\"; filename*=UTF-8''%C3%A4%22%0D%0AX%3A%20y%3B.mp4");
    CHECK_NO_HEADER(answer, "X");
}

TEST(client_leaves_early)
{
    AUTO(arena) struct arena mem = { 0 };
    for (int i = 0; i < 20; i++) {
        AUTO(fd) int fd = client_connect(port);
        client_send(fd, "GET /files/one HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    CHECK_INT(ask("GET /ping", NULL, NULL).status, 200);
}

TEST(empty_file)
{
    AUTO(arena) struct arena mem = { 0 };
    char path[] = "/tmp/umam-test-XXXXXX";
    const char *const kept = toy.file;
    close(mkstemp(path));
    toy.file = path;
    const struct answer answer = ask("GET /files/one", NULL, NULL),
                        part = ask("GET /files/one", "Range: bytes=0-\r\n", NULL);
    toy.file = kept;
    unlink(path);
    CHECK_ANSWER(answer, 200, "");
    CHECK_HEADER(answer, "Content-Type", "video/mp4");
    CHECK_INT(part.status, 416);
}

int main(int argc, char **argv)
{
    static char path[] = "/tmp/umam-test-XXXXXX";
    const int fd = mkstemp(path);
    for (size_t i = 0; i < SIZE; i++) {
        const char c = content(i);
        if (write(fd, &c, 1) != 1) return 1;
    }
    close(fd);
    toy.file = path;
    service_start((struct server_config){ 0 });
    const int failed = run_tests(argc, argv);
    server_stop(server);
    unlink(path);
    return failed;
}
