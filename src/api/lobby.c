#include "api/lobby.h"

#include "api/clients.h"
#include "api/networks.h"
#include "base/time.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    HEAD_MAX_BYTES = 32 << 10, /* as much as the HTTP library holds */
    EVENTS_AT_ONCE = 256,
    ACCEPTS_AT_ONCE = 64,
    QUEUE_MAX_US = 2 * SECOND,
};

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

struct guest {
    int socket;
    union address address;
    int64_t since; /* monotonic; in this list */
    struct guest *next, *previous;
    struct guests *list;
};

/* In the order of arrival. */
struct guests {
    struct guest *first, *last;
    size_t count;
};

struct lobby {
    struct lobby_rules rules;
    pthread_t thread;
    int epoll, wake;
    bool started;
    atomic_bool stopping;
    struct guests silent, ready; /* its thread's own */
    pthread_mutex_t lock;        /* of the rest */
    struct networks *networks;
    size_t busy;
};

/* ---- lists ---- */

static void put(struct guests *list, struct guest *guest)
{
    guest->since = time_mono();
    guest->list = list;
    guest->next = NULL;
    guest->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = guest;
    list->last = guest;
    list->count++;
}

static void take(struct guest *guest)
{
    struct guests *const list = guest->list;
    *(guest->previous ? &guest->previous->next : &list->first) = guest->next;
    *(guest->next ? &guest->next->previous : &list->last) = guest->previous;
    list->count--;
}

static void drop(struct lobby *lobby, struct guest *guest)
{
    take(guest);
    close(guest->socket);
    pthread_mutex_lock(&lobby->lock);
    networks_leave(lobby->networks, &guest->address.any);
    pthread_mutex_unlock(&lobby->lock);
    free(guest);
}

/* ---- going in ---- */

static size_t busy(struct lobby *lobby, int change)
{
    pthread_mutex_lock(&lobby->lock);
    const size_t count = lobby->busy += (size_t)change;
    pthread_mutex_unlock(&lobby->lock);
    return count;
}

static void let_in(struct lobby *lobby, struct guest *guest)
{
    const socklen_t size =
        guest->address.any.sa_family == AF_INET6 ? sizeof guest->address.six : sizeof guest->address.four;
    take(guest);
    epoll_ctl(lobby->epoll, EPOLL_CTL_DEL, guest->socket, NULL);
    busy(lobby, 1);
    if (!lobby->rules.admit(lobby->rules.with, guest->socket, &guest->address.any, size))
        lobby_leave(lobby, &guest->address.any);
    free(guest);
}

/* What has come is read first: closing with unread bytes would take the reply away again. */
static void send_away(struct lobby *lobby, struct guest *guest)
{
    static const char text[] =
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\n"
        "Content-Type: application/json\r\nContent-Length: 67\r\n\r\n"
        "{\"detail\":\"too many requests are under way\",\"code\":\"unavailable\"}\r\n";
    char ignored[HEAD_MAX_BYTES];
    (void)!recv(guest->socket, ignored, sizeof ignored, MSG_DONTWAIT);
    (void)!send(guest->socket, text, sizeof text - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    drop(lobby, guest);
}

static void let_in_ready(struct lobby *lobby)
{
    while (lobby->ready.first && busy(lobby, 0) < lobby->rules.busy_max) let_in(lobby, lobby->ready.first);
    if (lobby->ready.count) clients_evict(lobby->rules.clients, lobby->ready.count);
    while (lobby->ready.first && time_mono() - lobby->ready.first->since > QUEUE_MAX_US)
        send_away(lobby, lobby->ready.first);
}

/* ---- waiting ---- */

/* An empty line ends a head. */
static bool head_complete(const char *bytes, size_t size)
{
    for (const char *at = bytes, *end = bytes + size; (at = memchr(at, '\n', (size_t)(end - at))); at++) {
        const char *const next = at + 1 + (at + 1 < end && at[1] == '\r');
        if (next < end && *next == '\n') return true;
    }
    return false;
}

static void look_at(struct lobby *lobby, struct guest *guest, uint32_t events)
{
    char bytes[HEAD_MAX_BYTES];
    if (guest->list != &lobby->silent) return;
    const ssize_t size = recv(guest->socket, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR) && !(events & (EPOLLERR | EPOLLHUP))) return;
    if (size > 0 && (size == sizeof bytes || head_complete(bytes, (size_t)size))) {
        take(guest);
        put(&lobby->ready, guest);
    } else if (size <= 0 || events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        drop(lobby, guest); /* nothing more will come */
}

/* The one that has kept silent longest goes. */
static bool make_room(struct lobby *lobby)
{
    if (lobby->silent.count + lobby->ready.count + busy(lobby, 0) < lobby->rules.connections_max) return true;
    if (!lobby->silent.first) return false;
    drop(lobby, lobby->silent.first);
    return true;
}

static bool enter_network(struct lobby *lobby, const union address *address)
{
    pthread_mutex_lock(&lobby->lock);
    const bool entered = networks_enter(lobby->networks, &address->any, lobby->rules.address_max);
    pthread_mutex_unlock(&lobby->lock);
    return entered;
}

/* Takes the socket in any case. Who is refused for his address costs nobody a place. */
static void welcome(struct lobby *lobby, int socket, const union address *address)
{
    struct guest *const guest = calloc(1, sizeof *guest);
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = guest };
    if (!guest || !enter_network(lobby, address)) {
        close(socket);
        free(guest);
        return;
    }
    *guest = (struct guest){ .socket = socket, .address = *address };
    const bool room = make_room(lobby);
    put(&lobby->silent, guest);
    if (!room || epoll_ctl(lobby->epoll, EPOLL_CTL_ADD, socket, &event) != 0) drop(lobby, guest);
}

