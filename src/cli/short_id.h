/* Ids as people type them: whole, or any beginning of at least SHORT_ID_MIN characters that no other id has.
 * A command looks for the ids that begin so, SHORT_ID_LOOK at most, and lets short_id_choose tell what they
 * mean. */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum { SHORT_ID_MIN = 4, SHORT_ID_LOOK = 6 };

/* The beginning as ids are written. INVALID where no id of a `what` can begin so. */
bool short_id_read(struct arena *mem, const char *given, const char *what, const char **out,
                   struct error *err) MUST_USE;

/* The one that was found. NOT_FOUND for none; INVALID for several, and names them. */
bool short_id_choose(struct arena *mem, const char *given, const char *what, struct texts found,
                     const char **out, struct error *err) MUST_USE;
