/* The protection layers of media work, as they are around a real child of the worker that sits still. */
#pragma once

#include "cli/finding.h"
#include "work/worker.h"

/* Adds a finding for each layer, in the group "sandbox". `worker` NULL: it does not start, and `why` says it.
 */
void layers_look(const char *name, struct worker *worker, const struct error *why, struct findings *findings);
