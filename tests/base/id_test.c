#include "base/hash.h"
#include "base/id.h"
#include "test.h"

TEST(new_ids_are_version_4_and_differ)
{
    const struct id a = id_new(), b = id_new();
    CHECK(id_valid(a.text) && id_valid(b.text));
    CHECK(strcmp(a.text, b.text) != 0);
    CHECK_INT(a.text[14], '4');
    CHECK(strchr("89ab", a.text[19]));
}

TEST(every_spelling_of_a_uuid_becomes_one)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const want = "0123abcd-4567-89ab-cdef-0123456789ab";
    const char *const good[] = { "0123abcd-4567-89ab-cdef-0123456789ab",
                                 "0123ABCD-4567-89AB-CDEF-0123456789AB", "0123abcd456789abcdef0123456789ab",
                                 "{0123abcd-4567-89ab-cdef-0123456789ab}",
                                 "urn:uuid:0123abcd-4567-89ab-cdef-0123456789ab" };
    for (size_t i = 0; i < COUNT_OF(good); i++) CHECK_TEXT(id_canonical(&mem, good[i]), want);
    const char *const bad[] = { "",
                                "x",
                                "../../etc/passwd",
                                "0123abcd-4567-89ab-cdef-0123456789a",
                                "0123abcd-4567-89ab-cdef-0123456789abc",
                                "0123abcd_4567_89ab_cdef_0123456789ab",
                                "g123abcd-4567-89ab-cdef-0123456789ab",
                                "{0123abcd-4567-89ab-cdef-0123456789ab",
                                "0123abcd-4567-89ab-cdef-01234567-9ab" };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_MSG(!id_canonical(&mem, bad[i]), "'%s' was taken", bad[i]);
    CHECK(!id_valid("0123ABCD-4567-89ab-cdef-0123456789ab") && !id_valid(NULL) && id_valid(want));
}

TEST(sha_256_matches_the_standard)
{
    /* FIPS 180-4, example "abc" */
    CHECK_TEXT(hash_bytes("abc", 3).hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hash_seed("a") != hash_seed("b"));
    CHECK(hash_seed("") == hash_seed(""));
}

TEST_MAIN
