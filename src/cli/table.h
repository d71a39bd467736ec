/* Rows of texts under headings, every column as wide as its widest text. On a terminal that is too narrow for
 * them the widest columns give way first. A column in which nothing stands is left out, and nothing that
 * comes from a row moves the cursor. Widths count code points. */
#pragma once

#include "base/arena.h"

enum { TABLE_COLUMNS_MAX = 12 };

struct column {
    const char *head;
    size_t least; /* a narrow terminal cuts its texts, but leaves so much; 0: they are never cut */
    bool right;   /* aligned, as numbers are */
};

/* `columns` ends with { 0 }; `cells` are `rows` times as many texts, row by row; NULL is "". No rows print
 * nothing. */
void table_print(struct arena *mem, const struct column *columns, const char *const *cells, size_t rows);
