#include "api/networks.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096, EXEMPT_MAX = 64 };

struct network {
    struct in6_addr prefix;
    unsigned count;
    struct network *next;
};

struct networks {
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* nobody outside can aim at one bucket */
    struct network *buckets[BUCKETS];
    struct in6_addr exempt[EXEMPT_MAX];
    size_t exempt_count;
};

static struct in6_addr mapped(struct in_addr four)
{
    struct in6_addr six = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
    memcpy(&six.s6_addr[12], &four, sizeof four);
    return six;
}

static struct in6_addr whole(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) return mapped(((const struct sockaddr_in *)address)->sin_addr);
    if (address->sa_family == AF_INET6) return ((const struct sockaddr_in6 *)address)->sin6_addr;
    return (struct in6_addr){ 0 };
}

static struct in6_addr prefix_of(struct in6_addr address)
{
    if (!IN6_IS_ADDR_V4MAPPED(&address)) memset(&address.s6_addr[8], 0, 8);
    return address;
}

static void add_exempt(struct networks *networks, const char *text)
{
    struct in_addr four;
    struct in6_addr *const at = &networks->exempt[networks->exempt_count];
    if (networks->exempt_count == EXEMPT_MAX) return;
    if (inet_pton(AF_INET6, text, at) == 1)
        networks->exempt_count++;
    else if (inet_pton(AF_INET, text, &four) == 1) {
        *at = mapped(four);
        networks->exempt_count++;
    }
}

struct networks *networks_new(const struct texts *exempt)
{
    struct networks *const networks = calloc(1, sizeof *networks);
    if (!networks) return NULL;
    randombytes_buf(networks->secret, sizeof networks->secret);
    for (size_t i = 0; i < exempt->count; i++) add_exempt(networks, exempt->items[i]);
    return networks;
}

void networks_free(struct networks *networks)
{
    for (size_t i = 0; networks && i < BUCKETS; i++)
        while (networks->buckets[i]) {
            struct network *const gone = networks->buckets[i];
            networks->buckets[i] = gone->next;
            free(gone);
        }
    free(networks);
}

static bool exempt(const struct networks *networks, const struct in6_addr *address)
{
    for (size_t i = 0; i < networks->exempt_count; i++)
        if (memcmp(&networks->exempt[i], address, sizeof *address) == 0) return true;
    return false;
}

/* The link that holds the network, or the empty one at the end of its bucket. */
static struct network **find(struct networks *networks, const struct in6_addr *prefix)
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, prefix->s6_addr, sizeof prefix->s6_addr, networks->secret);
    struct network **link = &networks->buckets[hash % BUCKETS];
    while (*link && memcmp(&(*link)->prefix, prefix, sizeof *prefix) != 0) link = &(*link)->next;
    return link;
}

bool networks_enter(struct networks *networks, const struct sockaddr *address, unsigned most)
{
    const struct in6_addr all = whole(address), prefix = prefix_of(all);
    if (exempt(networks, &all)) return true;
    struct network **const link = find(networks, &prefix);
    if (!*link) *link = calloc(1, sizeof **link);
    if (!*link) return false;
    (*link)->prefix = prefix;
    if (most && (*link)->count >= most) return false;
    (*link)->count++;
    return true;
}

void networks_leave(struct networks *networks, const struct sockaddr *address)
{
    const struct in6_addr all = whole(address), prefix = prefix_of(all);
    if (exempt(networks, &all)) return;
    struct network **const link = find(networks, &prefix);
    if (!*link || --(*link)->count > 0) return;
    struct network *const gone = *link;
    *link = gone->next;
    free(gone);
}
