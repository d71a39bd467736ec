/* How many connections each network (api/address.h) has. For one thread at a time. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct networks;

/* `exempt` addresses are not counted. NULL when there is no memory. */
struct networks *networks_new(const struct texts *exempt) MUST_USE;
void networks_free(struct networks *networks);

/* One more, unless there are `most` (0: any number). */
bool networks_enter(struct networks *networks, const struct sockaddr *address, unsigned most) MUST_USE;
void networks_leave(struct networks *networks, const struct sockaddr *address);
