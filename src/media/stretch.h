/* Stretches of time in which something holds: silence, black, a standing picture. */
#pragma once

#include "task/ingest.h"

struct stretch {
    double least_s; /* shorter ones do not count */
    double since_s; /* of the one under way */
    bool under_way;
    struct ingest_span found[INGEST_SPANS_MAX];
    size_t count;
};

/* At `at_s`, which never goes back, it begins or still holds, or it has ended. */
void stretch_note(struct stretch *stretch, bool holds, double at_s);

/* The end of the file ends what is under way. The list is a copy in `mem`. */
struct list stretch_finish(struct stretch *stretch, double end_s, struct arena *mem) MUST_USE;
