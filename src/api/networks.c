#include "api/networks.h"
#include "api/address.h"

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

static void add_exempt(struct networks *networks, const char *text)
{
    struct in6_addr *const at = &networks->exempt[networks->exempt_count];
    if (networks->exempt_count < EXEMPT_MAX && address_read(text, at)) networks->exempt_count++;
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
    const struct in6_addr all = address_of(address), prefix = address_network(all);
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
    const struct in6_addr all = address_of(address), prefix = address_network(all);
    if (exempt(networks, &all)) return;
    struct network **const link = find(networks, &prefix);
    if (!*link || --(*link)->count > 0) return;
    struct network *const gone = *link;
    *link = gone->next;
    free(gone);
}
