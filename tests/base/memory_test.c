/* Arenas and buffers. */
#include "base/arena.h"
#include "base/buf.h"
#include "test.h"

TEST(arena_memory_is_zeroed_aligned_and_lives_until_cleared)
{
    struct arena mem = { 0 };
    char *texts[300];
    for (int i = 0; i < 300; i++) {
        texts[i] = arena_alloc(&mem, (size_t)i * 37 + 1);
        CHECK((uintptr_t)texts[i] % _Alignof(max_align_t) == 0);
        for (int k = 0; k < i * 37 + 1; k++) CHECK(!texts[i][k]);
        memset(texts[i], i % 256, (size_t)i * 37 + 1);
    }
    for (int i = 0; i < 300; i++) CHECK_INT((unsigned char)texts[i][i * 37], i % 256);
    arena_clear(&mem);
    CHECK(!mem.newest);
    CHECK_TEXT(arena_printf(&mem, "%d-%s", 7, "x"), "7-x");
    CHECK(!arena_text(&mem, NULL));
    arena_clear(&mem);
}

TEST(a_buffer_stops_at_its_maximum_and_keeps_what_it_had)
{
    AUTO(buf) struct buf buf = BUF(10);
    buf_text(&buf, "12345");
    buf_printf(&buf, "%d", 678);
    CHECK(!buf.full);
    buf_text(&buf, "too long");
    CHECK(buf.full);
    buf_char(&buf, '9');
    CHECK_TEXT(buf_str(&buf), "12345678");
    CHECK_TEXT(buf_str(&(struct buf){ 0 }), "");
}

TEST(a_full_buffer_says_whether_the_maximum_or_the_memory_ended)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err;
    AUTO(buf) struct buf small = BUF(3), vast = BUF(SIZE_MAX / 2);
    volatile size_t too_much = SIZE_MAX / 4;
    buf_text(&small, "123");
    CHECK(buf_check(&small, "the text", &err));
    CHECK_TEXT(buf_copy(&small, &mem), "123");
    buf_text(&small, "4");
    CHECK(!buf_check(&small, "the text", &err));
    CHECK_INT(err.cause, CAUSE_TOO_LARGE);
    CHECK_TEXT(err.text, "the text is too large");
    buf_add(&vast, "", too_much);
    CHECK(!buf_check(&vast, "the text", &err));
    CHECK_INT(err.cause, CAUSE_UNAVAILABLE);
}

TEST_MAIN
