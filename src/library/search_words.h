/* What people type into a search box, as terms of the full-text index. Any text is a search: what the index
 * would take for syntax is quoted, what holds no letter or digit is passed over.
 *
 *   red fox       both words          "red fox"   next to each other, in this order
 *   moun*         words that begin so -night      not this word
 */
#pragma once

#include "library/library.h"

enum {
    SEARCH_WORDS_MAX = 32,
    SEARCH_ENDINGS_MAX = 100 /* words that a long beginning is replaced by, in one search */
};

struct search_words {
    const char *all;  /* every term, joined by AND; NULL: none */
    const char *any;  /* the same, joined by OR */
    const char *none; /* terms that must not occur, joined by OR; NULL: none */
    bool gathers;     /* a beginning is neither in the index nor replaced: its words are put together for each
                         look */
};

/* A beginning that is longer than those of the index is replaced by the words that begin so, which are in it:
 * they are walked as far as a page goes, where the index would first merge all they stand in. INVALID, field
 * `q`, for more than SEARCH_WORDS_MAX. */
bool search_words_read(struct library *lib, struct arena *mem, const char *text, struct search_words *out,
                       struct error *err) MUST_USE;

/* A filter as a word of the index: the letter of what it is, then the value in hexadecimal (migration 0009).
 */
const char *search_facet(struct arena *mem, char letter, const char *value) MUST_USE;
