#include "net/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct range {
    const char *start;
    int bits;
};

/* Not reachable from everywhere, or not one host. */
static const struct range four[] = {
    { "0.0.0.0", 8 },      { "10.0.0.0", 8 },     { "100.64.0.0", 10 }, { "127.0.0.0", 8 },
    { "169.254.0.0", 16 }, { "172.16.0.0", 12 },  { "192.0.0.0", 24 },  { "192.0.2.0", 24 },
    { "192.88.99.0", 24 }, { "192.168.0.0", 16 }, { "198.18.0.0", 15 }, { "198.51.100.0", 24 },
    { "203.0.113.0", 24 }, { "224.0.0.0", 3 }, /* and all above */
};

/* Of the addresses that are in 2000::/3 at all; what carries an IPv4 address inside could lead anywhere. */
static const struct range six[] = {
    { "2001::", 23 }, /* protocol assignments: Teredo, ORCHID, benchmarking */
    { "2001:db8::", 32 },
    { "2002::", 16 }, /* 6to4 */
    { "3fff::", 20 },
};

static bool in_range(int family, const unsigned char *address, struct range range)
{
    unsigned char start[16];
    inet_pton(family, range.start, start);
    const int whole = range.bits / 8, rest = range.bits % 8;
    const unsigned char mask = (unsigned char)(0xff00 >> rest);
    return memcmp(address, start, (size_t)whole) == 0 &&
           (!rest || ((address[whole] ^ start[whole]) & mask) == 0);
}

static bool in_any(int family, const unsigned char *address, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (in_range(family, address, ranges[i])) return true;
    return false;
}

static bool is_named(int family, const void *address, const struct texts *allowed)
{
    unsigned char other[16];
    for (size_t i = 0; i < allowed->count; i++)
        if (inet_pton(family, allowed->items[i], other) == 1 &&
            memcmp(address, other, family == AF_INET ? 4 : 16) == 0)
            return true;
    return false;
}

static bool four_allowed(const unsigned char *address, const struct texts *allowed)
{
    return !in_any(AF_INET, address, four, COUNT_OF(four)) || is_named(AF_INET, address, allowed);
}

static bool six_allowed(const unsigned char *address, const struct texts *allowed)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    if (memcmp(address, mapped, sizeof mapped) == 0) return four_allowed(address + 12, allowed);
    const bool global = in_range(AF_INET6, address, (struct range){ "2000::", 3 }) &&
                        !in_any(AF_INET6, address, six, COUNT_OF(six));
    return global || is_named(AF_INET6, address, allowed);
}

bool guard_allows(const struct sockaddr *address, const struct texts *allowed)
{
    if (address->sa_family == AF_INET)
        return four_allowed((const unsigned char *)&((const struct sockaddr_in *)address)->sin_addr, allowed);
    if (address->sa_family == AF_INET6)
        return six_allowed((const unsigned char *)&((const struct sockaddr_in6 *)address)->sin6_addr,
                           allowed);
    return false;
}
