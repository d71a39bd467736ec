/* Pages of lists that are ordered by (created_at, id): by offset, or by a cursor, which is stable while rows
 * come and go and costs the same on every page. */
#pragma once

#include "base/shape.h"

enum { PAGE_MAX = 1000 };

/* What every list takes. `limit`: rows, more than PAGE_MAX count as PAGE_MAX; `cursor`: as page_next gave it.
 */
#define PAGE_FIELDS(S)                                                                                       \
    INT(S, limit, .max = 1000000, .initial = 100, .doc = "Page length; 1000 at most."),                      \
        INT(S, offset, .max = INT32_MAX, .doc = "Rows to skip."),                                            \
        TEXT(S, cursor, .nullable = true, .max = 100,                                                        \
             .doc = "Where the page begins: what the page before said in X-Next-Cursor.")

/* The row a page comes after. */
struct cursor {
    int64_t at; /* created_at; -1: before the first */
    const char *id;
};

/* NULL or "" is the start of the list. INVALID, field `cursor`, for what page_next never gave. */
bool cursor_read(struct arena *mem, const char *text, struct cursor *out, struct error *err) MUST_USE;

/* Rows to ask the database for: one more than the page shows, which tells whether another page follows. */
int64_t page_rows(int64_t limit);

/* Cuts the list to the page; true when something was cut. */
bool page_cut(struct list *rows, int64_t limit);

/* The cursor of the page after these rows, which have fields `created_at` and `id`; NULL when there is no
 * row. */
const char *page_next(struct arena *mem, const struct list *rows, const struct shape *shape) MUST_USE;
