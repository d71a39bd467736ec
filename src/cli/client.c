#include "cli/client.h"

#include "base/file.h"
#include "base/time.h"
#include "cli/instance.h"
#include "library/token.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_MAX = 64 << 20, PATIENCE_S = 30, DOWNLOAD_PATIENCE_S = 1800, TOKEN_S = 60 };

/* ---- where the server is ---- */

static const char *address_file(struct arena *mem, const struct settings *settings)
{
    return arena_printf(mem, "%s/server.json", settings->data_dir);
}

bool client_leave_address(struct arena *mem, const struct settings *settings, int port, struct error *err)
{
    const char *const host = text_is(settings->host, "0.0.0.0") ? "127.0.0.1"
                             : text_is(settings->host, "::")    ? "::1"
                                                                : settings->host;
    AUTO(buf) struct buf text = BUF(1024);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_pair(&out, "host", host);
    json_put_key(&out, "port");
    json_put_int(&out, port);
    json_put_key(&out, "pid");
    json_put_int(&out, getpid());
    json_put_close(&out, '}');
    return file_write(address_file(mem, settings), buf_str(&text), text.size, 0600, err);
}

void client_remove_address(struct arena *mem, const struct settings *settings)
{
    struct error ignored;
    if (!file_remove(address_file(mem, settings), &ignored)) return; /* an old address does no harm */
}

/* Whether this process has the data open: a server that was killed leaves its address behind, and by now
 * another program may listen there. */
static bool uses_data(struct arena *mem, const struct settings *settings, int64_t pid)
{
    const char *text, *const lock = arena_printf(mem, "%s.lock", instance_database(mem, settings));
    size_t size;
    int64_t holder;
    struct error why;
    AUTO(fd) int fd = open(lock, O_RDONLY | O_CLOEXEC);
    const bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    return held && file_read(mem, lock, 64, &text, &size, &why) &&
           text_to_int(text_trim(mem, text), &holder) && holder == pid;
}

static bool read_address(struct arena *mem, const struct settings *settings, struct client *out,
                         struct error *err)
{
    const char *text;
    const struct json *json;
    size_t size;
    struct error why;
    if (!file_read(mem, address_file(mem, settings), 4096, &text, &size, &why) ||
        !json_parse(text, size, mem, &json, NULL, &why) ||
        !uses_data(mem, settings, json_get_int(json, "pid", 0)))
        return fail(err, CAUSE_UNAVAILABLE,
                    "another umam uses the data folder '%s', but no server has left its address there",
                    settings->data_dir);
    out->host = json_get_text(json, "host", "127.0.0.1");
    out->port = json_get_int(json, "port", settings->port);
    return true;
}

/* ---- the way there ---- */

static int connect_to(const struct addrinfo *found)
{
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    for (; found; found = found->ai_next) {
        const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(fd, found->ai_addr, found->ai_addrlen) == 0) return fd;
        close(fd);
    }
    return -1;
}

static bool connect_server(const struct client *client, struct arena *mem, int *fd_out, struct error *err)
{
    const struct addrinfo wish = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    const char *const port = arena_printf(mem, "%lld", (long long)client->port);
    const int fd = getaddrinfo(client->host, port, &wish, &found) == 0 ? connect_to(found) : -1;
    if (found) freeaddrinfo(found);
    if (fd < 0)
        return fail(err, CAUSE_UNAVAILABLE, "the server at %s port %s does not answer", client->host, port);
    *fd_out = fd;
    return true;
}

bool client_open(struct arena *mem, const struct settings *settings, struct client *out, struct error *err)
{
    return client_open_as(mem, settings, "(umam)", out, err); /* no account can have this name */
}

