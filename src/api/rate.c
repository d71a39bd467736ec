#include "api/rate.h"

#include "base/text.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 1024, WAYS = 16 };

/* until: when the slot says nothing any more. For a rate that is when the bucket is full again. */
struct slot {
    uint64_t key;
    int64_t until, failures;
};

struct shard {
    pthread_mutex_t lock;
    struct slot slots[WAYS];
};

struct rate {
    unsigned char secret[crypto_shorthash_KEYBYTES];
    struct shard shards[SHARDS];
};

static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "a key is a hash");

bool rate_open(struct rate **out, struct error *err)
{
    struct rate *const rate = sodium_init() < 0 ? NULL : calloc(1, sizeof *rate);
    if (!rate) return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to count requests");
    randombytes_buf(rate->secret, sizeof rate->secret);
    for (size_t i = 0; i < SHARDS; i++) pthread_mutex_init(&rate->shards[i].lock, NULL);
    *out = rate;
    return true;
}

void rate_close(struct rate *rate)
{
    for (size_t i = 0; rate && i < SHARDS; i++) pthread_mutex_destroy(&rate->shards[i].lock);
    free(rate);
}

bool rate_limit_parse(const char *text, struct rate_limit *out)
{
    char count[24];
    struct rate_limit limit = { 0 };
    const size_t size = strcspn(text, "/");
    if (size >= sizeof count) return false;
    memcpy(count, text, size);
    count[size] = '\0';
    const bool good = text_to_int(count, &limit.count) &&
                      (text[size] ? text_to_int(text + size + 1, &limit.period_us) : limit.count == 0);
    if (!good || limit.count < 0 || limit.count > 1000000 || limit.period_us > 86400) return false;
    if (limit.count && limit.period_us < 1) return false;
    *out = (struct rate_limit){ limit.count, limit.period_us * 1000 * 1000 };
    return true;
}

static uint64_t key_of(const struct rate *rate, const char *kind, const char *who)
{
    uint64_t keys[2], key;
    crypto_shorthash((unsigned char *)&keys[0], (const unsigned char *)kind, strlen(kind), rate->secret);
    crypto_shorthash((unsigned char *)&keys[1], (const unsigned char *)who, strlen(who), rate->secret);
    crypto_shorthash((unsigned char *)&key, (const unsigned char *)keys, sizeof keys, rate->secret);
    return key ? key : 1; /* 0 is an empty slot */
}

static bool cooler(const struct slot *a, const struct slot *b)
{
    return a->failures != b->failures ? a->failures < b->failures : a->until < b->until;
}

static struct slot *find(struct shard *shard, uint64_t key)
{
    for (size_t i = 0; i < WAYS; i++)
        if (shard->slots[i].key == key) return &shard->slots[i];
    return NULL;
}

/* The slot of this key; a new one takes the coolest place with what is owed there. */
static struct slot *claim(struct shard *shard, uint64_t key, int64_t now_us)
{
    struct slot *slot = find(shard, key);
    for (size_t i = 0; !slot && i < WAYS; i++) /* what is over says nothing */
        if (shard->slots[i].until <= now_us) slot = &shard->slots[i];
    if (!slot) {
        slot = &shard->slots[0];
        for (size_t i = 1; i < WAYS; i++)
            if (cooler(&shard->slots[i], slot)) slot = &shard->slots[i];
    }
    if (slot->key != key || slot->until <= now_us) slot->failures = 0;
    slot->key = key;
    return slot;
}

static struct shard *lock(struct rate *rate, uint64_t key)
{
    struct shard *const shard = &rate->shards[key % SHARDS];
    pthread_mutex_lock(&shard->lock);
    return shard;
}

bool rate_take(struct rate *rate, const char *kind, const char *who, const struct rate_limit *limit,
               int64_t now_us, int64_t *wait_us_out)
{
    if (!limit->count) return true;
    const uint64_t key = key_of(rate, kind, who);
    struct shard *const shard = lock(rate, key);
    struct slot *const slot = claim(shard, key, now_us);
    const int64_t full_at = slot->until > now_us ? slot->until : now_us;
    const int64_t wait_us = full_at + limit->period_us / limit->count - now_us - limit->period_us;
    if (wait_us <= 0) slot->until = full_at + limit->period_us / limit->count;
    pthread_mutex_unlock(&shard->lock);
    if (wait_us > 0) *wait_us_out = wait_us;
    return wait_us <= 0;
}

/* The pause after this many failures. */
static int64_t delay_us(const struct rate_penalty *penalty, int64_t failures)
{
    const int64_t doublings = failures - penalty->free - 1;
    if (doublings < 0) return 0;
    const int64_t delay = doublings < 32 ? (int64_t)1000000 << doublings : penalty->most_us;
    return delay < penalty->most_us ? delay : penalty->most_us;
}

bool penalty_begin(struct rate *rate, const char *kind, const char *who, const struct rate_penalty *penalty,
                   int64_t now_us, int64_t *wait_us_out)
{
    const uint64_t key = key_of(rate, kind, who);
    struct shard *const shard = lock(rate, key);
    struct slot *const old = find(shard, key);
    const int64_t wait_us = old ? old->until - PENALTY_MEMORY_US - now_us : 0;
    if (wait_us <= 0) {
        struct slot *const slot = claim(shard, key, now_us);
        slot->failures++;
        slot->until = now_us + delay_us(penalty, slot->failures) + PENALTY_MEMORY_US;
    }
    pthread_mutex_unlock(&shard->lock);
    if (wait_us > 0) *wait_us_out = wait_us;
    return wait_us <= 0;
}

static void reduce(struct rate *rate, const char *kind, const char *who, int64_t by, int64_t now_us)
{
    const uint64_t key = key_of(rate, kind, who);
    struct shard *const shard = lock(rate, key);
    struct slot *const slot = find(shard, key);
    if (slot && slot->failures > by) {
        slot->failures -= by;
        slot->until = now_us + PENALTY_MEMORY_US;
    } else if (slot)
        *slot = (struct slot){ 0 };
    pthread_mutex_unlock(&shard->lock);
}

void penalty_undo(struct rate *rate, const char *kind, const char *who, int64_t now_us)
{
    reduce(rate, kind, who, 1, now_us);
}

void penalty_forgive(struct rate *rate, const char *kind, const char *who, int64_t now_us)
{
    reduce(rate, kind, who, INT64_MAX, now_us);
}
