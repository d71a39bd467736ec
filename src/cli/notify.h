/* Tells the service manager how the server is, by the protocol of sd_notify(3). */
#pragma once

/* Sends `state` ("READY=1", "STOPPING=1") to the datagram socket named in $NOTIFY_SOCKET. Nobody asked when
 * that is not set, and nobody is told when it fails: the manager notices by itself. */
void notify(const char *state);
