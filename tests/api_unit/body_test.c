/* Request bodies: JSON, validation, uploads, and what lies about its length. */
#include "service.h"

#include "base/time.h"

#include <unistd.h>

static bool has(const struct answer *answer, const char *text) { return strstr(answer->body, text) != NULL; }

TEST(created)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct answer answer =
        ask("POST /notes", AS("creator"),
            "{\"title\":\"t\",\"mood\":\"wild\",\"stars\":\"4\",\"author\":{\"name\":\"n\"}}");
    CHECK_ANSWER(
        answer, 201,
        "{\"id\":\"11111111-2222-4333-8444-555555555555\",\"title\":\"t\",\"mood\":\"wild\",\"stars\":4,"
        "\"author\":{\"name\":\"n\"},\"created_at\":\"2023-11-14T22:13:20\"}");
    CHECK_HEADER(answer, "Location", "/notes/11111111-2222-4333-8444-555555555555");
}

TEST(all_faults_at_once)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct answer answer =
        ask("POST /notes", AS("creator"), "{\"mood\":\"odd\",\"stars\":9,\"author\":{}}");
    CHECK_ANSWER(
        answer, 422,
        "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"title\"],\"msg\":\"Field "
        "required\",\"input\":"
        "{\"mood\":\"odd\",\"stars\":9,\"author\":{}}},{\"type\":\"literal_error\",\"loc\":[\"body\","
        "\"mood\"]"
        ",\"msg\":\"Input should be 'calm' or 'wild'\",\"input\":\"odd\",\"ctx\":{\"expected\":\"'calm' or "
        "'wild'\"}},{\"type\":\"less_than_equal\",\"loc\":[\"body\",\"stars\"],\"msg\":\"Input should be "
        "less "
        "than or equal to 5\",\"input\":9,\"ctx\":{\"le\":5}},{\"type\":\"missing\",\"loc\":[\"body\","
        "\"author\",\"name\"],\"msg\":\"Field required\",\"input\":null}]}");
}

TEST(malformed)
{
    AUTO(arena) struct arena mem = { 0 };
    static const char *const bodies[] = { "{",  "{\"title\":}", "nonsense", "{\"a\":1,}",
                                          "[1", "\"\xff\"",     "{}{}",     "NaN" };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const struct answer answer = ask("POST /notes", NULL, bodies[i]); /* told even to strangers */
        CHECK_MSG(answer.status == 422 && has(&answer, "\"type\":\"json_invalid\",\"loc\":[\"body\","),
                  "%s: %s", bodies[i], answer.body);
        CHECK(has(&answer, "\"msg\":\"JSON decode error\",\"input\":{},\"ctx\":{\"error\":"));
    }
    char deep[3000];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    CHECK_INT(ask("POST /echo", NULL, deep).status, 422);
}

TEST(order_of_checks)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_INT(ask("POST /notes", NULL, "{\"stars\":9}").status, 401);
    CHECK_INT(ask("POST /notes", NULL, "").status, 401);
    CHECK_INT(ask("GET /notes?limit=0", NULL, NULL).status, 401);
    CHECK_INT(ask("GET /notes/rubbish", NULL, NULL).status, 401);
}

TEST(bodies_of_other_kinds)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const who = AS("creator");
    struct answer answer = ask("POST /notes", who, "");
    CHECK_ANSWER(
        answer, 422,
        "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\"],\"msg\":\"Field required\",\"input\":null}]}");
    answer = ask("POST /notes", who, "[1]");
    CHECK(answer.status == 422 && has(&answer, "model_attributes_type") && has(&answer, "\"input\":[1]"));
    answer =
        ask("POST /notes", arena_printf(&mem, "%sContent-Type: text/plain\r\n", who), "{\"title\":\"t\"}");
    CHECK(answer.status == 422 && has(&answer, "model_attributes_type"));
    CHECK(has(&answer, "\"loc\":[\"body\"],") && has(&answer, "\"input\":\"{\\\"title\\\":\\\"t\\\"}\""));
    static const char *const good[] = { "application/json", "Application/JSON; charset=utf-8",
                                        "application/x.y+json" };
    for (size_t i = 0; i < COUNT_OF(good); i++)
        CHECK_INT(ask("POST /notes", arena_printf(&mem, "%sContent-Type: %s\r\n", who, good[i]),
                      "{\"title\":\"t\"}")
                      .status,
                  201);
    static const char *const bad[] = { "application/jsonx", "text/json", "application/+json", "x/y+json" };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_INT(
            ask("POST /notes", arena_printf(&mem, "%sContent-Type: %s\r\n", who, bad[i]), "{\"title\":\"t\"}")
                .status,
            422);
}

