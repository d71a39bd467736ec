/* Answering before the request is over. The HTTP library only lets a reply follow a whole request, but a
 * client that is sending gigabytes nobody wants should hear so at once. */
#pragma once

#include "api/exchange.h"

/* Writes the finished reply of `ex` straight to the socket, says that the connection ends, and reads on for a
 * moment so that the client gets to see it. The caller then gives the connection up. */
void early_send(struct exchange *ex, int socket, const char *reason);
