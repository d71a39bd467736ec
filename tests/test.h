/* The whole test framework: TEST(name) { CHECK(...); } and run_tests() from main.
 * A failing CHECK prints where and what, and ends that test; the others still run.
 * Each program ends with the line `N passed, N failed` and exits non-zero when anything failed. */
#pragma once

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
    const char *name;
    void (*run)(void);
    struct test *next;
};

static struct test *tests_first, **tests_last = &tests_first;
static int test_failed;

#define TEST(id)                                                                                             \
    static void test_##id(void);                                                                             \
    static struct test entry_##id = { #id, test_##id, NULL };                                                \
    __attribute__((constructor)) static void add_##id(void)                                                  \
    {                                                                                                        \
        *tests_last = &entry_##id;                                                                           \
        tests_last = &entry_##id.next;                                                                       \
    }                                                                                                        \
    static void test_##id(void)

#define CHECK_MSG(truth, ...)                                                                                \
    do {                                                                                                     \
        if (!(truth)) {                                                                                      \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                  \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            fputc('\n', stderr);                                                                             \
            test_failed = 1;                                                                                 \
            return;                                                                                          \
        }                                                                                                    \
    } while (0)
#define CHECK(truth) CHECK_MSG(truth, "expected: %s", #truth)
#define CHECK_TEXT(a, b)                                                                                     \
    do {                                                                                                     \
        const char *const a_ = (a), *const b_ = (b);                                                         \
        CHECK_MSG(a_ &&b_ &&strcmp(a_, b_) == 0, "got \"%s\", expected \"%s\"", a_ ? a_ : "(null)",          \
                  b_ ? b_ : "(null)");                                                                       \
    } while (0)
#define CHECK_INT(a, b)                                                                                      \
    do {                                                                                                     \
        const long long a_ = (long long)(a), b_ = (long long)(b);                                            \
        CHECK_MSG(a_ == b_, "%s is %lld, expected %lld", #a, a_, b_);                                        \
    } while (0)
#define CHECK_NEAR(a, b, by)                                                                                 \
    do {                                                                                                     \
        const double a_ = (double)(a), b_ = (double)(b);                                                     \
        CHECK_MSG(fabs(a_ - b_) <= (double)(by), "%s is %g, expected %g +- %g", #a, a_, b_, (double)(by));   \
    } while (0)
#define CHECK_OK(call) CHECK_MSG(call, "%s failed: %s", #call, err.text) /* uses a local `err` */

/* Runs all tests, or those whose name contains argv[1]. */
static int run_tests(int argc, char **argv)
{
    int passed = 0, failed = 0;
    for (struct test *test = tests_first; test; test = test->next) {
        if (argc > 1 && !strstr(test->name, argv[1])) continue;
        test_failed = 0;
        test->run();
        if (test_failed) fprintf(stderr, "FAILED %s\n", test->name);
        test_failed ? failed++ : passed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}

#define TEST_MAIN                                                                                            \
    int main(int argc, char **argv) { return run_tests(argc, argv); }
