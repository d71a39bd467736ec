/* The protocol: connections, routing, who may, cross-origin rules, limits, stopping. */
#include "service.h"

#include "base/time.h"

#include <pthread.h>
#include <unistd.h>

TEST(ping)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct answer answer = ask("GET /ping", NULL, NULL);
    CHECK_ANSWER(answer, 200, "{\"status\":\"alive\",\"remote\":\"127.0.0.1\"}");
    CHECK_HEADER(answer, "Content-Type", "application/json");
    CHECK_HEADER(answer, "X-Content-Type-Options", "nosniff");
    CHECK(strlen(answer_header(&answer, "X-Request-Id")) > 14);
}

TEST(request_ids)
{
    AUTO(arena) struct arena mem = { 0 };
    struct answer answer = ask("GET /ping", "X-Request-Id: abc-1.2_X\r\n", NULL);
    CHECK_HEADER(answer, "X-Request-Id", "abc-1.2_X");
    answer = ask("GET /ping", "X-Request-Id: a b=\"c\"\r\n", NULL);
    const struct answer next = ask("GET /ping", NULL, NULL);
    CHECK(!strchr(answer_header(&answer, "X-Request-Id"), '"'));
    CHECK(strcmp(answer_header(&answer, "X-Request-Id"), answer_header(&next, "X-Request-Id")) != 0);
}

TEST(keep_alive)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    for (int i = 0; i < 20; i++) {
        client_send(fd, "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK_INT(client_read(&mem, fd, false).status, 200);
        client_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
        CHECK_ANSWER(client_read(&mem, fd, false), 200, "{\"a\":1}");
        client_send(fd, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
        CHECK_INT(client_read(&mem, fd, false).status, 404);
        client_send(fd, "HEAD /ping HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK_INT(client_read(&mem, fd, true).status, 200);
    }
    client_send(fd, "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK_INT(client_read(&mem, fd, false).status, 200);
    CHECK(client_ended(fd));
}

TEST(pipelining)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    const char *text = "";
    for (int i = 0; i < 10; i++)
        text = arena_printf(&mem,
                            "%sGET /rest/%d HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\n"
                            "Content-Length: 1\r\n\r\n%d",
                            text, i, i);
    client_send(fd, text);
    for (int i = 0; i < 10; i++) {
        CHECK_ANSWER(client_read(&mem, fd, false), 200, arena_printf(&mem, "%d", i));
        CHECK_ANSWER(client_read(&mem, fd, false), 200, arena_printf(&mem, "%d", i));
    }
}

TEST(old_protocol)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    client_send(fd, "GET /ping HTTP/1.0\r\n\r\n");
    CHECK_INT(client_read(&mem, fd, false).status, 200);
    CHECK(client_ended(fd));
    AUTO(fd) int other = client_connect(port);
    client_send(other, "GET /ping HTTP/1.1\r\n\r\n"); /* no Host */
    CHECK_INT(client_read(&mem, other, false).status, 400);
    AUTO(fd) int absolute = client_connect(port);
    client_send(absolute, "GET http://toy:1/ping HTTP/1.1\r\nHost: toy:1\r\n\r\n");
    CHECK_INT(client_read(&mem, absolute, false).status, 200);
}

TEST(head)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct answer got = ask("GET /ping", NULL, NULL), answer = ask("HEAD /ping", NULL, NULL);
    CHECK_INT(answer.status, 200);
    CHECK_HEADER(answer, "Content-Length", answer_header(&got, "Content-Length"));
    CHECK_HEADER(answer, "Content-Type", "application/json");
    CHECK_INT(ask("HEAD /events", NULL, NULL).status, 200);
    CHECK_INT(ask("HEAD /echo", NULL, NULL).status, 405);
}

