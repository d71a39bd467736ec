/* The only file that knows the HTTP library (libmicrohttpd). It turns its callbacks into the steps of an
 * exchange and replies into its responses.
 *
 * A response that is queued in the first call of the access handler makes the library close the connection
 * after it. So the first call only begins the exchange; the answer comes in the last one. */
#include "api/server.h"

#include "api/clients.h"
#include "api/early.h"
#include "api/head.h"
#include "api/listener.h"
#include "api/loads.h"
#include "api/lobby.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { STACK_BYTES = 1 << 20 };
#else
enum { STACK_BYTES = 256 << 10 };
#endif

enum {
    CONNECTION_MEMORY_BYTES = 32 << 10, /* bounds a request head */
    STREAM_BLOCK_BYTES = 16 << 10,
    CLOSING_MAX = 64,              /* connections that the library has not quite ended yet */
    STREAMS_EACH_MAX = 16,
    JSON_MAX_BYTES = 128 << 20,    /* of all bodies being read and answered */
    REPLIES_MAX_BYTES = 256 << 20, /* of large replies being sent */
    DECLARED_DRAIN_MAX = 64 << 10, /* a larger body that nobody wants is not waited for */
};

struct server {
    struct server_config config;
    struct arena mem;
    struct router *router;
    struct MHD_Daemon *daemon;
    struct clients *clients;
    struct lobby *lobby;
    int port;
    atomic_bool stopping;
};

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* ---- the head of a request ---- */

static enum MHD_Result take_header(void *with, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                   const char *value, size_t value_size)
{
    (void)kind;
    head_take(with, name, name_size, value, value_size);
    return MHD_YES;
}

static void read_remote(struct exchange *ex, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *const address = info ? info->client_addr : NULL;
    const void *at = NULL;
    if (address && address->sa_family == AF_INET) at = &((const struct sockaddr_in *)address)->sin_addr;
    if (address && address->sa_family == AF_INET6) at = &((const struct sockaddr_in6 *)address)->sin6_addr;
    if (!at || !inet_ntop(address->sa_family, at, ex->remote, sizeof ex->remote)) ex->remote[0] = '\0';
    ex->rq.remote = ex->remote;
}

/* Says the reply now and gives the connection up. */
static enum MHD_Result refuse_now(struct exchange *ex, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    exchange_answer(ex);
    exchange_finish(ex);
    if (info) early_send(ex, info->connect_fd, MHD_get_reason_phrase_for((unsigned)ex->rp.status));
    return MHD_NO;
}

static enum MHD_Result begin(const struct server *server, struct exchange *ex,
                             struct MHD_Connection *connection, const char *method, const char *version)
{
    const union MHD_ConnectionInfo *const size =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct head head = { .rq = &ex->rq };
    struct error err;
    int64_t declared;
    ex->method_name = method;
    head_begin(&head, method, ex->uri, ex->uri_size_bytes, version);
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, &head);
    read_remote(ex, connection);
    if (client_of(connection)) client_enters(client_of(connection), CLIENT_SENDING);
    const bool plain = head_end(&head, size->header_size, &declared) && ex->uri_plain;
    if (!plain) { /* two parties could see two different requests here */
        fail(&err, CAUSE_BAD_REQUEST, "the head of the request can be read in more than one way");
        exchange_refuse(ex, &err);
    }
    exchange_begin(ex, declared);
    const bool file = !ex->settled && (ex->rq.route->body == BODY_FILE || ex->rq.route->body == BODY_RAW);
    if (client_of(connection) && !file) client_hurries(server->clients, client_of(connection));
    const bool waits = declared > DECLARED_DRAIN_MAX || (declared > 0 && request_header(&ex->rq, "Expect"));
    return !plain || (ex->settled && waits) ? refuse_now(ex, connection) : MHD_YES;
}

static enum MHD_Result feed(struct exchange *ex, struct MHD_Connection *connection, const char *bytes,
                            size_t *size_bytes)
{
    const bool good = exchange_feed(ex, bytes, *size_bytes);
    if (client_of(connection)) atomic_fetch_add(&client_of(connection)->body_bytes, (int64_t)*size_bytes);
    *size_bytes = 0;
    return good ? MHD_YES : refuse_now(ex, connection);
}

/* ---- the reply ---- */

struct stream_source {
    struct exchange *ex;
    struct stream_watch watch;
};

static ssize_t read_stream(void *with, uint64_t at, char *out, size_t size_bytes)
{
    struct stream_source *const source = with;
    (void)at;
    const ssize_t size = stream_pull(&source->ex->rp.stream, &source->watch, out, size_bytes);
    return size < 0 ? MHD_CONTENT_READER_END_OF_STREAM : size;
}

static void release_stream(void *with) { exchange_unref(((struct stream_source *)with)->ex); }

