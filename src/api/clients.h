/* The connections that have a thread, and a housekeeper that ends those which keep the server waiting: a
 * request head that does not get complete, a body that trickles, a reply that is hardly read. Handlers and
 * event streams are not timed here. */
#pragma once

#include "base/error.h"

#include <stdatomic.h>

enum client_phase {
    CLIENT_RESTING /* or sending a head */,
    CLIENT_SENDING /* a body */,
    CLIENT_WAITING /* for us */,
    CLIENT_READING /* a reply */
};

struct exchange;
struct recent;

struct client {
    int socket;
    struct exchange *request; /* under way; NULL at rest. Only its own thread looks at it. */
    struct recent *recent;    /* who came last; its own thread's as well */
    _Atomic enum client_phase phase;
    _Atomic int64_t since; /* monotonic; of the phase */
    _Atomic int64_t until; /* of a body or reply that is not a file; 0: no end */
    _Atomic int64_t body_bytes;
    /* the housekeeper's: the phase it looks at, and what had come through when it looked */
    int64_t seen_since, seen_at;
    uint64_t seen_bytes;
    bool evicted;
    struct client *next, *previous;
};

struct clients;

bool clients_open(unsigned idle_s, struct clients **out, struct error *err) MUST_USE;

/* Stops the housekeeper. No client may be left. NULL is fine. */
void clients_close(struct clients *clients);

/* NULL when there is no memory. */
struct client *clients_add(struct clients *clients, int socket);
void clients_remove(struct clients *clients, struct client *client);

void client_enters(struct client *client, enum client_phase phase);

/* What comes or goes is no file: half the time that a connection may rest is enough for a body, four times
 * that time for a reply. */
void client_hurries(const struct clients *clients, struct client *client);

/* Ends up to `count` connections that rest between two requests, the longest resting first. */
void clients_evict(struct clients *clients, size_t count);

/* Clients that are not at rest. */
size_t clients_busy(struct clients *clients);
