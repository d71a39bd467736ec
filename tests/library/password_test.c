#include "test.h"

#include "base/time.h"
#include "library/password.h"

#include <pthread.h>

static bool matches(const char *hash, const char *password)
{
    struct error err;
    bool right = false;
    return password_matches(hash, password, &right, &err) && right;
}

TEST(right_and_wrong)
{
    struct error err;
    struct password_hash hash, again;
    CHECK_OK(password_hash("correct horse \xc3\xa4", &hash, &err));
    CHECK_OK(password_hash("correct horse \xc3\xa4", &again, &err));
    CHECK(strncmp(hash.text, "$argon2id$v=19$m=65536,t=2,p=1$", 31) == 0);
    CHECK(strcmp(hash.text, again.text) != 0); /* salted */
    CHECK(matches(hash.text, "correct horse \xc3\xa4"));
    CHECK(!matches(hash.text, "correct horse a"));
    CHECK(!matches(hash.text, ""));
    CHECK(!password_outdated(hash.text));
}

TEST(foreign_hashes)
{
    static const char *const hashes[] = { NULL,
                                          "",
                                          "$argon2id$",
                                          "$argon2id$v=19$m=65536,t=2,p=1$",
                                          "plain",
                                          "$2b$10$abc",
                                          "0123456789abcdef:0123456789abcdef" };
    for (size_t i = 0; i < COUNT_OF(hashes); i++) {
        CHECK(!matches(hashes[i], ""));
        CHECK(!matches(hashes[i], "x"));
        CHECK(password_outdated(hashes[i]));
    }
}

/* Here for 4 TiB; the same as when the machine has none left. */
TEST(no_memory_is_not_a_wrong_password)
{
    struct error err;
    struct password_hash hash;
    char greedy[160];
    bool right = true;
    CHECK_OK(password_hash("a long password", &hash, &err));
    snprintf(greedy, sizeof greedy, "$argon2id$v=19$m=4294967294%s", strstr(hash.text, ",t="));
    CHECK(!password_matches(greedy, "a long password", &right, &err));
    CHECK_INT(err.cause, CAUSE_UNAVAILABLE);
    CHECK(right); /* untouched */
}

TEST(too_long)
{
    static char password[2048];
    struct error err;
    struct password_hash hash;
    memset(password, 'a', sizeof password - 1);
    CHECK(!password_hash(password, &hash, &err));
    CHECK_INT(err.cause, CAUSE_INVALID);
    CHECK_TEXT(err.field, "password");
    CHECK(!matches("$argon2id$", password));
}

/* A stopwatch cannot tell an unknown user from a wrong password. */
TEST(unknown_costs_the_same)
{
    struct error err;
    struct password_hash hash;
    CHECK_OK(password_hash("x", &hash, &err));
    int64_t took[2] = { INT64_MAX, INT64_MAX };
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 2; i++) {
            const int64_t from = time_mono();
            CHECK(!matches(i ? NULL : hash.text, "y"));
            if (time_mono() - from < took[i]) took[i] = time_mono() - from;
        }
    CHECK(took[1] > took[0] / 3 && took[1] < took[0] * 3);
}

static void *check_one(void *with) { return matches(with, "x") ? with : NULL; }

TEST(many_at_once)
{
    struct error err;
    struct password_hash hash;
    pthread_t threads[8];
    CHECK_OK(password_hash("x", &hash, &err));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, check_one, hash.text) == 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *good = NULL;
        pthread_join(threads[i], &good);
        CHECK(good);
    }
}

struct wish {
    const char *hash;
    enum cause cause;
    int retry_after_s;
    int64_t took_us;
};

static pthread_barrier_t all_there;

static void *wish_one(void *with)
{
    struct wish *const wish = with;
    pthread_barrier_wait(&all_there);
    struct error err = { .cause = CAUSE_NONE };
    bool right = false;
    const int64_t from = time_mono();
    if (password_matches(wish->hash, "x", &right, &err) && !right) err.cause = CAUSE_INTERNAL;
    wish->took_us = time_mono() - from;
    wish->cause = err.cause;
    wish->retry_after_s = err.retry_after_s;
    return NULL;
}

/* Twenty are served or wait; the others hear at once that it is too much, instead of queueing up. */
TEST(a_crowd_is_sent_away)
{
    struct error err;
    struct password_hash hash;
    pthread_t threads[100];
    struct wish wishes[COUNT_OF(threads)];
    size_t served = 0, refused = 0;
    CHECK_OK(password_hash("x", &hash, &err));
    pthread_barrier_init(&all_there, NULL, COUNT_OF(threads));
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        wishes[i] = (struct wish){ .hash = hash.text };
        CHECK(pthread_create(&threads[i], NULL, wish_one, &wishes[i]) == 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        served += wishes[i].cause == CAUSE_NONE;
        refused += wishes[i].cause == CAUSE_TOO_MANY && wishes[i].retry_after_s == 3;
        CHECK_MSG(wishes[i].took_us < 15 * (int64_t)SECOND, "%lld us", (long long)wishes[i].took_us);
    }
    CHECK_INT(served + refused, COUNT_OF(threads));
    CHECK_MSG(served >= 4 && refused >= 20, "%zu served, %zu refused", served, refused);
}

TEST_MAIN
