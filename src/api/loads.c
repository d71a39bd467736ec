#include "api/loads.h"

#include "base/text.h"
#include "base/time.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_US = 2 * SECOND };

/* What is said when one has too much, and when all together have; what the limits of one are counted in. */
static const struct {
    const char *each, *all;
    int64_t unit;
    const char *of;
} sentences[] = {
    [LOAD_JSON] = { "", "too many large requests are being read; try again in a moment", 1, "" },
    [LOAD_REQUESTS] = { "too many requests from your address are under way", "", 1, "" },
    [LOAD_STREAMS] = { "you have too many event streams open", "too many event streams are open", 1, "" },
    [LOAD_LARGE] = { "", "too many large replies are being made; try again in a moment", 1, "" },
    [LOAD_REPLIES] = { "you have too many large replies that you have not read yet",
                       "too many large replies are being sent; try again in a moment", 1 << 20, " MiB" },
    [LOAD_CHECKS] = { "too many files of yours are being looked at", "too many files are being looked at", 1,
                      "" },
    [LOAD_VIEWS] = { "too many pictures and streams are being made for you; try again in a moment",
                     "too many pictures and streams are being made; try again in a moment", 1, "" },
    [LOAD_CONVERSIONS] = { "too much is being converted for you; try again in a moment",
                           "too much is being converted; try again in a moment", 1, "" },
    [LOAD_UPLOADS] = { "", "", 1, "" }, /* without limits here: quota and disk judge */
    [LOAD_DISK] = { "", "", 1, "" },
};
static_assert(COUNT_OF(sentences) == LOAD_COUNT, "one row per load");

struct holder {
    enum load load;
    int64_t amount;
    struct holder *next;
    char who[];
};

struct loads {
    pthread_mutex_t lock;
    bool stopping;
    pthread_cond_t lowered[LOAD_COUNT]; /* one that somebody waits for */
    unsigned waiting[LOAD_COUNT];
    struct load_limit limits[LOAD_COUNT];
    int64_t sums[LOAD_COUNT];
    struct holder *holders; /* no more than there are requests */
};

struct loads *loads_new(const struct load_limit limits[LOAD_COUNT])
{
    struct loads *const loads = calloc(1, sizeof *loads);
    if (!loads) return NULL;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&loads->lock, NULL);
    for (enum load load = 0; load < LOAD_COUNT; load++) pthread_cond_init(&loads->lowered[load], &monotonic);
    memcpy(loads->limits, limits, sizeof loads->limits);
    return loads;
}

void loads_free(struct loads *loads)
{
    if (!loads) return;
    assert(!loads->holders);
    for (enum load load = 0; load < LOAD_COUNT; load++) pthread_cond_destroy(&loads->lowered[load]);
    pthread_mutex_destroy(&loads->lock);
    free(loads);
}

/* The link that leads to the holder, or the empty one at the end. */
static struct holder **find(struct loads *loads, enum load load, const char *who)
{
    struct holder **link = &loads->holders;
    while (*link && ((*link)->load != load || strcmp((*link)->who, who) != 0)) link = &(*link)->next;
    return link;
}

static struct holder **find_or_add(struct loads *loads, enum load load, const char *who)
{
    struct holder **const link = find(loads, load, who);
    if (*link) return link;
    const size_t size = strlen(who) + 1;
    if (!(*link = calloc(1, sizeof **link + size))) abort();
    memcpy((*link)->who, who, size);
    (*link)->load = load;
    return link;
}

static void drop_if_empty(struct holder **link)
{
    struct holder *const gone = *link;
    if (gone->amount) return;
    *link = gone->next;
    free(gone);
}