static struct MHD_Response *stream_response(const struct server *server, struct exchange *ex,
                                            struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct stream_source *const source = arena_new(&ex->mem, struct stream_source);
    source->ex = ex;
    source->watch.stopping = &server->stopping;
    source->watch.socket = info->connect_fd;
    source->watch.heartbeat_us = (int64_t)server->config.heartbeat_ms * MS;
    struct MHD_Response *const response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, read_stream, source, release_stream);
    if (response) ex->references++;
    return response;
}

static struct MHD_Response *bytes_response(struct reply *rp)
{
    if (!rp->body.size) return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *const response =
        MHD_create_response_from_buffer(rp->body.size, rp->body.at, MHD_RESPMEM_MUST_FREE);
    if (response) rp->body = (struct buf){ 0 };
    return response;
}

static struct MHD_Response *file_response(struct reply *rp)
{
    struct MHD_Response *const response = MHD_create_response_from_fd_at_offset64(
        (uint64_t)rp->length_bytes, rp->fd, (uint64_t)rp->offset_bytes);
    if (response) fd_take(&rp->fd);
    return response;
}

static ssize_t read_parts(void *with, uint64_t at, char *out, size_t size_bytes)
{
    const struct exchange *const ex = with;
    const ssize_t size = reply_parts_read(&ex->rp, (int64_t)at, out, size_bytes);
    return size < 0 ? MHD_CONTENT_READER_END_WITH_ERROR : size;
}

static void release_parts(void *with) { exchange_unref(with); }

static struct MHD_Response *parts_response(struct exchange *ex)
{
    struct MHD_Response *const response = MHD_create_response_from_callback(
        (uint64_t)ex->rp.length_bytes, STREAM_BLOCK_BYTES, read_parts, ex, release_parts);
    if (response) ex->references++;
    return response;
}

static struct MHD_Response *make_response(const struct server *server, struct exchange *ex,
                                          struct MHD_Connection *connection)
{
    struct reply *const rp = &ex->rp;
    if (rp->kind == REPLY_FILE) return file_response(rp);
    if (rp->kind == REPLY_PARTS) return parts_response(ex);
    if (rp->kind == REPLY_STREAM && !ex->rq.head) return stream_response(server, ex, connection);
    return bytes_response(rp);
}

static enum MHD_Result answer(const struct server *server, struct exchange *ex,
                              struct MHD_Connection *connection)
{
    if (client_of(connection)) client_enters(client_of(connection), CLIENT_WAITING);
    exchange_answer(ex);
    exchange_finish(ex);
    /* The library takes bare line feeds between chunks: where such a body ends can be read in more than one
     * way, so nothing behind it is a request. */
    if (request_header(&ex->rq, "Transfer-Encoding")) reply_header(&ex->rp, "Connection", "close");
    /* A handler may take longer than a connection may rest: switching the time-out off and on restarts it. */
    if (time_mono() - ex->started_at > SECOND / 2) {
        MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
        MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, server->config.idle_s);
    }
    if (client_of(connection) && ex->rp.kind != REPLY_STREAM)
        client_enters(client_of(connection), CLIENT_READING);
    if (client_of(connection) && ex->rp.kind == REPLY_BYTES)
        client_hurries(server->clients, client_of(connection));
    struct MHD_Response *const response = make_response(server, ex, connection);
    if (!response) return MHD_NO;
    for (size_t i = 0; i < ex->rp.headers.count; i++)
        MHD_add_response_header(response, ex->rp.headers.items[i].name, ex->rp.headers.items[i].value);
    const enum MHD_Result queued = MHD_queue_response(connection, (unsigned)ex->rp.status, response);
    MHD_destroy_response(response);
    if (ex->rp.kind == REPLY_BYTES || ex->rp.kind == REPLY_FILE) exchange_forget(ex);
    return queued;
}

/* ---- callbacks of the library ---- */

/* The library does not report the end of a request whose head was more than it could hold. */
static void forget_request(struct client *client)
{
    if (!client) return;
    exchange_unref(client->request);
    client->request = NULL;
}

static void *on_uri(void *with, const char *uri, struct MHD_Connection *connection)
{
    struct server *const server = with;
    struct exchange *const ex = exchange_new(&server->config, server->router, uri);
    forget_request(client_of(connection));
    if (!ex || !client_of(connection)) return ex;
    client_of(connection)->request = ex;
    ex->rq.recent = &client_of(connection)->recent;
    return ex;
}

static enum MHD_Result on_request(void *with, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size_bytes, void **context)
{
    struct exchange *const ex = *context;
    (void)url;
    if (!ex) return MHD_NO;
    if (!ex->begun) return begin(with, ex, connection, method, version);
    if (*size_bytes) return feed(ex, connection, bytes, size_bytes);
    return answer(with, ex, connection);
}

static void on_completed(void *with, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode how)
{
    (void)with;
    (void)how;
    if (client_of(connection)) {
        client_enters(client_of(connection), CLIENT_RESTING);
        client_of(connection)->request = NULL;
    }
    exchange_unref(*context);
    *context = NULL;
}

