/* A growing byte buffer with a stated maximum.
 *
 * Start with BUF(max). Appending beyond the maximum (or the memory there is) keeps what fitted out, sets
 * `full` and ignores the rest: append freely, then test `full` once, or ask buf_check. `at` is always
 * NUL-terminated after the first append. The zero value is empty with maximum 0. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <stdarg.h>

struct buf {
    char *at;
    size_t size, max;
    size_t room; /* allocated bytes */
    bool full, starved; /* starved: it was the memory that ended */
};

#define BUF(max_bytes) ((struct buf){ .max = (max_bytes) })

void buf_add(struct buf *buf, const void *bytes, size_t size_bytes);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF(2, 3);

/* False when something was left out: TOO_LARGE, or UNAVAILABLE when there was no memory. `what` is named in
 * the sentence: "the task". */
bool buf_check(const struct buf *buf, const char *what, struct error *err) MUST_USE;

/* The text so far, never NULL. */
const char *buf_str(const struct buf *buf);

/* A copy of it in an arena, for what cannot outgrow its maximum. Like an arena it aborts where there was no
 * memory. */
char *buf_copy(const struct buf *buf, struct arena *mem) MUST_USE;

void buf_cleanup(struct buf *buf);
