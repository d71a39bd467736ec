/* Rates and penalties against a clock that stands still until the test moves it. */
#include "test.h"

#include "api/rate.h"
#include "base/time.h"

#include <pthread.h>

static struct rate *fresh(void)
{
    struct rate *rate = NULL;
    struct error err;
    if (!rate_open(&rate, &err)) abort();
    return rate;
}

TEST(limits_are_read)
{
    static const char *const bad[] = { "",     "x",     "5",      "5/",    "/5",         "5/0",      "-1/5",
                                       "5/-1", "5/6/7", "5 / 6s", "1e3/5", "99999999/1", "5/999999", "0/" };
    struct rate_limit limit;
    CHECK(rate_limit_parse("60/60", &limit));
    CHECK_INT(limit.count, 60);
    CHECK_INT(limit.period_us, 60 * SECOND);
    CHECK(rate_limit_parse("0", &limit));
    CHECK_INT(limit.count, 0);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_MSG(!rate_limit_parse(bad[i], &limit), "'%s' was taken", bad[i]);
}

TEST(a_bucket_empties_and_fills)
{
    struct rate *const rate = fresh();
    const struct rate_limit limit = { 5, 10 * SECOND };
    int64_t wait_us = 0;
    for (int i = 0; i < 5; i++) CHECK(rate_take(rate, "a", "ann", &limit, SECOND, &wait_us));
    CHECK(!rate_take(rate, "a", "ann", &limit, SECOND, &wait_us));
    CHECK_INT(wait_us, 2 * SECOND);
    CHECK(
        rate_take(rate, "a", "bob", &limit, SECOND, &wait_us)); /* others, and other kinds, are not touched */
    CHECK(rate_take(rate, "b", "ann", &limit, SECOND, &wait_us));
    CHECK(!rate_take(rate, "a", "ann", &limit, 3 * SECOND - 1, &wait_us));
    CHECK_INT(wait_us, 1);
    CHECK(rate_take(rate, "a", "ann", &limit, 3 * SECOND, &wait_us)); /* the wait was honest */
    CHECK(!rate_take(rate, "a", "ann", &limit, 3 * SECOND, &wait_us));
    for (int i = 0; i < 5; i++) CHECK(rate_take(rate, "a", "ann", &limit, 100 * SECOND, &wait_us));
    CHECK(!rate_take(rate, "a", "ann", &limit, 100 * SECOND, &wait_us));
    rate_close(rate);
}

TEST(no_limit)
{
    struct rate *const rate = fresh();
    int64_t wait_us;
    for (int i = 0; i < 1000; i++) CHECK(rate_take(rate, "a", "ann", &(struct rate_limit){ 0 }, 1, &wait_us));
    rate_close(rate);
}

/* Three times as many names as there are slots: whoever is at his limit stays there. */
TEST(a_flood_of_names_frees_nobody)
{
    struct rate *const rate = fresh();
    const struct rate_limit limit = { 5, 300 * SECOND };
    int64_t wait_us;
    int passed = 0;
    for (int i = 0; i < 5; i++) CHECK(rate_take(rate, "a", "mallory", &limit, SECOND, &wait_us));
    for (int i = 0; i < 50000; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        passed += rate_take(rate, "a", name, &limit, SECOND, &wait_us);
    }
    CHECK_MSG(passed > 16000 && passed < 100000, "%d passed", passed);
    CHECK(!rate_take(rate, "a", "mallory", &limit, SECOND, &wait_us));
    CHECK(rate_take(rate, "a", "newcomer", &limit, 1000 * SECOND, &wait_us)); /* and it passes */
    rate_close(rate);
}

TEST(penalties_grow_and_are_forgotten)
{
    struct rate *const rate = fresh();
    const struct rate_penalty penalty = { 3, 60 * SECOND };
    static const int pauses_s[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
    int64_t now = SECOND, wait_us = 0;
    for (int i = 0; i < 3; i++) CHECK(penalty_begin(rate, "a", "ann", &penalty, now, &wait_us));
    for (size_t i = 0; i < COUNT_OF(pauses_s); i++) {
        CHECK(penalty_begin(rate, "a", "ann", &penalty, now, &wait_us));
        CHECK(!penalty_begin(rate, "a", "ann", &penalty, now, &wait_us));
        CHECK_INT(wait_us, pauses_s[i] * SECOND);
        now += wait_us;
    }
    now += PENALTY_MEMORY_US;
    for (int i = 0; i < 4; i++) CHECK(penalty_begin(rate, "a", "ann", &penalty, now, &wait_us));
    CHECK(!penalty_begin(rate, "a", "ann", &penalty, now, &wait_us));
    CHECK_INT(wait_us, SECOND);
    rate_close(rate);
}

TEST(what_was_right_is_taken_back)
{
    struct rate *const rate = fresh();
    const struct rate_penalty penalty = { 3, 60 * SECOND };
    int64_t wait_us;
    for (int i = 0; i < 4; i++) CHECK(penalty_begin(rate, "a", "ann", &penalty, SECOND, &wait_us));
    CHECK(!penalty_begin(rate, "a", "ann", &penalty, SECOND, &wait_us));
    penalty_undo(rate, "a", "ann", SECOND);
    CHECK(penalty_begin(rate, "a", "ann", &penalty, SECOND, &wait_us)); /* the fourth again */
    CHECK(!penalty_begin(rate, "a", "ann", &penalty, SECOND, &wait_us));
    penalty_forgive(rate, "a", "ann", SECOND);
    for (int i = 0; i < 4; i++) CHECK(penalty_begin(rate, "a", "ann", &penalty, SECOND, &wait_us));
    CHECK(!penalty_begin(rate, "a", "ann", &penalty, SECOND, &wait_us));
    penalty_undo(rate, "a", "nobody", SECOND); /* nothing to take back */
    rate_close(rate);
}

static struct rate *shared;

static void *take_many(void *with)
{
    const struct rate_limit limit = { 1000, 3600 * (int64_t)SECOND };
    int64_t wait_us;
    int *const taken = with;
    for (int i = 0; i < 1000; i++) *taken += rate_take(shared, "a", "all", &limit, SECOND, &wait_us);
    return NULL;
}

TEST(threads_share_one_bucket)
{
    pthread_t threads[8];
    int taken[8] = { 0 }, sum = 0;
    shared = fresh();
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        CHECK(!pthread_create(&threads[i], NULL, take_many, &taken[i]));
    for (size_t i = 0; i < COUNT_OF(threads); i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < COUNT_OF(threads); i++) sum += taken[i];
    CHECK_INT(sum, 1000);
    rate_close(shared);
}

TEST_MAIN
