#include "api/address.h"

#include <arpa/inet.h>
#include <string.h>

static struct in6_addr mapped(struct in_addr four)
{
    struct in6_addr six = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
    memcpy(&six.s6_addr[12], &four, sizeof four);
    return six;
}

bool address_read(const char *text, struct in6_addr *out)
{
    struct in_addr four;
    if (inet_pton(AF_INET, text, &four) != 1) return inet_pton(AF_INET6, text, out) == 1;
    *out = mapped(four);
    return true;
}

struct in6_addr address_of(const struct sockaddr *peer)
{
    if (peer->sa_family == AF_INET) return mapped(((const struct sockaddr_in *)peer)->sin_addr);
    if (peer->sa_family == AF_INET6) return ((const struct sockaddr_in6 *)peer)->sin6_addr;
    return (struct in6_addr){ 0 };
}

struct in6_addr address_network(struct in6_addr address)
{
    if (!IN6_IS_ADDR_V4MAPPED(&address)) memset(&address.s6_addr[8], 0, 8);
    return address;
}

char *address_text(struct arena *mem, const struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];
    const bool four = IN6_IS_ADDR_V4MAPPED(address);
    inet_ntop(four ? AF_INET : AF_INET6, four ? &address->s6_addr[12] : address->s6_addr, text, sizeof text);
    return arena_text(mem, text);
}
