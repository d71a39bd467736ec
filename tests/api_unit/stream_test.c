/* Replies that go on: events, heartbeats, clients that leave, a server that stops. */
#include "service.h"

#include "base/time.h"

#include <pthread.h>
#include <unistd.h>

static bool wait_for(_Atomic int *value, int wanted)
{
    for (int i = 0; i < 500 && *value < wanted; i++) time_sleep(10 * MS);
    return *value >= wanted;
}

TEST(counted)
{
    AUTO(arena) struct arena mem = { 0 };
    const int before = toy.releases;
    AUTO(fd) int fd = client_connect(port);
    client_send(fd, "GET /events?last=2 HTTP/1.1\r\nHost: x\r\n\r\n");
    const struct answer answer = client_read(&mem, fd, false);
    CHECK_ANSWER(answer, 200,
                 "event: tick\nid: 1\ndata: one\ndata: two\n\nevent: tick\nid: 2\ndata: one\ndata: two\n\n");
    CHECK_HEADER(answer, "Content-Type", "text/event-stream");
    CHECK_HEADER(answer, "Cache-Control", "no-store");
    CHECK(wait_for(&toy.releases, before + 1));
    client_send(fd, "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"); /* the connection is still good */
    CHECK_INT(client_read(&mem, fd, false).status, 200);
}

TEST(many_events)
{
    AUTO(arena) struct arena mem = { 0 };
    const int before = toy.releases;
    const struct answer answer = ask("GET /events?last=5000", NULL, NULL);
    CHECK_INT(answer.status, 200);
    CHECK(text_ends(answer.body, "id: 5000\ndata: one\ndata: two\n\n"));
    CHECK(wait_for(&toy.releases, before + 1));
}

static void run_formatting(const char *data, const char *expected)
{
    AUTO(buf) struct buf text = BUF(1000);
    sse_put(&text, NULL, NULL, data);
    CHECK_TEXT(buf_str(&text), expected);
}

TEST(formatting)
{
    run_formatting("a", "data: a\n\n");
    run_formatting("", "data: \n\n");
    run_formatting("a\nb", "data: a\ndata: b\n\n");
    run_formatting("a\r\nb\rc", "data: a\ndata: b\ndata: c\n\n");
    run_formatting("a\n\nevent: fake", "data: a\ndata: \ndata: event: fake\n\n");
}

TEST(heartbeat)
{
    AUTO(arena) struct arena mem = { 0 };
    const int before = toy.releases;
    AUTO(fd) int fd = client_connect(port);
    char text[256];
    client_send(fd, "GET /events?last=-1 HTTP/1.1\r\nHost: x\r\n\r\n");
    const int64_t from = time_mono();
    CHECK_INT(client_read_head(&mem, fd).status, 200); /* the head does not wait for the first event */
    CHECK_MSG(time_mono() - from < 400 * MS, "the head came after %lld ms",
              (long long)(time_mono() - from) / MS);
    for (int i = 0; i < 3; i++) {
        CHECK(client_read_some(fd, text, sizeof text, 3000));
        CHECK_MSG(strstr(text, ": still here\n\n"), "got \"%s\"", text);
    }
    close(fd_take(&fd));
    CHECK(wait_for(&toy.releases, before + 1));
}

TEST(client_leaves)
{
    AUTO(arena) struct arena mem = { 0 };
    const int before = toy.releases;
    const int fd = client_connect(port);
    client_send(fd, "GET /events?last=-1 HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(client_read_head(&mem, fd).status, 200);
    close(fd);
    const int64_t from = time_mono();
    CHECK(wait_for(&toy.releases, before + 1));
    CHECK(time_mono() - from < SECOND);
}

TEST(head_releases)
{
    AUTO(arena) struct arena mem = { 0 };
    const int before = toy.releases;
    CHECK_INT(ask("HEAD /events?last=-1", NULL, NULL).status, 200);
    CHECK(wait_for(&toy.releases, before + 1));
}

/* Streams end properly when the server stops: the client sees the last chunk, not a cut. */
TEST(stop)
{
    AUTO(arena) struct arena mem = { 0 };
    int fds[12];
    const int before = toy.releases;
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = client_connect(port);
        client_send(fds[i], "GET /events?last=-1 HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK_INT(client_read_head(&mem, fds[i]).status, 200);
    }
    const int64_t from = time_mono();
    server_stop(server);
    const int64_t took_us = time_mono() - from;
    service_start((struct server_config){ .heartbeat_ms = 500 });
    CHECK_MSG(took_us < 2 * SECOND, "stopping took %lld ms", (long long)took_us / MS);
    CHECK_INT(toy.releases, before + 12);
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        char text[4096];
        const ssize_t got = read(fds[i], text, sizeof text - 1);
        text[got > 0 ? got : 0] = '\0';
        CHECK_MSG(text_ends(text, "0\r\n\r\n"), "got \"%s\"", text);
        close(fds[i]);
    }
}

int main(int argc, char **argv)
{
    service_start((struct server_config){ .heartbeat_ms = 500 });
    const int failed = run_tests(argc, argv);
    server_stop(server);
    return failed;
}
