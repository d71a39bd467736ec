/* Which addresses may be connected to: public ones, and those the operator named.
 *
 * Asked about the address of each connection, after names are resolved and redirects followed, so that no
 * name can promise one thing and be another. Source: the IANA special-purpose address registries (RFC 6890
 * and its updates). */
#pragma once

#include "base/text.h"

#include <sys/socket.h>

/* `allowed`: addresses as text, "192.168.1.5" or "fd00::5". */
bool guard_allows(const struct sockaddr *address, const struct texts *allowed);
