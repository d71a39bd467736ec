#include "client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

int client_connect(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

void client_send_bytes(int fd, const void *bytes, size_t size_bytes)
{
    for (size_t sent = 0; sent < size_bytes;) {
        const ssize_t now = send(fd, (const char *)bytes + sent, size_bytes - sent, MSG_NOSIGNAL);
        if (now <= 0) return;
        sent += (size_t)now;
    }
}

void client_send(int fd, const char *text) { client_send_bytes(fd, text, strlen(text)); }

static bool read_bytes(int fd, char *out, size_t size_bytes)
{
    for (size_t got = 0; got < size_bytes;) {
        struct pollfd watched = { .fd = fd, .events = POLLIN };
        if (poll(&watched, 1, PATIENCE_MS) <= 0) return false;
        const ssize_t now = read(fd, out + got, size_bytes - got);
        if (now <= 0) return false;
        got += (size_t)now;
    }
    return true;
}

/* Without the line end; NULL at the end of the connection. */
static char *read_line(struct arena *mem, int fd)
{
    AUTO(buf) struct buf line = BUF(1 << 16);
    for (char c; read_bytes(fd, &c, 1);) {
        buf_char(&line, c);
        if (line.size >= 2 && memcmp(line.at + line.size - 2, "\r\n", 2) == 0)
            return arena_text_n(mem, line.at, line.size - 2);
    }
    return NULL;
}

static void read_headers(struct arena *mem, int fd, struct pairs *headers)
{
    for (char *line; (line = read_line(mem, fd)) && *line;) {
        char *const colon = strchr(line, ':');
        if (!colon) continue;
        *colon = '\0';
        pairs_add(headers, mem, line, text_trim(mem, colon + 1));
    }
}

static void read_chunks(struct arena *mem, int fd, struct answer *out)
{
    AUTO(buf) struct buf body = BUF(64 << 20);
    for (char *line; (line = read_line(mem, fd));) {
        const size_t size = strtoul(line, NULL, 16);
        char *const bytes = arena_alloc(mem, size + 2);
        if (!read_bytes(fd, bytes, size + 2)) break;
        if (!size) break;
        buf_add(&body, bytes, size);
    }
    out->size_bytes = body.size;
    out->body = arena_text_n(mem, buf_str(&body), body.size);
}

const char *answer_header(const struct answer *answer, const char *name)
{
    return pairs_find_header(&answer->headers, name);
}

struct answer client_read_head(struct arena *mem, int fd)
{
    struct answer out = { .body = arena_text(mem, "") };
    do {
        const char *const line = read_line(mem, fd);
        if (!line || sscanf(line, "HTTP/1.%*d %d", &out.status) != 1)
            return (struct answer){ .body = out.body };
        out.headers = (struct pairs){ 0 };
        read_headers(mem, fd, &out.headers);
    } while (out.status == 100);
    return out;
}

struct answer client_read(struct arena *mem, int fd, bool head)
{
    struct answer out = client_read_head(mem, fd);
    const char *const length = answer_header(&out, "Content-Length");
    if (!out.status || head || out.status == 204 || out.status == 304) return out;
    if (text_is(answer_header(&out, "Transfer-Encoding"), "chunked")) read_chunks(mem, fd, &out);
    if (!length) return out;
    const size_t size = strtoul(length, NULL, 10);
    out.body = arena_alloc(mem, size + 1);
    if (read_bytes(fd, out.body, size))
        out.size_bytes = size;
    else
        out.status = 0;
    return out;
}

bool client_read_some(int fd, char *out, size_t size_bytes, int wait_ms)
{
    struct pollfd watched = { .fd = fd, .events = POLLIN };
    out[0] = '\0';
    if (poll(&watched, 1, wait_ms) <= 0) return true;
    const ssize_t got = read(fd, out, size_bytes - 1);
    out[got > 0 ? got : 0] = '\0';
    return got > 0;
}

bool client_ended(int fd)
{
    char ignored[4096];
    struct pollfd watched = { .fd = fd, .events = POLLIN };
    while (poll(&watched, 1, PATIENCE_MS) > 0)
        if (read(fd, ignored, sizeof ignored) <= 0) return true;
    return false;
}

struct answer client_ask(struct arena *mem, int port, const char *line, const char *headers, const char *body)
{
    AUTO(fd) int fd = client_connect(port);
    const char *const length = body ? arena_printf(mem, "Content-Length: %zu\r\n", strlen(body)) : "";
    client_send(fd, arena_printf(mem, "%s HTTP/1.1\r\nHost: toy:1\r\n%s%s\r\n%s", line, length,
                                 headers ? headers : "", body ? body : ""));
    return client_read(mem, fd, text_starts(line, "HEAD "));
}