TEST(not_found_and_wrong_method)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_ANSWER(ask("GET /nowhere", NULL, NULL), 404, "{\"detail\":\"Not Found\",\"code\":\"not_found\"}");
    CHECK_INT(ask("GET /rest/a/..%2f..%2fetc/passwd", NULL, NULL).status, 404);
    CHECK_INT(ask("GET /rest/%00", NULL, NULL).status, 404);
    const struct answer answer = ask("PUT /ping", NULL, NULL);
    CHECK_ANSWER(answer, 405, "{\"detail\":\"Method Not Allowed\",\"code\":\"method_not_allowed\"}");
    CHECK_HEADER(answer, "Allow", "GET, HEAD");
    CHECK_INT(ask("BREW /ping", NULL, NULL).status, 405);
    CHECK_INT(ask("OPTIONS /ping", NULL, NULL).status, 405);
}

TEST(trailing_slash)
{
    AUTO(arena) struct arena mem = { 0 };
    struct answer answer = ask("GET /ping/?a=b&c", NULL, NULL);
    CHECK_ANSWER(answer, 307, "");
    CHECK_HEADER(answer, "Location", "/ping?a=b&c"); /* whatever the client calls this host */
    CHECK_INT(ask("GET //ping/", NULL, NULL).status, 404); /* its beginning would be another host */
}

TEST(rest_of_path)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_ANSWER(ask("GET /rest/a/b%20c/%C3%A4.mp4", NULL, NULL), 200, "a/b c/\xc3\xa4.mp4");
}

TEST(who)
{
    AUTO(arena) struct arena mem = { 0 };
    struct answer answer = ask("GET /notes/mine", NULL, NULL);
    CHECK_ANSWER(answer, 401, "{\"detail\":\"Missing Authorization header\",\"code\":\"unauthenticated\"}");
    CHECK_HEADER(answer, "WWW-Authenticate", "Bearer");
    const char *const invalid = "{\"detail\":\"Invalid token\",\"code\":\"unauthenticated\"}";
    CHECK_ANSWER(ask("GET /notes/mine", "Authorization: Bearer \r\n", NULL), 401, invalid);
    CHECK_ANSWER(ask("GET /notes/mine", "Authorization: Bearer\r\n", NULL), 401, invalid);
    CHECK_ANSWER(ask("GET /notes/mine", "Authorization: Basic YTpi\r\n", NULL), 401, invalid);
    CHECK_ANSWER(ask("GET /notes/mine", "Authorization: Bearer x.y.z\r\n", NULL), 401, invalid);
    CHECK_ANSWER(ask("GET /notes/mine", AS(NULL), NULL), 200, "{\"sub\":\"ann\",\"admin\":false}");
    CHECK_ANSWER(ask("GET /notes/mine", AS("admin"), NULL), 200, "{\"sub\":\"ann\",\"admin\":true}");
    const char *const token = toy_token(&mem, "viewer");
    CHECK_INT(ask("GET /notes/mine", arena_printf(&mem, "authorization: %s\r\n", token), NULL).status, 200);
    CHECK_INT(
        ask("GET /notes/mine", arena_printf(&mem, "Authorization: bEARER   %s\r\n", token), NULL).status,
        200);
}

TEST(admin_only)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_ANSWER(
        ask("DELETE /notes/1", AS("viewer"), NULL), 403,
        "{\"detail\":\"Forbidden: this needs the permission 'admin'; what you come with permits: read\","
        "\"code\":\"forbidden\"}");
    const struct answer answer = ask("DELETE /notes/1", AS("admin"), NULL);
    CHECK_ANSWER(answer, 204, "");
    CHECK_NO_HEADER(answer, "Transfer-Encoding");
}

