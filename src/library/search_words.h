/* What people type into a search box, as terms of the full-text index. Any text is a search: what the index
 * would take for syntax is quoted, what holds no letter or digit is passed over.
 *
 *   red fox       both words          "red fox"   next to each other, in this order
 *   moun*         words that begin so -night      not this word
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum { SEARCH_WORDS_MAX = 32 };

struct search_words {
    const char *all;  /* every term, joined by AND; NULL: none */
    const char *any;  /* the same, joined by OR */
    const char *none; /* terms that must not occur, joined by OR; NULL: none */
    bool gathers; /* a beginning is longer than the index has beginnings: its words are put together for each
                     look */
};

/* INVALID, field `q`, for more than SEARCH_WORDS_MAX. */
bool search_words_read(struct arena *mem, const char *text, struct search_words *out,
                       struct error *err) MUST_USE;

/* A filter as a word of the index: the letter of what it is, then the value in hexadecimal (migration 0009).
 */
const char *search_facet(struct arena *mem, char letter, const char *value) MUST_USE;
