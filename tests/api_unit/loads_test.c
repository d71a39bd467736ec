#include "test.h"

#include "api/loads.h"

#include "base/time.h"

#include <pthread.h>

static struct loads *with(int64_t each, int64_t all)
{
    struct load_limit limits[LOAD_COUNT] = { 0 };
    for (size_t i = 0; i < LOAD_COUNT; i++) limits[i] = (struct load_limit){ each, all };
    return loads_new(limits);
}

static enum cause raise_to(struct loads *loads, const char *who, int64_t amount, struct hold *hold)
{
    struct error err = { 0 };
    if (loads_raise(loads, LOAD_JSON, who, amount, hold, &err)) return CAUSE_NONE;
    return err.retry_after_s > 0 ? err.cause : CAUSE_INTERNAL;
}

TEST(one_has_a_share_and_all_have_the_whole)
{
    struct loads *const loads = with(3, 4);
    struct hold ann = { 0 }, again = { 0 }, bob = { 0 }, nobody = { 0 };
    CHECK_INT(raise_to(loads, "ann", 2, &ann), CAUSE_NONE);
    CHECK_INT(raise_to(loads, "ann", 2, &again), CAUSE_TOO_MANY);
    CHECK_INT(again.amount, 0);
    CHECK_INT(raise_to(loads, "ann", 1, &again), CAUSE_NONE);
    CHECK_INT(raise_to(loads, "bob", 2, &bob), CAUSE_UNAVAILABLE);
    CHECK_INT(raise_to(loads, NULL, 1, &nobody), CAUSE_NONE);
    CHECK_INT(loads_sum(loads, LOAD_JSON, NULL), 4);
    CHECK_INT(loads_sum(loads, LOAD_JSON, "ann"), 3);
    CHECK_INT(loads_sum(loads, LOAD_STREAMS, "ann"), 0);
    CHECK_INT(loads_sum(loads, LOAD_JSON, "bob"), 0);
    loads_lower(loads, LOAD_JSON, 1, &ann);
    CHECK_INT(raise_to(loads, "bob", 1, &bob), CAUSE_NONE);
    struct hold *const all[] = { &ann, &again, &bob, &nobody };
    for (size_t i = 0; i < COUNT_OF(all); i++) loads_lower(loads, LOAD_JSON, 0, all[i]);
    CHECK_INT(loads_sum(loads, LOAD_JSON, NULL), 0);
    loads_free(loads); /* asserts that nobody is left */
}

TEST(each_load_has_words)
{
    struct loads *const loads = with(1, 1);
    for (enum load load = 0; load < LOAD_COUNT; load++) {
        struct error err = { 0 };
        struct hold hold = { 0 };
        CHECK(!loads_raise(loads, load, "ann", 2, &hold, &err));
        CHECK_MSG(!strstr(err.text, "null"), "load %d: %s", (int)load, err.text);
    }
    loads_free(loads);
}

static void *let_go(void *at)
{
    void **const both = at;
    time_sleep(50 * MS);
    loads_lower(both[0], LOAD_JSON, 0, both[1]);
    return NULL;
}

TEST(who_waits_gets_what_others_let_go)
{
    struct loads *const loads = with(0, 4);
    struct hold first = { 0 }, second = { 0 };
    struct error err;
    pthread_t thread;
    CHECK_INT(raise_to(loads, NULL, 3, &first), CAUSE_NONE);
    void *both[] = { loads, &first };
    CHECK_INT(pthread_create(&thread, NULL, let_go, both), 0);
    const int64_t began = time_mono();
    CHECK(loads_await(loads, LOAD_JSON, NULL, 4, 2 * SECOND, &second, &err));
    CHECK(time_mono() - began >= 20 * MS);
    pthread_join(thread, NULL);
    CHECK(!loads_await(loads, LOAD_JSON, NULL, 5, 100 * MS, &second, &err)); /* more than there ever is */
    CHECK_INT(err.cause, CAUSE_UNAVAILABLE);
    loads_lower(loads, LOAD_JSON, 0, &second);
    loads_free(loads);
}

static void *stop(void *loads)
{
    time_sleep(50 * MS);
    loads_stop(loads);
    return NULL;
}

TEST(nobody_waits_for_a_server_that_stops)
{
    struct loads *const loads = with(0, 4);
    struct hold first = { 0 }, second = { 0 };
    struct error err;
    pthread_t thread;
    CHECK_INT(raise_to(loads, NULL, 4, &first), CAUSE_NONE);
    CHECK_INT(pthread_create(&thread, NULL, stop, loads), 0);
    const int64_t began = time_mono();
    CHECK(!loads_await(loads, LOAD_JSON, NULL, 1, 60 * (int64_t)SECOND, &second, &err));
    CHECK(time_mono() - began < 10 * SECOND);
    pthread_join(thread, NULL);
    loads_lower(loads, LOAD_JSON, 0, &first);
    loads_free(loads);
}

TEST_MAIN