bool client_open_as(struct arena *mem, const struct settings *settings, const char *subject,
                    struct client *out, struct error *err)
{
    AUTO(fd) int fd = -1; /* a server that was just killed can still seem to be there */
    const char *secret;
    struct client client;
    if (!read_address(mem, settings, &client, err) || !instance_secret(mem, settings, false, &secret, err) ||
        !connect_server(&client, mem, &fd, err))
        return false;
    const int64_t now = time_now();
    const struct claims claims = { .subject = subject,
                                   .roles = text_split(mem, "admin,editor,creator,viewer", ','),
                                   .issued_at = now,
                                   .expires_at = now + TOKEN_S * (int64_t)SECOND };
    client.token = token_new(mem, secret, &claims);
    *out = client;
    return true;
}

/* ---- one request ---- */

static bool send_bytes(int fd, const char *bytes, size_t size, struct error *err)
{
    for (size_t sent = 0; sent < size;) {
        const ssize_t now = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (now < 0) return fail_errno(err, errno, "the server could not be asked");
        sent += (size_t)now;
    }
    return true;
}

static bool send_all(int fd, const char *request, struct error *err)
{
    return send_bytes(fd, request, strlen(request), err);
}

static bool receive_all(int fd, struct buf *reply, struct error *err)
{
    char bytes[16 << 10];
    for (ssize_t got = 1; got > 0;) {
        got = recv(fd, bytes, sizeof bytes, 0);
        if (got < 0) return fail_errno(err, errno, "the server did not answer");
        buf_add(reply, bytes, (size_t)got);
    }
    return true;
}

static bool exchange(int fd, const char *request, struct buf *reply, struct error *err)
{
    return send_all(fd, request, err) && receive_all(fd, reply, err);
}

/* The server's own words; its cause by the code in the body. */
static bool fail_reply(int status, const struct json *body, struct error *err)
{
    const char *const code = json_get_text(body, "code", "");
    return fail(err, cause_by_code(code), "%s",
                json_get_text(body, "detail", status == 422 ? "the server did not accept the request"
                                                            : "the server failed without a reason"));
}

static bool read_reply(const struct buf *reply, struct arena *mem, const struct json **out, struct error *err)
{
    const char *const text = buf_str(reply), *const end = strstr(text, "\r\n\r\n"),
                      *const space = strchr(text, ' ');
    const int status = space ? atoi(space) : 0;
    const struct json *body;
    struct error why;
    if (end && status == 204) {
        *out = NULL;
        return true;
    }
    if (!end || reply->full || status < 200 ||
        !json_parse(end + 4, reply->size - (size_t)(end + 4 - text), mem, &body, NULL, &why))
        return fail(err, CAUSE_UNAVAILABLE, "what answered at the server's address is no umam");
    if (status >= 300) return fail_reply(status, body, err);
    *out = body;
    return true;
}

void client_quote(struct buf *path, const char *text)
{
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            buf_char(path, *text);
        else
            buf_printf(path, "%%%02X", (unsigned char)*text);
}

bool client_call(const struct client *client, struct arena *mem, const char *method, const char *path,
                 const char *body, const struct json **out, struct error *err)
{
    AUTO(fd) int fd = -1;
    AUTO(buf) struct buf reply = BUF(REPLY_MAX);
    const char *const request =
        arena_printf(mem,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s"
                     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                     method, path, client->token, body ? "Content-Type: application/json\r\n" : "",
                     body ? strlen(body) : 0, body ? body : "");
    return connect_server(client, mem, &fd, err) && exchange(fd, request, &reply, err) &&
           read_reply(&reply, mem, out, err);
}

/* ---- a file ---- */

/* Up to the end of the head, and what came behind it. */
static bool receive_head(int fd, struct buf *head, size_t *end_out, struct error *err)
{
    char bytes[16 << 10];
    for (const char *end = NULL; !end;) {
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got < 0) return fail_errno(err, errno, "the server did not answer");
        buf_add(head, bytes, (size_t)got);
        end = strstr(buf_str(head), "\r\n\r\n");
        if (end) *end_out = (size_t)(end + 4 - head->at);
        if (!end && (!got || head->full))
            return fail(err, CAUSE_UNAVAILABLE, "what answered at the server's address is no umam");
    }
    return true;
}

