/* Where connections wait until they have something to say. A waiting one costs a descriptor and some hundred
 * bytes; only a complete request head is worth a thread.
 *
 * One thread accepts and watches. A connection whose first request head is complete (or longer than a head
 * may be) goes in, as long as fewer than `busy_max` are inside; when the house is full, those inside that
 * rest between two requests are shown out, the longest resting first. Who waits longer than two seconds hears
 * 503. When there are `connections_max` in all, the one that has kept silent longest makes room. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/socket.h>

struct clients;
struct lobby;

struct lobby_rules {
    int listener; /* owned by the lobby from lobby_open on */
    unsigned connections_max, busy_max;
    unsigned address_max; /* connections of one IPv4 address or IPv6 /64 network; 0: no limit */
    unsigned idle_s;      /* for the first request head */
    struct texts exempt;  /* addresses that may have more: proxies */
    struct clients *clients;
    /* Takes the socket in any case. */
    bool (*admit)(void *with, int socket, const struct sockaddr *address, socklen_t size_bytes);
    void *with;
};

bool lobby_open(const struct lobby_rules *rules, struct lobby **out, struct error *err) MUST_USE;

/* A connection that was let in has ended. */
void lobby_leave(struct lobby *lobby, const struct sockaddr *address);

/* Closes the listening socket and all who wait. lobby_leave stays good. NULL is fine for both. */
void lobby_stop(struct lobby *lobby);
void lobby_close(struct lobby *lobby);
