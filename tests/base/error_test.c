/* Causes and sentences. */
#include "base/error.h"
#include "test.h"

#include <errno.h>

TEST(every_cause_has_its_own_code_and_comes_back_from_it)
{
    for (enum cause a = 0; a < CAUSE_COUNT; a++) {
        CHECK(cause_code(a)[0]);
        CHECK_INT(cause_by_code(cause_code(a)), a);
        CHECK(a == CAUSE_NONE || cause_http_status(a) >= 400);
        CHECK(a == CAUSE_NONE || cause_exit_code(a) > 0);
    }
    CHECK_INT(cause_by_code("no such code"), CAUSE_INTERNAL);
    CHECK_INT(cause_by_code(NULL), CAUSE_INTERNAL);
}

TEST(fail_is_false_and_may_quote_the_error_it_replaces)
{
    struct error err = { 0 };
    CHECK(!fail(&err, CAUSE_NOT_FOUND, "asset '%s' does not exist", "a1"));
    CHECK_TEXT(err.text, "asset 'a1' does not exist");
    CHECK(!fail(&err, CAUSE_IO, "again: %s", err.text));
    CHECK_TEXT(err.text, "again: asset 'a1' does not exist");
    CHECK(!fail(NULL, CAUSE_IO, "nobody listens"));
}

TEST(a_full_disk_has_its_own_cause)
{
    struct error err;
    CHECK(!fail_errno(&err, ENOSPC, "writing failed"));
    CHECK_INT(err.cause, CAUSE_NO_SPACE);
    CHECK(!fail_errno(&err, EIO, "writing failed"));
    CHECK_INT(err.cause, CAUSE_IO);
    CHECK(strstr(err.text, "writing failed: "));
    static const int passing[] = { EROFS, ENOMEM, EMFILE, ENFILE, EAGAIN };
    for (size_t i = 0; i < COUNT_OF(passing); i++) {
        CHECK(!fail_errno(&err, passing[i], "writing failed"));
        CHECK_INT(err.cause, CAUSE_UNAVAILABLE);
    }
}

TEST(a_long_sentence_is_cut_not_overflowed)
{
    struct error err;
    char long_text[2000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    CHECK(!fail_field(&err, CAUSE_INVALID, long_text, "%s", long_text));
    CHECK_INT(strlen(err.text), sizeof err.text - 1);
    CHECK_INT(strlen(err.field), sizeof err.field - 1);
}

TEST_MAIN
