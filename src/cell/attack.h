/* The attacks themselves: run in a confined child for `umam doctor --sandbox`, and by tests without
 * confinement.
 *
 * Each does what a hostile file could make a decoder do, or a hostile sender what fetches,, in a form that
 * harms nobody when it gets through: signals are number 0, what is made is removed, limits are set to what
 * they are. */
#pragma once

#include "task/attack.h"
#include "cell/job.h"

struct attack {
    const struct attack_in *in;
    struct job *job;
    const char *how; /* words for what stopped it; NULL: errno tells */
};

/* True: it got through. False: errno or `how` says why not. Some never return. */
typedef bool attack_run(struct attack *with);

#define ATTACK(group, name, ...) attack_run attack_##name;
#include "task/attacks.def"
#undef ATTACK

extern attack_run *const attack_runs[ATTACK_COUNT]; /* in the order of attack_rows */

/* For calls that must not even reach the kernel's own code: any answer of it counts as getting through. */
bool attack_reached(long got);
