/* What requests under way hold together, and how much one caller may hold of it: whoever comes when it is
 * used up is told so at once, instead of everybody running out of memory or threads. */
#pragma once

#include "base/error.h"

enum load {
    LOAD_JSON,     /* bytes of JSON bodies and of what they become; nobody's in particular */
    LOAD_REQUESTS, /* under way; of a network */
    LOAD_STREAMS,  /* open; of a caller */
    LOAD_LARGE,    /* replies of routes that may take megabytes, being made; nobody's in particular */
    LOAD_REPLIES,  /* bytes of large replies being sent; of a caller */
    LOAD_CHECKS,   /* runs of the worker over what comes in, while its sender waits; of a caller */
    LOAD_VIEWS,    /* the same over what is there, for pictures and streams */
    LOAD_CONVERSIONS, /* the same where it takes seconds */
    LOAD_UPLOADS,  /* bytes of files on their way in; of a caller */
    LOAD_DISK,     /* those of them that the disk does not know of yet; nobody's in particular */
    LOAD_COUNT
};

/* What one holds of one load. Zero is nothing. */
struct hold {
    const char *who; /* the loads' own; NULL when it is nobody's in particular */
    int64_t amount;
};

/* The limits; 0 is none. */
struct load_limit {
    int64_t each, all;
};

struct loads;

/* NULL when there is no memory. */
struct loads *loads_new(const struct load_limit limits[LOAD_COUNT]) MUST_USE;

/* Nothing may be held any more. NULL is fine. */
void loads_free(struct loads *loads);

/* Makes the hold this large. More than `who` may have is TOO_MANY, more than all may have UNAVAILABLE; the
 * hold is then what it was. `who` counts when the hold was nothing, and may be NULL. */
bool loads_raise(struct loads *loads, enum load load, const char *who, int64_t amount, struct hold *hold,
                 struct error *err) MUST_USE;

/* The same; waits this long for others to let go. `err` is set on failure alone. */
bool loads_await(struct loads *loads, enum load load, const char *who, int64_t amount, int64_t wait_us,
                 struct hold *hold, struct error *err) MUST_USE;

/* The same for what is there already, whatever the limits say. */
void loads_add(struct loads *loads, enum load load, const char *who, int64_t amount, struct hold *hold);

/* Makes the hold smaller; 0 lets go. */
void loads_lower(struct loads *loads, enum load load, int64_t amount, struct hold *hold);

/* What `who` holds; NULL: what all hold together. */
int64_t loads_sum(struct loads *loads, enum load load, const char *who);

/* From now on nobody waits. */
void loads_stop(struct loads *loads);
