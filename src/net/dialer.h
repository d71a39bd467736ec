/* The only process that connects anywhere. What fetches (net/fetch.h) reads what strangers send, so it can
 * make no socket at all: it asks here by name and port and gets a connected one, or no. Names are resolved
 * here, every address is judged by net/guard.h, and which private ones may be reached is known here alone, so
 * that a task taken over by a sender can allow itself nothing.
 *
 * One SOCK_SEQPACKET socket per task: {"dial":"host","port":443} is answered by {"event":"dialed"} with the
 * socket, or by {"event":"error","cause":"...","text":"..."}: FORBIDDEN (no address of it may be reached),
 * NOT_FOUND (there is no such name), UNAVAILABLE (nobody answers). */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Starts it, confined (net/confine.h), for as long as this process lives. `allowed`: see net/guard.h. */
bool dialer_open(struct texts allowed, struct error *err) MUST_USE;

/* A new socket to it, the caller's; -1 when it is gone. */
int dialer_socket(void);

/* Asks over such a socket; the connected one is the caller's and does not block. */
bool dialer_dial(int dialer, const char *host, int64_t port, int *out, struct error *err) MUST_USE;