static void accept_some(struct lobby *lobby)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        union address address;
        socklen_t size = sizeof address;
        const int socket = accept4(lobby->rules.listener, &address.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) welcome(lobby, socket, &address);
        if (socket >= 0 || errno == ECONNABORTED || errno == EINTR) continue;
        if (errno == EAGAIN) return;
        if (lobby->silent.first) /* descriptors or memory are short */
            drop(lobby, lobby->silent.first);
        else
            time_sleep(10 * MS);
        return;
    }
}

static void handle(struct lobby *lobby, const struct epoll_event *event)
{
    uint64_t ignored;
    if (event->data.ptr == lobby)
        accept_some(lobby);
    else if (event->data.ptr == &lobby->wake)
        (void)!read(lobby->wake, &ignored, sizeof ignored);
    else
        look_at(lobby, event->data.ptr, event->events);
}

/* Accepting comes last: it may drop a guest that another event of this round is about. */
static void handle_all(struct lobby *lobby, const struct epoll_event *events, int count)
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < count; i++)
            if ((events[i].data.ptr == lobby) == pass) handle(lobby, &events[i]);
}

static void *attend(void *with)
{
    struct lobby *const lobby = with;
    const int64_t idle_us = lobby->rules.idle_s * (int64_t)SECOND;
    struct epoll_event events[EVENTS_AT_ONCE];
    while (!atomic_load(&lobby->stopping)) {
        const int count = epoll_wait(lobby->epoll, events, EVENTS_AT_ONCE, lobby->ready.count ? 50 : 500);
        handle_all(lobby, events, count > 0 ? count : 0);
        while (lobby->silent.first && time_mono() - lobby->silent.first->since > idle_us)
            drop(lobby, lobby->silent.first);
        let_in_ready(lobby);
    }
    while (lobby->silent.first) drop(lobby, lobby->silent.first);
    while (lobby->ready.first) drop(lobby, lobby->ready.first);
    return NULL;
}

/* ---- life ---- */

static bool watch(struct lobby *lobby, int fd, void *as)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = as };
    return fd >= 0 && epoll_ctl(lobby->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool lobby_open(const struct lobby_rules *rules, struct lobby **out, struct error *err)
{
    struct lobby *const lobby = calloc(1, sizeof *lobby);
    if (!lobby) return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to start the server");
    lobby->rules = *rules;
    lobby->epoll = epoll_create1(EPOLL_CLOEXEC);
    lobby->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&lobby->lock, NULL);
    lobby->networks = networks_new(&rules->exempt);
    *out = lobby; /* before its thread lets anybody in */
    lobby->started = lobby->networks && watch(lobby, lobby->wake, &lobby->wake) &&
                     watch(lobby, rules->listener, lobby) &&
                     pthread_create(&lobby->thread, NULL, attend, lobby) == 0;
    return lobby->started || fail(err, CAUSE_UNAVAILABLE, "the server cannot watch its connections");
}

static void wake(struct lobby *lobby)
{
    const uint64_t one = 1;
    (void)!write(lobby->wake, &one, sizeof one);
}

void lobby_leave(struct lobby *lobby, const struct sockaddr *address)
{
    pthread_mutex_lock(&lobby->lock);
    lobby->busy--;
    networks_leave(lobby->networks, address);
    pthread_mutex_unlock(&lobby->lock);
    wake(lobby);
}

void lobby_stop(struct lobby *lobby)
{
    if (!lobby) return;
    atomic_store(&lobby->stopping, true);
    wake(lobby);
    if (lobby->started) pthread_join(lobby->thread, NULL);
    lobby->started = false;
    fd_cleanup(&lobby->rules.listener);
    lobby->rules.listener = -1;
}

void lobby_close(struct lobby *lobby)
{
    if (!lobby) return;
    lobby_stop(lobby);
    networks_free(lobby->networks);
    pthread_mutex_destroy(&lobby->lock);
    fd_cleanup(&lobby->epoll);
    fd_cleanup(&lobby->wake);
    free(lobby);
}