TEST(errors_of_handlers)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_ANSWER(
        ask("POST /notes", AS("creator"), "{\"title\":\"forbidden\"}"), 422,
        "{\"detail\":[{\"type\":\"value_error\",\"loc\":[\"body\",\"title\"],\"msg\":\"this title is taken\","
        "\"input\":\"forbidden\"}]}");
    CHECK_ANSWER(ask("GET /notes/22222222-2222-4333-8444-555555555555", AS("creator"), NULL), 404,
                 "{\"detail\":\"Note not found\",\"code\":\"not_found\"}");
    log_setup(LOG_LEVEL_ERROR + 1, false);
    const struct answer answer = ask("POST /notes", AS("creator"), "{\"title\":\"broken\"}");
    log_setup(LOG_LEVEL_ERROR, false);
    CHECK_ANSWER(answer, 500, "{\"detail\":\"Internal Server Error\",\"code\":\"internal\"}");
}

TEST(query_and_path)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const who = AS("creator");
    struct answer answer = ask("GET /notes?limit=1&search=a+b%26c", who, NULL);
    CHECK_MSG(answer.status == 200 && has(&answer, "\"title\":\"a b&c\""), "%s", answer.body);
    CHECK(answer.body[0] == '[');
    answer = ask("GET /notes?limit=0&search=%C3%A4%C3%A4", who, NULL);
    CHECK(answer.status == 422 && has(&answer, "\"loc\":[\"query\",\"limit\"]") &&
          has(&answer, "\"input\":\"0\""));
    CHECK_INT(ask("GET /notes?limit=abc", who, NULL).status, 422);
    CHECK_INT(ask("GET /notes?limit", who, NULL).status, 422);
    CHECK_INT(ask("GET /notes?&&limit=1&", who, NULL).status, 200);
    CHECK_INT(ask("GET /notes?search=%ff", who, NULL).status, 400);
    CHECK_INT(ask("GET /notes?search=%00", who, NULL).status, 400);
    CHECK_INT(ask("GET /notes?search=%4", who, NULL).status, 400);
    answer = ask("GET /notes/rubbish", who, NULL);
    CHECK(answer.status == 422 && has(&answer, "uuid_parsing") && has(&answer, "[\"path\",\"note_id\"]"));
    answer = ask("GET /notes/URN:uuid:11111111222243338444555555555555", who, NULL);
    CHECK(answer.status == 200 && has(&answer, "\"id\":\"11111111-2222-4333-8444-555555555555\""));
    const char *many = "GET /notes?a=1";
    for (int i = 0; i < 101; i++) many = arena_printf(&mem, "%s&a=1", many);
    CHECK_INT(ask(many, who, NULL).status, 400);
}

/* ---- sizes ---- */

TEST(large_json)
{
    AUTO(arena) struct arena mem = { 0 };
    char *const body = arena_alloc(&mem, (200 << 10) + 2);
    memset(body, ' ', 200 << 10);
    body[0] = '7';
    CHECK_ANSWER(ask("POST /echo", NULL, body), 200, "7");
    body[200 << 10] = ' ';
    const struct answer answer = ask("POST /echo", NULL, body);
    CHECK_ANSWER(answer, 413,
                 "{\"detail\":\"the request body is larger than the 204800 bytes accepted "
                 "here\",\"code\":\"too_large\"}");
    CHECK_HEADER(answer, "Connection", "close");
    CHECK(answer_header(&answer, "X-Request-Id"));
}

/* Refused on the strength of the head alone, before the body is sent. */
TEST(announced_too_large)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    client_send(
        fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n");
    const int64_t from = time_mono();
    CHECK_INT(client_read(&mem, fd, false).status, 413);
    CHECK(time_mono() - from < SECOND);
    CHECK(client_ended(fd));
}

TEST(unauthorized_upload_is_not_awaited)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    client_send(fd, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
                    "Content-Length: 900000\r\n\r\n--XX");
    const struct answer answer = client_read(&mem, fd, false);
    CHECK_INT(answer.status, 401);
    CHECK_HEADER(answer, "WWW-Authenticate", "Bearer");
}

TEST(small_unwanted_bodies_keep_the_connection)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    char *const body = arena_alloc(&mem, 50001);
    memset(body, 'x', 50000);
    client_send(
        fd, arena_printf(&mem, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n%s", body));
    CHECK_INT(client_read(&mem, fd, false).status, 404);
    client_send(fd,
                arena_printf(&mem, "GET /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n%s", body));
    CHECK_INT(client_read(&mem, fd, false).status, 200);
    client_send(fd, "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(client_read(&mem, fd, false).status, 200);
}

/* ---- framing ---- */

TEST(chunked)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    static const char text[] = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3;ext=1\r\n{\"a\r\n4\r\n\":12\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n";
    for (size_t i = 0; i < sizeof text - 1; i++) {
        client_send_bytes(fd, text + i, 1);
        if (i % 16 == 0) time_sleep(2 * MS);
    }
    CHECK_ANSWER(client_read(&mem, fd, false), 200, "{\"a\":12}");
}

/* The library reads a bare line feed as the end of a chunk line; a proxy may not, and see another request
 * behind the body. */
TEST(nothing_behind_chunks_is_a_request)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    client_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n"
                    "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(client_read(&mem, fd, false).status, 200);
    CHECK_INT(client_read(&mem, fd, false).status, 0);
}

TEST(endless_chunks)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    char chunk[4096 + 8];
    memset(chunk, ' ', sizeof chunk);
    memcpy(chunk, "1000\r\n", 6);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    client_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 1000; i++) client_send_bytes(fd, chunk, sizeof chunk);
    CHECK_INT(client_read(&mem, fd, false).status, 413);
    CHECK(client_ended(fd));
}