static void on_connection(void *with, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *const server = with;
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        const union MHD_ConnectionInfo *const peer =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        forget_request(*context);
        if (*context) recent_free(((struct client *)*context)->recent);
        clients_remove(server->clients, *context);
        lobby_leave(server->lobby, peer->client_addr);
    } else
        *context = info ? clients_add(server->clients, info->connect_fd) : NULL;
}

/* Paths are decoded after they are split, so the library leaves them as they came. */
static size_t leave_escaped(void *with, struct MHD_Connection *connection, char *text)
{
    (void)with;
    (void)connection;
    return strlen(text);
}

/* ---- life ---- */

static void set_defaults(struct server_config *config)
{
    if (!config->upload_dir) config->upload_dir = "/tmp";
    if (!config->file_max) config->file_max = (int64_t)2 << 30;
    if (!config->body_max) config->body_max = 1 << 20;
    if (!config->connections_max) config->connections_max = 12000;
    if (!config->requests_max) config->requests_max = 1000;
    if (!config->idle_s) config->idle_s = 60;
    if (!config->heartbeat_ms) config->heartbeat_ms = 15 * 1000;
    if (!config->grace_ms) config->grace_ms = 5 * 1000;
    /* a stream must speak before it counts as resting */
    if (config->heartbeat_ms > config->idle_s * 400) config->heartbeat_ms = config->idle_s * 400;
}

static int64_t more(unsigned a, unsigned b) { return a > b ? a : b; }

static bool open_loads(struct server_config *config, struct error *err)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN), checks = processors < 2 ? 2 : processors / 2 + 1;
    const struct load_limit limits[LOAD_COUNT] = {
        [LOAD_JSON] = { .all = JSON_MAX_BYTES },
        [LOAD_REQUESTS] = { .each = config->address_max ? more(config->requests_max / 8, 8) : 0 },
        [LOAD_STREAMS] = { .each = STREAMS_EACH_MAX, .all = more(config->requests_max / 2, 1) },
        [LOAD_LARGE] = { .all = processors > 4 ? processors : 4 },
        [LOAD_REPLIES] = { .each = REPLIES_MAX_BYTES / 8, .all = REPLIES_MAX_BYTES },
        [LOAD_CHECKS] = { .each = checks / 2, .all = checks },
        [LOAD_VIEWS] = { .each = checks / 2, .all = checks },
        [LOAD_CONVERSIONS] = { .each = 1, .all = checks / 2 },
    };
    config->loads = loads_new(limits);
    return config->loads || fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to start the server");
}

static bool start_daemon(struct server *server, struct error *err)
{
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                           MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET;
    signal(SIGPIPE, SIG_IGN); /* sendfile(2) has no flag against it */
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_LIMIT,
        server->config.requests_max + CLOSING_MAX, MHD_OPTION_CONNECTION_TIMEOUT, server->config.idle_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)STACK_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_END);
    return server->daemon || fail(err, CAUSE_UNAVAILABLE, "the server cannot start its threads");
}

static bool admit(void *with, int socket, const struct sockaddr *address, socklen_t size_bytes)
{
    struct server *const server = with;
    return MHD_add_connection(server->daemon, socket, address, size_bytes) == MHD_YES;
}

static bool open_lobby(struct server *server, int listener, struct error *err)
{
    const struct lobby_rules rules = { .listener = listener,
                                       .connections_max = server->config.connections_max,
                                       .busy_max = server->config.requests_max,
                                       .address_max = server->config.address_max,
                                       .idle_s = server->config.idle_s,
                                       .exempt = server->config.trusted_proxies,
                                       .clients = server->clients,
                                       .admit = admit,
                                       .with = server };
    return lobby_open(&rules, &server->lobby, err);
}

bool server_start(const struct server_config *config, struct server **out, struct error *err)
{
    struct server *const server = calloc(1, sizeof *server);
    if (!server) return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to start the server");
    server->config = *config;
    set_defaults(&server->config);
    server->router = router_new(&server->mem, config->tables);
    AUTO(fd) int listener = config->listener ? config->listener : -1;
    server->port = config->port;
    if ((listener < 0 && !listener_open(config->host, config->port, &listener, &server->port, err)) ||
        !open_loads(&server->config, err) ||
        !clients_open(server->config.idle_s, &server->clients, err) || !start_daemon(server, err) ||
        !open_lobby(server, fd_take(&listener), err)) {
        server_stop(server);
        return false;
    }
    *out = server;
    return true;
}

int server_port(const struct server *server) { return server->port; }

static void stop_daemon(struct server *server)
{
    const int64_t until = time_mono() + (int64_t)server->config.grace_ms * MS;
    atomic_store(&server->stopping, true);
    lobby_stop(server->lobby);
    loads_stop(server->config.loads);
    while (clients_busy(server->clients) && time_mono() < until) time_sleep(10 * MS);
    MHD_stop_daemon(server->daemon);
}

void server_stop(struct server *server)
{
    if (!server) return;
    if (server->daemon) stop_daemon(server);
    clients_close(server->clients);
    lobby_close(server->lobby);
    loads_free(server->config.loads);
    arena_clear(&server->mem);
    free(server);
}
