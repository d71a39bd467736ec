/* Logins at the same time: each is judged by what was known when it began. */
#include "api/throttle.h"
#include "test.h"

static struct error err;

enum { ROUNDS = 40 }; /* more than a network's misses that cost nothing */

TEST(logins_side_by_side_leave_no_miss_behind)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct request rq = { .remote = "192.0.2.1", .mem = &mem };
    struct throttle throttle;
    struct throttle_attempt first, second;
    CHECK_OK(throttle_open(&throttle, &err));
    for (int i = 0; i < ROUNDS; i++) {
        const char *const name = arena_printf(&mem, "user%d", i);
        CHECK_OK(throttle_begin(&throttle, &rq, name, false, &first, &err));
        CHECK_OK(throttle_begin(&throttle, &rq, name, i % 2, &second,
                                &err)); /* perhaps the first has made it known */
        throttle_end(&throttle, &first, CAUSE_NONE);
        throttle_end(&throttle, &second, CAUSE_NONE);
    }
    CHECK_OK(throttle_begin(&throttle, &rq, "somebody", false, &first, &err));
    throttle_close(&throttle);
}

TEST(misses_of_many_names_slow_their_network_down)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct request rq = { .remote = "192.0.2.1", .mem = &mem };
    struct throttle throttle;
    struct throttle_attempt attempt;
    int begun = 0;
    CHECK_OK(throttle_open(&throttle, &err));
    while (begun < ROUNDS &&
           throttle_begin(&throttle, &rq, arena_printf(&mem, "user%d", begun), false, &attempt, &err)) {
        throttle_end(&throttle, &attempt, CAUSE_UNAUTHENTICATED);
        begun++;
    }
    CHECK_INT(begun, 33);
    CHECK(err.cause == CAUSE_TOO_MANY && err.retry_after_s == 1);
    throttle_close(&throttle);
}

TEST(where_an_account_is_known_the_misses_of_others_do_not_count)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct request home = { .remote = "192.0.2.1", .mem = &mem };
    struct throttle throttle;
    struct throttle_attempt attempt;
    int begun = 0;
    CHECK_OK(throttle_open(&throttle, &err));
    for (; begun < ROUNDS; begun++) {
        const struct request elsewhere = { .remote = arena_printf(&mem, "198.51.100.%d", begun),
                                           .mem = &mem };
        if (!throttle_begin(&throttle, &elsewhere, "ann", false, &attempt, &err)) break;
        throttle_end(&throttle, &attempt, CAUSE_UNAUTHENTICATED);
    }
    CHECK_INT(begun, 9);
    CHECK(!throttle_begin(&throttle, &home, "ann", false, &attempt, &err));
    for (begun = 0; begun < ROUNDS && throttle_begin(&throttle, &home, "ann", true, &attempt, &err); begun++)
        throttle_end(&throttle, &attempt, CAUSE_UNAUTHENTICATED);
    CHECK_INT(begun, 9); /* those from there do */
    throttle_close(&throttle);
}

TEST_MAIN
