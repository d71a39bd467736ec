/* What was found where: a snippet of each asset on a page, and lines of its transcript. */
#pragma once

#include "library/search.h"
#include "library/search_words.h"

/* Fills `snippet` and `hits` of the assets, a list of struct found_asset. `match`: what found them, where
 * they are next to each other in the index; NULL where they are not. */
bool search_marks_add(struct library *lib, struct arena *mem, const struct search_words *words,
                      const char *match, struct list *assets, struct error *err) MUST_USE;
