/* Attacks on the network and on local sockets. */
#include "cell/attack.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static bool makes_socket(int family, int type)
{
    AUTO(fd)
    int made = socket(family, type | SOCK_CLOEXEC, type == SOCK_RAW && family == AF_INET ? IPPROTO_ICMP : 0);
    return made >= 0;
}

static struct sockaddr_in loopback(int64_t port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

bool attack_socket_inet(struct attack *with)
{
    (void)with;
    return makes_socket(AF_INET, SOCK_STREAM);
}

bool attack_socket_unix(struct attack *with)
{
    (void)with;
    return makes_socket(AF_UNIX, SOCK_STREAM);
}

bool attack_socket_netlink(struct attack *with)
{
    (void)with;
    return makes_socket(AF_NETLINK, SOCK_RAW);
}

bool attack_socket_raw(struct attack *with)
{
    (void)with;
    return makes_socket(AF_INET, SOCK_RAW);
}

/* A child can make no socket, so these try the calls themselves with the one it has. */
bool attack_connect_loopback(struct attack *with)
{
    const struct sockaddr_in to = loopback(with->in->port);
    return attack_reached(connect(with->job->socket, (const struct sockaddr *)&to, sizeof to));
}

bool attack_listen_loopback(struct attack *with)
{
    const struct sockaddr_in at = loopback(0);
    return attack_reached(bind(with->job->socket, (const struct sockaddr *)&at, sizeof at)) ||
           attack_reached(listen(with->job->socket, 1));
}
