#include "test.h"

#include "base/time.h"
#include "library/password.h"

#include <pthread.h>

TEST(right_and_wrong)
{
    struct error err;
    struct password_hash hash, again;
    CHECK_OK(password_hash("correct horse \xc3\xa4", &hash, &err));
    CHECK_OK(password_hash("correct horse \xc3\xa4", &again, &err));
    CHECK(strncmp(hash.text, "$argon2id$v=19$m=65536,t=2,p=1$", 31) == 0);
    CHECK(strcmp(hash.text, again.text) != 0); /* salted */
    CHECK(password_matches(hash.text, "correct horse \xc3\xa4"));
    CHECK(!password_matches(hash.text, "correct horse a"));
    CHECK(!password_matches(hash.text, ""));
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
        CHECK(!password_matches(hashes[i], ""));
        CHECK(!password_matches(hashes[i], "x"));
        CHECK(password_outdated(hashes[i]));
    }
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
    CHECK(!password_matches("$argon2id$", password));
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
            CHECK(!password_matches(i ? NULL : hash.text, "y"));
            if (time_mono() - from < took[i]) took[i] = time_mono() - from;
        }
    CHECK(took[1] > took[0] / 3 && took[1] < took[0] * 3);
}

static void *check_one(void *with) { return password_matches(with, "x") ? with : NULL; }

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

TEST_MAIN
