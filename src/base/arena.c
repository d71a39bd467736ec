#include "base/arena.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    _Alignas(max_align_t) char data[];
};

#ifndef ARENA_BLOCK_BYTES /* 0 in sanitized builds: every allocation is a block of its own, so reading past  \
                             it shows */
#define ARENA_BLOCK_BYTES (8192 - sizeof(struct arena_block))
#endif
static const size_t block_size_bytes = ARENA_BLOCK_BYTES;

_Noreturn void arena_exhausted(size_t size_bytes)
{
    fprintf(stderr, "umam: out of memory (%zu bytes asked)\n", size_bytes);
    abort();
}

/* ---- blocks ---- */

enum { SPARES_MAX = 4 };

/* Usual blocks that a thread keeps for its next arena, zeroed: a request needs a few, thousands of times a
 * second. */
static _Thread_local struct spares {
    struct arena_block *first;
    int count;
} spares;

static pthread_key_t thread_end;

static void drop_spares(void *with)
{
    struct spares *const mine = with;
    for (struct arena_block *block; (block = mine->first);) {
        mine->first = block->older;
        free(block);
    }
    mine->count = 0;
}

static void watch_threads(void)
{
    if (pthread_key_create(&thread_end, drop_spares) != 0) abort();
}

static struct arena_block *take_spare(void)
{
    struct arena_block *const block = spares.first;
    spares.first = block->older;
    spares.count--;
    block->older = NULL;
    return block;
}

static bool keep_spare(struct arena_block *block)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!block_size_bytes || block->size != block_size_bytes || spares.count == SPARES_MAX) return false;
    pthread_once(&once, watch_threads);
    if (!spares.count && pthread_setspecific(thread_end, &spares) != 0) return false;
    memset(block->data, 0, block->used);
    block->used = 0;
    block->older = spares.first;
    spares.first = block;
    spares.count++;
    return true;
}

static struct arena_block *block_new(size_t size_bytes)
{
    if (size_bytes == block_size_bytes && spares.first) return take_spare();
    struct arena_block *const block = calloc(1, sizeof *block + size_bytes);
    if (!block) arena_exhausted(size_bytes);
    block->size = size_bytes;
    return block;
}

/* ---- arenas ---- */

void *arena_alloc(struct arena *mem, size_t size_bytes)
{
    const size_t align = _Alignof(max_align_t);
    if (size_bytes > SIZE_MAX / 2) arena_exhausted(size_bytes);
    const size_t need = block_size_bytes ? (size_bytes + align - 1) / align * align : size_bytes;
    struct arena_block *block = mem->newest;
    if (!block || block->size - block->used < need) {
        const bool large = need > block_size_bytes / 4;
        struct arena_block *const fresh = block_new(large ? need : block_size_bytes);
        if (large && block) { /* keep filling the block that still has room */
            fresh->older = block->older;
            block->older = fresh;
        } else {
            fresh->older = block;
            mem->newest = fresh;
        }
        block = fresh;
    }
    void *const at = block->data + block->used;
    block->used += need;
    return at;
}

void *arena_array(struct arena *mem, size_t count, size_t size_bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total)) arena_exhausted(SIZE_MAX);
    return arena_alloc(mem, total);
}

char *arena_text_n(struct arena *mem, const char *text, size_t size_bytes)
{
    char *const copy = arena_alloc(mem, size_bytes + 1);
    if (size_bytes) memcpy(copy, text, size_bytes);
    return copy;
}

char *arena_text(struct arena *mem, const char *text)
{
    return text ? arena_text_n(mem, text, strlen(text)) : NULL;
}

char *arena_vprintf(struct arena *mem, const char *format, va_list args)
{
    assert(format);
    char most[256]; /* long enough for nearly all, which are then formatted once */
    va_list again;
    va_copy(again, args);
    const int size = vsnprintf(most, sizeof most, format, args);
    if (size < 0) abort();
    char *const text = arena_alloc(mem, (size_t)size + 1);
    if ((size_t)size < sizeof most)
        memcpy(text, most, (size_t)size);
    else
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *mem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *const text = arena_vprintf(mem, format, args);
    va_end(args);
    return text;
}

void arena_clear(struct arena *mem)
{
    for (struct arena_block *block = mem->newest; block;) {
        struct arena_block *const older = block->older;
        if (!keep_spare(block)) free(block);
        block = older;
    }
    mem->newest = NULL;
}