TEST(two_lengths)
{
    static const char *const heads[] = {
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 5x\r\n",
        "Content-Length: 99999999999999999999999\r\n",
    };
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        AUTO(arena) struct arena mem = { 0 };
        AUTO(fd) int fd = client_connect(port);
        client_send(fd, arena_printf(&mem,
                                     "POST /echo HTTP/1.1\r\nHost: x\r\n%s\r\n0\r\n\r\nGET /ping HTTP/1.1\r\n"
                                     "Host: x\r\n\r\n",
                                     heads[i]));
        const int status = client_read(&mem, fd, false).status;
        CHECK_MSG(status == 400 || status == 413 || status == 0, "%s gives %d", heads[i], status);
        CHECK(client_ended(fd)); /* what follows is never taken for a request */
    }
}

TEST(length_that_lies)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int shorter = client_connect(port);
    client_send(shorter, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{}");
    close(shorter);
    shorter = -1;
    AUTO(fd) int longer = client_connect(port);
    client_send(
        longer,
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_ANSWER(client_read(&mem, longer, false), 200, "{}");
    CHECK_INT(client_read(&mem, longer, false).status, 200);
}

/* ---- uploads ---- */

#define FORM "Content-Type: multipart/form-data; boundary=XX\r\n"
#define FILE_HEAD                                                                                            \
    "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a.png\"\r\nContent-Type: "         \
    "image/png\r\n\r\n"

static struct answer upload(struct arena *mem, const char *body)
{
    const char *const headers = arena_printf(mem, "Authorization: %s\r\n" FORM, toy_token(mem, "creator"));
    return client_ask(mem, port, "POST /upload", headers, body);
}

TEST(uploaded)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_ANSWER(upload(&mem, "--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n" FILE_HEAD
                              "bytes\r\n--XX--\r\n"),
                 200,
                 "{\"filename\":\"a.png\",\"type\":\"image/png\",\"size\":5,\"first\":98,\"note\":\"hi\"}");
    CHECK_ANSWER(upload(&mem, FILE_HEAD "\r\n--XX--"), 200,
                 "{\"filename\":\"a.png\",\"type\":\"image/png\",\"size\":0,\"first\":-1,\"note\":null}");
}

TEST(upload_faults)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const missing = "{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",\"file\"],\"msg\":"
                                "\"Field required\",\"input\":null}]}";
    CHECK_ANSWER(upload(&mem, "--XX--\r\n"), 422, missing);
    CHECK_ANSWER(ask("POST /upload", AS("creator"), "{}"), 422, missing);
    struct answer answer =
        upload(&mem, "--XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ntext\r\n--XX--");
    CHECK(answer.status == 422 && has(&answer, "Expected UploadFile") && has(&answer, "\"input\":\"text\""));
    CHECK_INT(upload(&mem, FILE_HEAD "cut").status, 400);
    CHECK_INT(upload(&mem, "rubbish").status, 400);
    CHECK_INT(upload(&mem, FILE_HEAD "a\r\n" FILE_HEAD "b\r\n--XX--").status, 400);
    answer = ask("POST /upload", arena_printf(&mem, "%sContent-Type: multipart/form-data\r\n", AS("creator")),
                 "x");
    CHECK_INT(answer.status, 400);
}

static struct answer upload_chunked(struct arena *mem, size_t size)
{
    AUTO(fd) int fd = client_connect(port);
    char *const piece = arena_alloc(mem, 65536);
    client_send(fd, arena_printf(mem,
                                 "POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n%s" FORM
                                 "\r\n",
                                 arena_printf(mem, "Authorization: %s\r\n", toy_token(mem, "creator"))));
    client_send(fd, arena_printf(mem, "%zx\r\n%s\r\n", strlen(FILE_HEAD), FILE_HEAD));
    for (size_t sent = 0; sent < size; sent += 65536) {
        client_send(fd, "10000\r\n");
        client_send_bytes(fd, piece, 65536);
        client_send(fd, "\r\n");
    }
    client_send(fd, "8\r\n\r\n--XX--\r\n0\r\n\r\n");
    return client_read(mem, fd, false);
}

TEST(upload_sizes)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_ANSWER(
        upload_chunked(&mem, 1 << 20), 200,
        "{\"filename\":\"a.png\",\"type\":\"image/png\",\"size\":1048576,\"first\":0,\"note\":null}");
    struct answer answer = upload_chunked(&mem, (1 << 20) + 1);
    CHECK_MSG(answer.status == 413 && has(&answer, "1048576"), "%d %s", answer.status, answer.body);
    answer = upload_chunked(&mem, 16 << 20);
    CHECK_INT(answer.status, 413);
}

int main(int argc, char **argv)
{
    service_start((struct server_config){ 0 });
    const int failed = run_tests(argc, argv);
    server_stop(server);
    return failed;
}
