#include "api/early.h"

#include "base/time.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum { LINGER_MS = 2000, LINGER_MAX_BYTES = 64 << 20 };

static bool send_all(int socket, const struct buf *bytes)
{
    for (size_t sent = 0; sent < bytes->size;) {
        struct pollfd watched = { .fd = socket, .events = POLLOUT };
        if (poll(&watched, 1, LINGER_MS) <= 0) return false;
        const ssize_t now = send(socket, bytes->at + sent, bytes->size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (now < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (now > 0) sent += (size_t)now;
    }
    return true;
}

/* Closing with unread bytes would reset the connection and could take the reply away from the client. */
static void linger(int socket)
{
    char ignored[16 << 10];
    const int64_t until = time_mono() + LINGER_MS * (int64_t)MS;
    for (int64_t total = 0; total < LINGER_MAX_BYTES;) {
        const int64_t left_ms = (until - time_mono()) / MS;
        struct pollfd watched = { .fd = socket, .events = POLLIN };
        if (left_ms <= 0 || poll(&watched, 1, (int)left_ms) <= 0) return;
        const ssize_t now = recv(socket, ignored, sizeof ignored, MSG_DONTWAIT);
        if (now == 0 || (now < 0 && errno != EAGAIN && errno != EINTR)) return;
        if (now > 0) total += now;
    }
}

void early_send(struct exchange *ex, int socket, const char *reason)
{
    AUTO(buf) struct buf text = BUF(1 << 20);
    const struct reply *const rp = &ex->rp;
    buf_printf(&text, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n", rp->status, reason,
               rp->body.size);
    for (size_t i = 0; i < rp->headers.count; i++)
        buf_printf(&text, "%s: %s\r\n", rp->headers.items[i].name, rp->headers.items[i].value);
    buf_text(&text, "\r\n");
    if (!ex->rq.head) buf_add(&text, buf_str(&rp->body), rp->body.size);
    if (!send_all(socket, &text)) return;
    shutdown(socket, SHUT_WR);
    linger(socket);
}
