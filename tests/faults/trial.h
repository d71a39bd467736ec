/* Scenes under faults: an act is tried again and again in processes of their own, each time with another
 * point struck. After each fault the act must have succeeded or said why not, a later attempt must succeed,
 * and what is on disk must be consistent, before and after a restart. */
#pragma once

#include "points.h"
#include "world.h"

struct scene {
    const char *name;
    bool jobs;       /* the world is opened with worker and queue */
    bool opens;      /* the act itself opens the world */
    bool endless; /* its jobs do not end by themselves */
    bool (*prepare)(struct world *world, struct error *err); /* what is there before; NULL: an empty folder */
    bool (*ready)(struct world *world, struct error *err);   /* right before the act; may be NULL */
    bool (*act)(struct world *world, struct error *err);
    const char *done; /* SQL: 1 when the act has done its work */
};

struct tally {
    int runs, faults, answered, absorbed, crashes, ended; /* runs, and what became of the faults */
    int by_kind[POINT_KINDS];
    int failures;
};

/* Every series of one scene. `thorough`: each point (of SQLite's allocations 300), else
 * three of each series. */
void trial_run(const struct scene *scene, const char *base, bool thorough, struct tally *tally);
