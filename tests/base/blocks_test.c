/* Arenas with the blocks of a release, which a thread keeps for its next arena. */
#include "base/arena.h"
#include "test.h"

#include <pthread.h>
#include <string.h>

enum { TEXTS = 200 };

/* Fills two arenas, text by text in turn: what one has is zeroed, and no business of the other. */
static void fill(struct arena *a, struct arena *b, unsigned char with)
{
    unsigned char *texts[2][TEXTS];
    for (int i = 0; i < TEXTS; i++)
        for (int k = 0; k < 2; k++) {
            const size_t size = (size_t)(i * 131 % 9000 + 1);
            unsigned char *const text = texts[k][i] = arena_alloc(k ? b : a, size);
            for (size_t at = 0; at < size; at++) CHECK_INT(text[at], 0);
            memset(text, with + k, size);
        }
    for (int i = 0; i < TEXTS; i++)
        for (int k = 0; k < 2; k++) {
            CHECK_INT(texts[k][i][0], with + k);
            CHECK_INT(texts[k][i][i * 131 % 9000], with + k);
        }
}

static void *use(void *with)
{
    struct arena a = { 0 }, b = { 0 };
    for (int round = 0; round < 5; round++) {
        fill(&a, &b, (unsigned char)(1 + round));
        arena_clear(round % 2 ? &a : &b);
        arena_clear(round % 2 ? &b : &a);
    }
    return with;
}

TEST(blocks_come_back_zeroed) { use(NULL); }

TEST(a_thread_leaves_nothing_behind)
{
    for (int i = 0; i < 8; i++) { /* the sanitizer would tell */
        pthread_t thread;
        CHECK_INT(pthread_create(&thread, NULL, use, NULL), 0);
        pthread_join(thread, NULL);
    }
}

TEST_MAIN