TEST(preflight)
{
    AUTO(arena) struct arena mem = { 0 };
    struct answer answer = ask("OPTIONS /nowhere",
                               "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: "
                               "POST\r\nAccess-Control-Request-Headers: authorization, x-y\r\n",
                               NULL);
    CHECK_ANSWER(answer, 200, "OK");
    CHECK_HEADER(answer, "Access-Control-Allow-Origin", "http://localhost:3000");
    CHECK_HEADER(answer, "Access-Control-Allow-Credentials", "true");
    CHECK_HEADER(answer, "Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    CHECK_HEADER(answer, "Access-Control-Allow-Headers", "authorization, x-y");
    CHECK_HEADER(answer, "Access-Control-Max-Age", "600");
    CHECK_HEADER(answer, "Vary", "Origin");
    answer = ask("OPTIONS /ping", "Origin: http://evil.com\r\nAccess-Control-Request-Method: GET\r\n", NULL);
    CHECK_ANSWER(answer, 400, "Disallowed CORS origin");
    CHECK_NO_HEADER(answer, "Access-Control-Allow-Origin");
}

TEST(origins)
{
    AUTO(arena) struct arena mem = { 0 };
    struct answer answer = ask("GET /ping", "Origin: http://127.0.0.1:3000\r\n", NULL);
    CHECK_HEADER(answer, "Access-Control-Allow-Origin", "http://127.0.0.1:3000");
    CHECK_HEADER(answer, "Access-Control-Allow-Credentials", "true");
    CHECK_HEADER(answer, "Vary", "Origin");
    answer = ask("GET /ping", "Origin: http://evil.com\r\n", NULL);
    CHECK_INT(answer.status, 200);
    CHECK_NO_HEADER(answer, "Access-Control-Allow-Origin");
    answer = ask("GET /nowhere", "Origin: http://localhost:3000\r\n", NULL); /* errors are readable too */
    CHECK_HEADER(answer, "Access-Control-Allow-Origin", "http://localhost:3000");
}

TEST(big_head)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = client_connect(port);
    char *const value = arena_alloc(&mem, 20001);
    memset(value, 'a', 20000);
    CHECK_INT(ask("GET /ping", arena_printf(&mem, "X-Big: %s\r\n", value), NULL).status, 200);
    client_send(fd,
                arena_printf(&mem, "GET /ping HTTP/1.1\r\nHost: x\r\nA: %s\r\nB: %s\r\n\r\n", value, value));
    const int status = client_read(&mem, fd, false).status;
    CHECK_MSG(status == 431 || status == 414 || status == 0, "status %d", status);
    CHECK_INT(ask("GET /ping", NULL, NULL).status, 200);
}

TEST(garbage)
{
    AUTO(arena) struct arena mem = { 0 };
    static const char *const texts[] = { "\r\n\r\n\r\n",
                                         "GET\r\n\r\n",
                                         "\x16\x03\x01\x02",
                                         "GET /ping HTTP/9.9\r\n\r\n",
                                         "GET /ping HTTP/1.1\r\nHost x\r\n\r\n",
                                         "G\tT /ping HTTP/1.1\r\nHost: x\r\n\r\n" };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        AUTO(fd) int fd = client_connect(port);
        client_send(fd, texts[i]);
    }
    for (uint32_t seed = 1; seed < 200; seed++) {
        AUTO(fd) int fd = client_connect(port);
        char bytes[300];
        uint32_t state = seed;
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)((state = state * 1664525u + 1013904223u) >> 24);
        client_send_bytes(fd, bytes, sizeof bytes);
    }
    CHECK_INT(ask("GET /ping", NULL, NULL).status, 200);
}

static void *ask_slow(void *with)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct answer answer = ask("GET /slow?ms=300", NULL, NULL);
    *(int *)with = answer.status;
    return NULL;
}

TEST(hundred_at_once)
{
    pthread_t threads[100];
    int statuses[100] = { 0 };
    const int64_t from = time_mono();
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        CHECK(!pthread_create(&threads[i], NULL, ask_slow, &statuses[i]));
    for (size_t i = 0; i < COUNT_OF(threads); i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < COUNT_OF(threads); i++) CHECK_INT(statuses[i], 200);
    CHECK_MSG(time_mono() - from < 5 * SECOND, "they waited for each other");
}

TEST(connections_are_counted)
{
    AUTO(arena) struct arena mem = { 0 };
    struct server *small;
    struct error err;
    const struct server_config config = {
        .tables = toy_tables, .app = &toy, .auth.secret = TOY_SECRET, .requests_max = 3
    };
    CHECK_OK(server_start(&config, &small, &err));
    int fds[6];
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = client_connect(server_port(small));
        client_send(fds[i], "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
        if (i < 3) CHECK_INT(client_read(&mem, fds[i], false).status, 200);
    }
    for (size_t i = 0; i < COUNT_OF(fds); i++) close(fds[i]);
    server_stop(small);
}

