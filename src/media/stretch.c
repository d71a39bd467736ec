#include "media/stretch.h"

#include <string.h>

static void keep(struct stretch *stretch, double end_s)
{
    if (end_s - stretch->since_s < stretch->least_s || stretch->count == INGEST_SPANS_MAX) return;
    stretch->found[stretch->count++] = (struct ingest_span){ stretch->since_s, end_s, NULL };
}

void stretch_note(struct stretch *stretch, bool holds, double at_s)
{
    if (holds && !stretch->under_way) stretch->since_s = at_s;
    if (!holds && stretch->under_way) keep(stretch, at_s);
    stretch->under_way = holds;
}

struct list stretch_finish(struct stretch *stretch, double end_s, struct arena *mem)
{
    stretch_note(stretch, false, end_s);
    struct ingest_span *const items = arena_array(mem, stretch->count + 1, sizeof *items);
    memcpy(items, stretch->found, stretch->count * sizeof *items);
    return (struct list){ items, stretch->count };
}
