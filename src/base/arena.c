#include "base/arena.h"

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

static void out_of_memory(size_t size_bytes)
{
    fprintf(stderr, "umam: out of memory (%zu bytes asked)\n", size_bytes);
    abort();
}

static struct arena_block *block_new(size_t size_bytes)
{
    struct arena_block *const block = calloc(1, sizeof *block + size_bytes);
    if (!block) out_of_memory(size_bytes);
    block->size = size_bytes;
    return block;
}

void *arena_alloc(struct arena *mem, size_t size_bytes)
{
    const size_t align = _Alignof(max_align_t);
    if (size_bytes > SIZE_MAX / 2) out_of_memory(size_bytes);
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
    if (__builtin_mul_overflow(count, size_bytes, &total)) out_of_memory(SIZE_MAX);
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
        free(block);
        block = older;
    }
    mem->newest = NULL;
}