static bool room(const struct loads *loads, enum load load, const struct holder *holder, int64_t more,
                 struct error *err)
{
    const struct load_limit *const limit = &loads->limits[load];
    if (holder && limit->each && holder->amount + more > limit->each)
        return fail_for(err, CAUSE_TOO_MANY, AGAIN_US, "%s: %lld%s at once is the most; wait for one to end",
                        sentences[load].each, (long long)(limit->each / sentences[load].unit),
                        sentences[load].of);
    if (limit->all && loads->sums[load] + more > limit->all)
        return fail_for(err, CAUSE_UNAVAILABLE, AGAIN_US, "%s", sentences[load].all);
    return true;
}

static void add_locked(struct loads *loads, enum load load, const char *who, int64_t more, struct hold *hold)
{
    struct holder *const holder = who ? *find_or_add(loads, load, who) : NULL;
    if (holder) holder->amount += more;
    loads->sums[load] += more;
    *hold = (struct hold){ holder ? holder->who : NULL, hold->amount + more };
}

static bool raise_locked(struct loads *loads, enum load load, const char *who, int64_t amount,
                         struct hold *hold, struct error *err)
{
    const int64_t more = amount - hold->amount;
    struct holder **const link = who ? find_or_add(loads, load, who) : NULL;
    if (!room(loads, load, link ? *link : NULL, more, err)) {
        if (link) drop_if_empty(link);
        return false;
    }
    add_locked(loads, load, who, more, hold);
    return true;
}

bool loads_await(struct loads *loads, enum load load, const char *who, int64_t amount, int64_t wait_us,
                 struct hold *hold, struct error *err)
{
    if (amount <= hold->amount) return true;
    const int64_t until = time_mono() + wait_us;
    const struct timespec at = { until / SECOND, until % SECOND * 1000 };
    struct error why;
    bool raised, late = !wait_us;
    if (hold->amount) who = hold->who;
    pthread_mutex_lock(&loads->lock);
    loads->waiting[load]++;
    while (!(raised = raise_locked(loads, load, who, amount, hold, &why)) && !late && !loads->stopping)
        late = pthread_cond_timedwait(&loads->lowered[load], &loads->lock, &at) != 0;
    loads->waiting[load]--;
    pthread_mutex_unlock(&loads->lock);
    if (!raised) *err = why;
    return raised;
}

bool loads_raise(struct loads *loads, enum load load, const char *who, int64_t amount, struct hold *hold,
                 struct error *err)
{
    return loads_await(loads, load, who, amount, 0, hold, err);
}

void loads_add(struct loads *loads, enum load load, const char *who, int64_t amount, struct hold *hold)
{
    pthread_mutex_lock(&loads->lock);
    add_locked(loads, load, hold->amount ? hold->who : who, amount, hold);
    pthread_mutex_unlock(&loads->lock);
}

void loads_lower(struct loads *loads, enum load load, int64_t amount, struct hold *hold)
{
    const int64_t less = hold->amount - amount;
    if (less <= 0) return;
    pthread_mutex_lock(&loads->lock);
    loads->sums[load] -= less;
    if (hold->who) {
        struct holder **const link = find(loads, load, hold->who);
        (*link)->amount -= less;
        drop_if_empty(link);
    }
    if (loads->waiting[load]) pthread_cond_broadcast(&loads->lowered[load]);
    pthread_mutex_unlock(&loads->lock);
    hold->amount = amount;
    if (!amount) hold->who = NULL;
}

int64_t loads_sum(struct loads *loads, enum load load, const char *who)
{
    pthread_mutex_lock(&loads->lock);
    const struct holder *const holder = who ? *find(loads, load, who) : NULL;
    const int64_t sum = !who ? loads->sums[load] : holder ? holder->amount : 0;
    pthread_mutex_unlock(&loads->lock);
    return sum;
}

void loads_stop(struct loads *loads)
{
    pthread_mutex_lock(&loads->lock);
    loads->stopping = true;
    for (enum load load = 0; load < LOAD_COUNT; load++) pthread_cond_broadcast(&loads->lowered[load]);
    pthread_mutex_unlock(&loads->lock);
}
