/* A file's bytes in a second place, by the cheapest way there is: a second name for the same file (hard
 * link), shared blocks (reflink), or a copy. */
#pragma once

#include "base/error.h"

enum carry_way { CARRY_LINKED, CARRY_CLONED, CARRY_COPIED, CARRY_WAYS };

/* Makes `path`, which must not be there, from the file behind `from`. A hard link is only made with
 * `may_link`: for files that nobody writes to again. A copy is synced. What was begun and failed is removed.
 */
bool carry_file(int from, const char *path, bool may_link, enum carry_way *way_out,
                struct error *err) MUST_USE;

/* Removes a folder with all that is in it, following no link; one that is not there is fine. */
bool carry_away(const char *path, struct error *err) MUST_USE;
