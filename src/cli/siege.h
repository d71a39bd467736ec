/* `umam doctor --sandbox`: every attack of task/attacks.def from inside a child of umam-media or umam-net,
 * one after the other. */
#pragma once

#include "cli/finding.h"
#include "work/worker.h"

/* A finding for each attack (or for those called in `only`, when it names some): ok when it was stopped in
 * the way it has to be, nothing was touched, and the worker does honest work afterwards. Anything else, an
 * attack that could not be tried included, is a failure. Fails only when the siege as a whole cannot be laid.
 */
bool siege_run(struct worker *worker, const struct texts *only, struct findings *findings,
               struct error *err) MUST_USE;
