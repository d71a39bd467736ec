/* What was found where: a snippet of each asset on a page, and lines of its transcript. */
#pragma once

#include "library/search.h"
#include "library/search_words.h"

/* Fills `snippet` and `hits` of the assets, a list of struct found_asset. */
bool search_marks_add(struct library *lib, struct arena *mem, const struct search_words *words, struct list *assets,
                      struct error *err) MUST_USE;
