/* Memory named by lifetime: everything a request or a job needs comes from its arena and is freed whole.
 *
 * The zero value is a valid empty arena. Allocations are zeroed and aligned for any type; running out of
 * memory aborts the process, because a small allocation that fails leaves nothing sensible to do. Large media
 * buffers are not arena business: they are size-checked and fail cleanly where they are made.
 * An arena belongs to one thread at a time. */
#pragma once

#include "base/scope.h"

#include <stdarg.h>

struct arena {
    struct arena_block *newest;
};

void *arena_alloc(struct arena *mem, size_t size_bytes) MUST_USE;

/* `count` zeroed items of `size` bytes; aborts when the product overflows. */
void *arena_array(struct arena *mem, size_t count, size_t size_bytes) MUST_USE;

#define arena_new(mem, type) ((type *)arena_alloc((mem), sizeof(type)))

/* For whom the memory ended: says so and aborts. */
_Noreturn void arena_exhausted(size_t size_bytes);

/* Copies of text, NUL-terminated. arena_text(NULL) is NULL. */
char *arena_text(struct arena *mem, const char *text) MUST_USE;
char *arena_text_n(struct arena *mem, const char *text, size_t size_bytes) MUST_USE;
char *arena_printf(struct arena *mem, const char *format, ...) MUST_USE PRINTF(2, 3);
char *arena_vprintf(struct arena *mem, const char *format, va_list args) MUST_USE PRINTF(2, 0);

/* Frees everything but a few usual blocks, which stay with the thread for its next arena; this one is empty
 * and usable again. */
void arena_clear(struct arena *mem);

static inline void arena_cleanup(struct arena *mem) { arena_clear(mem); }