/* A head that dribbles in, and a connection that just rests, are ended; a slow handler is not. */
TEST(slow_clients)
{
    AUTO(arena) struct arena mem = { 0 };
    struct server *hasty;
    struct error err;
    const struct server_config config = {
        .tables = toy_tables, .app = &toy, .auth.secret = TOY_SECRET, .idle_s = 1
    };
    CHECK_OK(server_start(&config, &hasty, &err));
    AUTO(fd) int dribbling = client_connect(server_port(hasty));
    AUTO(fd) int resting = client_connect(server_port(hasty));
    AUTO(fd) int trickling = client_connect(server_port(hasty));
    client_send(dribbling, "GET /ping HT");
    client_send(trickling, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n[");
    const struct answer answer = client_ask(&mem, server_port(hasty), "GET /slow?ms=2500", NULL, NULL);
    CHECK_ANSWER(answer, 200, "done");
    for (int i = 0; i < 10; i++) {
        client_send(dribbling, "T");
        client_send(trickling, " ");
        time_sleep(200 * MS);
    }
    CHECK(client_ended(dribbling) && client_ended(resting) && client_ended(trickling));
    server_stop(hasty);
}

TEST(port_is_taken)
{
    struct server *second;
    struct error err;
    const struct server_config config = { .tables = toy_tables, .port = port };
    CHECK(!server_start(&config, &second, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    CHECK(!server_start(&(struct server_config){ .tables = toy_tables, .host = "no.such.host.invalid" },
                        &second, &err));
    CHECK_INT(err.cause, CAUSE_INVALID);
}

static bool admit_none(void *app, struct arena *mem, struct caller *caller, struct error *err)
{
    (void)app;
    (void)mem;
    return text_is(caller->subject, "bob") || fail(err, CAUSE_UNAUTHENTICATED, "Invalid token");
}

TEST(veto_and_switched_off)
{
    AUTO(arena) struct arena mem = { 0 };
    struct server *strict, *open;
    struct error err;
    struct server_config config = { .tables = toy_tables,
                                    .app = &toy,
                                    .auth = { .secret = TOY_SECRET, .admit = admit_none } };
    CHECK_OK(server_start(&config, &strict, &err));
    CHECK_INT(client_ask(&mem, server_port(strict), "GET /notes/mine", AS("admin"), NULL).status, 401);
    server_stop(strict);
    config.auth = (struct auth_rules){ .disabled = true };
    CHECK_OK(server_start(&config, &open, &err));
    CHECK_ANSWER(client_ask(&mem, server_port(open), "GET /notes/mine", "Authorization: rubbish\r\n", NULL),
                 200, "{\"sub\":\"dev\",\"admin\":true}");
    server_stop(open);
}

/* What is under way is finished; nothing new is let in; resting connections end. */
TEST(stopping)
{
    AUTO(arena) struct arena mem = { 0 };
    pthread_t thread;
    int status = 0;
    AUTO(fd) int resting = client_connect(port);
    client_send(resting, "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(client_read(&mem, resting, false).status, 200);
    const int done = toy.slow_done;
    CHECK(!pthread_create(&thread, NULL, ask_slow, &status));
    time_sleep(100 * MS);
    const int64_t from = time_mono();
    server_stop(server);
    const int64_t took_us = time_mono() - from;
    const int old_port = port;
    service_start((struct server_config){ 0 });
    CHECK(took_us < 2 * SECOND);
    pthread_join(thread, NULL);
    CHECK_INT(status, 200);
    CHECK_INT(toy.slow_done, done + 1);
    CHECK(client_ended(resting));
    CHECK_INT(client_connect(old_port), -1);
}

int main(int argc, char **argv)
{
    service_start((struct server_config){ 0 });
    const int failed = run_tests(argc, argv);
    server_stop(server);
    return failed;
}
