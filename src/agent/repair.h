/* Derived files that a check found missing or damaged are made again: the asset is looked at once more. */
#pragma once

#include "agent/generation.h"
#include "library/check.h"

/* Queues a job for each asset of the report that lacks derived files and whose original is well, and counts
 * them in the report's `repairs`. One that is being looked at is left alone. */
bool repair_derivatives(struct generation *gen, struct check_report *report, struct error *err) MUST_USE;
