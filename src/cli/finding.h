/* What the doctor found: shown line by line while it looks, or kept and printed as JSON at the end. */
#pragma once

#include "base/shape.h"

enum finding_state { FINDING_OK, FINDING_WARN, FINDING_FAIL, FINDING_STATES };

struct finding {
    const char *group;  /* a heading */
    const char *name;   /* a word for programs */
    const char *what;   /* the same for people; NULL: the name */
    const char *state;  /* ok, warn or fail */
    const char *text;   /* what was seen */
    const char *advice; /* what to do about it; NULL when nothing */
};

struct findings {
    struct arena *mem;
    bool quiet; /* print nothing now */
    int width;  /* columns of names */
    struct finding *items;
    size_t count, room;
    size_t states[FINDING_STATES]; /* how many of each */
};

/* Adds and shows one. `advice` is only kept for what is not ok; its texts live in the arena. */
void finding_add(struct findings *findings, enum finding_state state, const struct finding *finding);

/* finding_add with the text made by `format`. */
void finding_note(struct findings *findings, enum finding_state state, const char *group, const char *name,
                  const char *advice, const char *format, ...) PRINTF(6, 7);

/* One JSON object: healthy, the numbers, and all findings. */
void findings_print_json(const struct findings *findings);
