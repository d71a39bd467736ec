#include "api/clients.h"

#include "base/time.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A body must come, and a reply must be read, at this rate in every idle time: a fast beginning buys nothing.
 */
enum { BYTES_PER_S = 1024, EVICTED_AT_ONCE = 64, REST_US = 100 * MS };

struct clients {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t housekeeper;
    struct client *first;
    int64_t idle_us;
    bool stopping;
};

void client_enters(struct client *client, enum client_phase phase)
{
    atomic_store(&client->since, time_mono());
    atomic_store(&client->until, 0);
    atomic_store(&client->body_bytes, 0);
    atomic_store(&client->phase, phase);
}

void client_hurries(const struct clients *clients, struct client *client)
{
    const bool reply = atomic_load(&client->phase) == CLIENT_READING;
    const int64_t enough_us = reply ? clients->idle_us * 4 : clients->idle_us / 2,
                  most_us = enough_us > SECOND ? enough_us : SECOND;
    atomic_store(&client->until, time_mono() + most_us);
}

static bool hardly_moves(struct client *client, int64_t since, uint64_t bytes, int64_t idle_us)
{
    const int64_t now = time_mono();
    const bool new = client->seen_since != since;
    const int64_t took_us = now - client->seen_at;
    if (!new && took_us < idle_us) return false;
    const bool slow = !new && (int64_t)(bytes - client->seen_bytes) / (took_us / SECOND + 1) < BYTES_PER_S;
    client->seen_since = since;
    client->seen_at = now;
    client->seen_bytes = bytes;
    return slow;
}

/* Only the kernel knows how much of a reply has arrived. */
static bool hardly_reads(struct client *client, int64_t since, int64_t idle_us)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    if (getsockopt(client->socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
    return hardly_moves(client, since, info.tcpi_bytes_acked, idle_us);
}

static bool hardly_sends(struct client *client, int64_t since, int64_t idle_us)
{
    return hardly_moves(client, since, (uint64_t)atomic_load(&client->body_bytes), idle_us);
}

static bool overdue(struct client *client, int64_t idle_us)
{
    const int64_t since = atomic_load(&client->since), until = atomic_load(&client->until);
    if (until && time_mono() > until) return true;
    switch (atomic_load(&client->phase)) {
    case CLIENT_RESTING:
        return time_mono() - since >= idle_us;
    case CLIENT_SENDING:
        return hardly_sends(client, since, idle_us);
    case CLIENT_READING:
        return hardly_reads(client, since, idle_us);
    case CLIENT_WAITING:
        return false;
    }
    return false;
}

/* Shutting down the socket makes its thread see the end and close it properly. */
static void *keep_house(void *with)
{
    struct clients *const clients = with;
    pthread_mutex_lock(&clients->lock);
    while (!clients->stopping) {
        const int64_t until = time_mono() + SECOND;
        const struct timespec at = { until / SECOND, until % SECOND * 1000 };
        pthread_cond_clockwait(&clients->wake, &clients->lock, CLOCK_MONOTONIC, &at);
        for (struct client *client = clients->first; client; client = client->next)
            if (overdue(client, clients->idle_us)) shutdown(client->socket, SHUT_RDWR);
    }
    pthread_mutex_unlock(&clients->lock);
    return NULL;
}

bool clients_open(unsigned idle_s, struct clients **out, struct error *err)
{
    struct clients *const clients = calloc(1, sizeof *clients);
    if (!clients) return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to start the server");
    pthread_mutex_init(&clients->lock, NULL);
    pthread_cond_init(&clients->wake, NULL);
    clients->idle_us = (int64_t)idle_s * SECOND;
    const int failed = pthread_create(&clients->housekeeper, NULL, keep_house, clients);
    if (failed) {
        free(clients);
        return fail_errno(err, failed, "the server cannot start its housekeeper");
    }
    *out = clients;
    return true;
}

void clients_close(struct clients *clients)
{
    if (!clients) return;
    pthread_mutex_lock(&clients->lock);
    clients->stopping = true;
    pthread_cond_signal(&clients->wake);
    pthread_mutex_unlock(&clients->lock);
    pthread_join(clients->housekeeper, NULL);
    assert(!clients->first);
    pthread_cond_destroy(&clients->wake);
    pthread_mutex_destroy(&clients->lock);
    free(clients);
}

struct client *clients_add(struct clients *clients, int socket)
{
    struct client *const client = calloc(1, sizeof *client);
    if (!client) return NULL;
    client->socket = socket;
    client_enters(client, CLIENT_RESTING);
    pthread_mutex_lock(&clients->lock);
    client->next = clients->first;
    if (client->next) client->next->previous = client;
    clients->first = client;
    pthread_mutex_unlock(&clients->lock);
    return client;
}

void clients_remove(struct clients *clients, struct client *client)
{
    if (!client) return;
    pthread_mutex_lock(&clients->lock);
    if (client->next) client->next->previous = client->previous;
    if (client->previous)
        client->previous->next = client->next;
    else
        clients->first = client->next;
    pthread_mutex_unlock(&clients->lock);
    free(client);
}

size_t clients_busy(struct clients *clients)
{
    size_t count = 0;
    pthread_mutex_lock(&clients->lock);
    for (const struct client *client = clients->first; client; client = client->next)
        count += atomic_load(&client->phase) != CLIENT_RESTING;
    pthread_mutex_unlock(&clients->lock);
    return count;
}

static struct client *longest_resting(struct clients *clients)
{
    struct client *found = NULL;
    int64_t since = time_mono() - REST_US;
    for (struct client *client = clients->first; client; client = client->next) {
        if (client->evicted || atomic_load(&client->phase) != CLIENT_RESTING) continue;
        if (atomic_load(&client->since) >= since) continue;
        since = atomic_load(&client->since);
        found = client;
    }
    return found;
}

void clients_evict(struct clients *clients, size_t count)
{
    pthread_mutex_lock(&clients->lock);
    for (size_t i = 0; i < count && i < EVICTED_AT_ONCE; i++) {
        struct client *const client = longest_resting(clients);
        if (!client) break;
        client->evicted = true;
        shutdown(client->socket, SHUT_RDWR);
    }
    pthread_mutex_unlock(&clients->lock);
}