static bool receive_rest(int fd, int file, int64_t left, struct error *err)
{
    char bytes[64 << 10];
    while (left > 0) {
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got < 0) return fail_errno(err, errno, "the server's reply did not come whole");
        if (!got) return fail(err, CAUSE_UNAVAILABLE, "the server's reply did not come whole; try again");
        if (!file_put(file, bytes, (size_t)got, err)) return false;
        left -= got;
    }
    return true;
}

/* The head is whole; what is no file is an error in words. */
static bool receive_file(int fd, int file, struct arena *mem, struct error *err)
{
    AUTO(buf) struct buf reply = BUF(1 << 20);
    size_t end = 0;
    if (!receive_head(fd, &reply, &end, err)) return false;
    const char *const text = buf_str(&reply), *const length = strcasestr(text, "\r\nContent-Length:"),
                      *const space = strchr(text, ' ');
    const struct json *ignored;
    if (!space || atoi(space) != 200 || !length || length > text + end) {
        char bytes[16 << 10];
        for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, 0)) > 0;) buf_add(&reply, bytes, (size_t)got);
        return read_reply(&reply, mem, &ignored, err)
                   ? fail(err, CAUSE_UNAVAILABLE, "the server sent no file")
                   : false;
    }
    const int64_t size = atoll(length + strlen("\r\nContent-Length:")), came = (int64_t)(reply.size - end);
    return file_put(file, text + end, (size_t)came, err) && receive_rest(fd, file, size - came, err);
}

bool client_download(const struct client *client, struct arena *mem, const char *method, const char *path,
                     int file, struct error *err)
{
    AUTO(fd) int fd = -1;
    const struct timeval patience = { .tv_sec = DOWNLOAD_PATIENCE_S };
    const char *const request =
        arena_printf(mem,
                     "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                     "Content-Length: 0\r\nConnection: close\r\n\r\n",
                     method, path, client->token);
    if (!connect_server(client, mem, &fd, err)) return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return send_all(fd, request, err) && receive_file(fd, file, mem, err);
}

/* `*refused_out`: the server has closed its side, perhaps with words. */
static bool send_file(int fd, const struct client_body *body, bool *refused_out, struct error *err)
{
    enum { PIECE = 256 << 10 };
    AUTO(arena) struct arena mem = { 0 };
    char *const piece = arena_alloc(&mem, PIECE);
    for (int64_t sent = 0; sent < body->size_bytes;) {
        const int64_t left = body->size_bytes - sent;
        const ssize_t got = pread(body->fd, piece, left < PIECE ? (size_t)left : PIECE, sent);
        if (got <= 0) return fail(err, CAUSE_IO, "the file cannot be read to its end");
        if (!body->before(body->with, sent, err)) return false;
        if (!send_bytes(fd, piece, (size_t)got, err)) {
            *refused_out = true;
            return true;
        }
        sent += got;
    }
    return true;
}

bool client_upload(const struct client *client, struct arena *mem, const char *path,
                   const struct client_body *body, const struct json **out, struct error *err)
{
    AUTO(fd) int fd = -1;
    AUTO(buf) struct buf reply = BUF(REPLY_MAX);
    bool refused = false;
    const struct timeval patience = { .tv_sec = DOWNLOAD_PATIENCE_S };
    const char *const request =
        arena_printf(mem,
                     "PUT %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                     "Content-Length: %lld\r\nConnection: close\r\n\r\n",
                     path, client->token, (long long)body->size_bytes);
    if (!connect_server(client, mem, &fd, err) || !send_all(fd, request, err)) return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (!send_file(fd, body, &refused, err)) return false;
    const bool answered = receive_all(fd, &reply, err);
    if (!answered && !refused) return false;
    return read_reply(&reply, mem, out, err);
}
