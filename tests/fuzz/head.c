/* Bytes on a connection of the real server. A strict reading of HTTP/1.1 stands beside it: what the server
 * takes for a request must be one for the strict reader too, the same one, at the same place, and nothing is
 * read behind a chunked body, whose end the HTTP library sees generously. Everything else smuggles. */
#include "fuzz.h"

#include "api/server.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUESTS_MAX = 16 };

/* Threads of the server hold memory that a leak check in the middle does not see them hold. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) { return 1; }

/* ---- what the server took ---- */

struct taken {
    char method[16], path[256];
};
static struct taken taken[REQUESTS_MAX];
static atomic_int taken_count;
static char client_name[INET_ADDRSTRLEN]; /* another one for each input: a late request of the one before is
                                             not ours */

static bool take(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    reply_text(rp, "text/plain", "taken");
    if (!text_is(rq->remote, client_name)) return true;
    const int at = atomic_fetch_add(&taken_count, 1);
    EXPECT(at < REQUESTS_MAX);
    snprintf(taken[at].method, sizeof taken[at].method, "%s", rq->head ? "HEAD" : method_names[rq->method]);
    snprintf(taken[at].path, sizeof taken[at].path, "%s", rq->path);
    return true;
}

static const struct route routes[] = {
    { METHOD_GET, "/{path*}", take, .needs = NEED_NOTHING, .doc = "x" },
    { METHOD_POST, "/{path*}", take, .needs = NEED_NOTHING, .doc = "x" },
    { 0 },
};
static const struct route *const tables[] = { routes, NULL };

static int port_of_server(void)
{
    static struct server *server;
    const struct server_config config = { .tables = tables, .auth = { .secret = "0123456789abcdef" } };
    struct error err;
    log_setup(LOG_LEVEL_ERROR, false);
    if (!server) EXPECT(server_start(&config, &server, &err));
    return server_port(server);
}

/* ---- the strict reader ---- */

static size_t token_size(const char *at)
{
    return strspn(at, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

struct strict {
    struct taken request;
    bool chunked;
    int64_t length;
    int lengths, hosts;
};

static bool strict_header(const char *line, struct strict *out)
{
    const size_t name = token_size(line);
    if (!name || line[name] != ':') return false;
    const char *value = line + name + 1;
    value += strspn(value, " \t");
    for (const char *at = value; *at; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 127) return false;
    const size_t size = strcspn(value, " \t");
    const bool length = name == 14 && strncasecmp(line, "Content-Length", name) == 0;
    const bool encoding = name == 17 && strncasecmp(line, "Transfer-Encoding", name) == 0;
    out->lengths += length || encoding;
    out->hosts += name == 4 && strncasecmp(line, "Host", name) == 0;
    if (length && (!size || strspn(value, "0123456789") != size || value[size + strspn(value + size, " \t")]))
        return false;
    if (length) out->length = strtoll(value, NULL, 10);
    if (encoding && (size != 7 || strncasecmp(value, "chunked", 7) != 0)) return false;
    out->chunked |= encoding;
    return out->lengths < 2 && out->hosts < 2;
}

static bool strict_line(const char *line, struct strict *out)
{
    const size_t method = token_size(line);
    if (!method || line[method] != ' ') return false;
    const char *const uri = line + method + 1, *const end = strchrnul(uri, ' ');
    for (const char *at = uri; at < end; at++)
        if ((unsigned char)*at <= ' ' || *at == 127) return false;
    if (end == uri || !text_starts(end, " HTTP/1.") || strspn(end + 8, "0123456789") != 1 || end[9])
        return false;
    snprintf(out->request.method, sizeof out->request.method, "%.*s", (int)method, line);
    snprintf(out->request.path, sizeof out->request.path, "%.*s", (int)strcspn(uri, "? "), uri);
    return true;
}

/* A line ended by CRLF; NULL when there is none, or a NUL, a bare CR or a bare LF in it. */
static const char *strict_text(struct input *in, struct arena *mem)
{
    const size_t left = (size_t)(in->end - in->at);
    const char *const end = left ? memmem(in->at, left, "\r\n", 2) : NULL;
    if (!end) return NULL;
    const size_t size = (size_t)(end - in->at);
    const char *const line = arena_text_n(mem, in->at, size);
    in->at = end + 2;
    return strcspn(line, "\r\n") == size ? line : NULL;
}

/* Empty lines before a request. A line that begins with NUL looks empty to the library. */
static void skip_empty(struct input *in)
{
    while (in->at < in->end && (*in->at == '\r' || *in->at == '\n' || !*in->at)) {
        const char *const feed = *in->at ? in->at : memchr(in->at, '\n', (size_t)(in->end - in->at));
        in->at = feed ? feed + 1 : in->end;
    }
}

static bool strict_request(struct input *in, struct arena *mem, struct strict *out)
{
    *out = (struct strict){ 0 };
    const char *line;
    skip_empty(in);
    if (!(line = strict_text(in, mem)) || !strict_line(line, out)) return false;
    while ((line = strict_text(in, mem)) && *line)
        if (!strict_header(line, out)) return false;
    const bool whole = line && out->length <= in->end - in->at;
    if (whole) in->at += out->length;
    return whole;
}

/* ---- one connection ---- */

static void talk(const struct input *in)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons((uint16_t)port_of_server()),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    static uint32_t inputs;
    const struct sockaddr_in from = { .sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(0x7f010000 + ++inputs % 0xf00000) };
    AUTO(fd) int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char ignored[4096];
    inet_ntop(AF_INET, &from.sin_addr, client_name, sizeof client_name);
    if (bind(client, (const struct sockaddr *)&from, sizeof from) < 0 ||
        connect(client, (const struct sockaddr *)&address, sizeof address) < 0)
        return;
    for (const char *at = in->at; at < in->end;) {
        const ssize_t sent = send(client, at, (size_t)(in->end - at), MSG_NOSIGNAL);
        if (sent <= 0) break;
        at += sent;
    }
    shutdown(client, SHUT_WR);
    while (recv(client, ignored, sizeof ignored, 0) > 0) continue;
}

/* A copy where NUL LF is CRLF: the library overwrites both before it shows them. It ends a line for everybody
 * who does not refuse it. */
static struct input with_line_ends(const struct input *in, struct arena *mem)
{
    const size_t size = (size_t)(in->end - in->at);
    char *const copy = arena_text_n(mem, in->at, size);
    for (size_t i = 0; i + 1 < size; i++)
        if (!copy[i] && copy[i + 1] == '\n') copy[i] = '\r';
    return (struct input){ copy, copy + size };
}

static bool same(const struct taken *strict, const struct taken *seen)
{
    return text_is(strict->method, seen->method) &&
           (strict->path[0] != '/' || text_is(strict->path, seen->path));
}

FUZZ(mem, in)
{
    if (in->end - in->at > 4000) return;
    atomic_store(&taken_count, 0);
    talk(in);
    const int count = atomic_load(&taken_count);
    struct input read = with_line_ends(in, mem);
    for (int i = 0; i < count;) {
        struct strict strict;
        EXPECT(strict_request(&read, mem, &strict) && (!strict.chunked || i == count - 1));
        i += same(&strict.request, &taken[i]); /* others were refused */
    }
}
