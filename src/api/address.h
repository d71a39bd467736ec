/* Addresses of callers. All are IPv6 addresses here: one of IPv4 is mapped into it, however it was written,
 * so that each has one form. Its network is what counts for limits: an IPv4 address, or the first 64 bits of
 * an IPv6 address, because a customer has all the others. */
#pragma once

#include "base/arena.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* False when the text is no address. */
bool address_read(const char *text, struct in6_addr *out) MUST_USE;

/* Of a connection; :: when it has none. */
struct in6_addr address_of(const struct sockaddr *peer);

struct in6_addr address_network(struct in6_addr address);

/* "192.0.2.1" or "2001:db8::1". */
char *address_text(struct arena *mem, const struct in6_addr *address) MUST_USE;
