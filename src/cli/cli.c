#include "cli/cli.h"

#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    fflush(stdout);
}

void say_shape(const struct shape *shape, const void *object)
{
    AUTO(arena) struct arena mem = { 0 };
    say("%s\n", shape_text(&mem, shape, object));
}

void bar_draw(void *with, double progress, const char *stage, double eta_s)
{
    enum { WIDTH = 32, EVERY_US = 50 * MS };
    struct bar *const bar = with;
    const int64_t now = time_mono();
    if (!bar->began) bar->began = now;
    if (!isatty(STDERR_FILENO) || (now - bar->drawn < EVERY_US && progress < 1)) return;
    bar->drawn = now;
    bar->shown = true;
    const int filled = (int)(progress * WIDTH + 0.5);
    char cells[WIDTH + 1];
    memset(cells, '.', WIDTH);
    memset(cells, '#', (size_t)(filled < 0 ? 0 : filled > WIDTH ? WIDTH : filled));
    cells[WIDTH] = '\0';
    char left[24] = "";
    if (eta_s > 0) snprintf(left, sizeof left, "%.1f s left", eta_s);
    fprintf(stderr, "\r[%s] %3.0f %%  %-8s  %-14s", cells, progress * 100, stage, left);
}

void bar_end(struct bar *bar)
{
    if (bar->shown) fprintf(stderr, "\r%*s\r", 72, "");
    bar->shown = false;
}
