#include "cli/table.h"

#include "base/text.h"
#include "cli/cli.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { GAP = 2 }; /* spaces between columns */

/* For the columns, each with the gap behind it. What is no terminal is as wide as it needs to be. */
static size_t room(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? (size_t)size.ws_col + GAP : SIZE_MAX;
}

static size_t width_of(const struct column *column, const char *const *cells, size_t rows, size_t step)
{
    size_t widest = 0;
    for (size_t i = 0; i < rows; i++) {
        const size_t width = text_length(cells[i * step]);
        if (width > widest) widest = width;
    }
    const size_t head = text_length(column->head);
    return !widest ? 0 : head > widest ? head : widest;
}

static void fit(const struct column *columns, size_t *widths, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += widths[i] ? widths[i] + GAP : 0;
    for (const size_t most = room(); total > most; total--) {
        size_t *widest = NULL;
        for (size_t i = 0; i < count; i++)
            if (columns[i].least && widths[i] > columns[i].least && (!widest || widths[i] > *widest))
                widest = &widths[i];
        if (!widest) return;
        --*widest;
    }
}

static void print_cell(const struct column *column, const char *text, size_t width, bool last,
                       struct buf *line)
{
    const size_t shown = text_head_bytes(text, width), points = text_length(text);
    const int pad = points < width ? (int)(width - points) : 0;
    buf_printf(line, "%*s%.*s%*s", column->right ? pad : 0, "", (int)shown, text,
               column->right || last ? 0 : pad, "");
    if (!last) buf_printf(line, "%*s", GAP, "");
}

static void print_row(const struct column *columns, const size_t *widths, size_t count,
                      const char *const *texts)
{
    AUTO(buf) struct buf line = BUF(1 << 20);
    size_t last = count;
    while (last && !widths[last - 1]) last--;
    for (size_t i = 0; i < last; i++)
        if (widths[i]) print_cell(&columns[i], texts[i], widths[i], i + 1 == last, &line);
    say("%s\n", buf_str(&line));
}

void table_print(struct arena *mem, const struct column *columns, const char *const *cells, size_t rows)
{
    size_t count = 0, widths[TABLE_COLUMNS_MAX];
    const char *heads[TABLE_COLUMNS_MAX];
    if (!rows) return;
    for (; columns[count].head; count++) {
        assert(count < TABLE_COLUMNS_MAX);
        heads[count] = columns[count].head;
    }
    const char **const plain = arena_array(mem, rows * count, sizeof *plain);
    for (size_t i = 0; i < rows * count; i++) plain[i] = cells[i] ? text_line(mem, cells[i]) : "";
    for (size_t i = 0; i < count; i++) widths[i] = width_of(&columns[i], plain + i, rows, count);
    fit(columns, widths, count);
    print_row(columns, widths, count, heads);
    for (size_t i = 0; i < rows; i++) print_row(columns, widths, count, plain + i * count);
}
