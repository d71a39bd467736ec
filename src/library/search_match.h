/* What a search asks of the full-text index, and what of the rows it finds.
 *
 * The words and the filters that leave few lead: the index is walked along them. Those that may leave most
 * (owner, type, status, captions) are in the index too, but a look at the row that was found costs a tenth of
 * moving another list of it to that place. Only where the rows that lead are turned away again and again is
 * the index asked for everything. */
#pragma once

#include "library/search.h"
#include "library/search_words.h"

#define SEARCH_ANYWHERE "{title description tags prompt transcript element}"

struct search_match {
    const struct search_words *words;
    const char *filters; /* that lead, as words of the index joined by AND; NULL: none */
    const char *common;  /* the others, in the same way */
    const char *without; /* what must not match, joined by OR */
    bool leads;          /* words, or filters that leave few */
    bool plain;          /* the columns of a row tell as much as the index */
    bool all;            /* everything of the owner matches that is not in quarantine */
};

enum search_by {
    BY_LEAD,
    BY_INDEX, /* and by all that is common */
    BY_ROW    /* of rows whose columns keep them: not in quarantine is not asked again */
};

void search_match_read(struct arena *mem, const struct actor *actor, const struct assets_query *query,
                       const struct search_words *words, struct search_match *out);

/* For MATCH: words in these columns and, unless NULL, not in those. */
const char *search_match_text(const struct search_match *match, struct arena *mem, const char *columns,
                              const char *not_in, enum search_by by) MUST_USE;
